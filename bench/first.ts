import { type Module, NAMES, type Name, serve } from './contestants.ts';
import { API_KEY, fill } from './database.ts';
import { median } from './median.ts';

const RUNS = 15;

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

/** Returns what each contestant takes to begin, medians of several isolates: to start, what it takes more than the least. */
export async function beginnings(modules: Record<Name, Module[]>): Promise<Map<Name, Beginning>> {
  const took = new Map(NAMES.map((name) => [name, [] as Beginning[]]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const name of NAMES) took.get(name)?.push(await measureBeginning(name, modules[name]));
  }
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
