import { ask } from './asking.ts';
import { type Module, NAMES, type Name, serve } from './contestants.ts';
import { fill } from './database.ts';
import { median } from './median.ts';

/** What starts are measured against: hardly more than workerd and the database take by themselves. */
const LEAST: Name = 'hand';

/** The CPU that a workerd takes to start a Worker, and that Worker for its first three operations, in this order; in ms. */
export type Beginning = Record<'start' | 'trivial' | 'nested' | 'upsertCustomer', number>;

/** Returns the CPU of a workerd of its own, with a database in it: until it has started, and for each of the first requests. */
async function measureBeginning(name: Name, modules: Module[]): Promise<Beginning> {
  const gateways = await serve({ [name]: modules });
  try {
    const start = gateways.cpuMilliseconds();
    await fill(gateways.db);
    const measureFirst = async (operation: string): Promise<number> => {
      const before = gateways.cpuMilliseconds();
      await ask(gateways, name, operation);
      return gateways.cpuMilliseconds() - before;
    };
    return {
      start,
      trivial: await measureFirst('trivial'),
      nested: await measureFirst('nested'),
      upsertCustomer: await measureFirst('upsertCustomer'),
    };
  } finally {
    await gateways.stop();
  }
}

/** What each contestant took to begin, a value of each isolate. */
export type Beginnings = ReadonlyMap<Name, Beginning[]>;

/** Measures an isolate of each contestant, one after the other. */
export async function measureBeginnings(modules: Record<Name, Module[]>, took: Beginnings): Promise<void> {
  for (const name of NAMES) took.get(name)?.push(await measureBeginning(name, modules[name]));
}

/** Returns what each contestant took to begin, medians of its isolates: to start, what it took more than the least. */
export function medianBeginnings(took: Beginnings): Map<Name, Beginning> {
  // Of isolates that started after each other: the machine is not as fast all the time.
  const moreThanLeast = (start: number, isolate: number) => start - (took.get(LEAST)?.[isolate]?.start ?? Number.NaN);
  const medians = (of: readonly Beginning[]): Beginning => ({
    start: median(of.map(({ start }, isolate) => moreThanLeast(start, isolate))),
    trivial: median(of.map(({ trivial }) => trivial)),
    nested: median(of.map(({ nested }) => nested)),
    upsertCustomer: median(of.map(({ upsertCustomer }) => upsertCustomer)),
  });
  return new Map(NAMES.map((name) => [name, medians(took.get(name) ?? [])]));
}
