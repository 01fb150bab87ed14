import { type Module, NAMES, type Name, serve } from './contestants.ts';
import { API_KEY, fill } from './database.ts';
import { median } from './median.ts';

/** What starts are measured against: hardly more than workerd and the database take by themselves. */
const LEAST: Name = 'hand';

/** The CPU that a workerd takes to start a Worker, and that Worker for its first request, in ms. */
export interface Beginning {
  start: number;
  firstRequest: number;
}

/** Returns the CPU of a workerd of its own, with a database in it: until it has started, and for the first request. */
async function measureBeginning(name: Name, modules: Module[]): Promise<Beginning> {
  const gateways = await serve({ [name]: modules });
  try {
    const start = gateways.cpuMilliseconds();
    await fill(gateways.db);
    const before = gateways.cpuMilliseconds();
    const response = await fetch(`${gateways.urlOf(name)}/graphql`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
        accept: 'application/json',
        'x-operation': 'trivial',
      },
      body: '{"query":"{ __typename }"}',
    });
    const text = await response.text();
    if (!text.includes('"Query"')) throw new Error(`${name}: ${text.slice(0, 500)}`);
    return { start, firstRequest: gateways.cpuMilliseconds() - before };
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
  const starts = (name: Name) => (took.get(name) ?? []).map(({ start }) => start);
  return new Map(
    NAMES.map((name) => [
      name,
      {
        // Of isolates that started after each other: the machine is not as fast all the time.
        start: median(starts(name).map((start, run) => start - (starts(LEAST)[run] ?? Number.NaN))),
        firstRequest: median((took.get(name) ?? []).map(({ firstRequest }) => firstRequest)),
      },
    ]),
  );
}
