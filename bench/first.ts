import { type Module, NAMES, type Name, serve } from './contestants.ts';
import { API_KEY, fill } from './database.ts';
import { median } from './median.ts';

const RUNS = 7;

/** What all others are measured against: hardly more than workerd and the database take by themselves. */
const LEAST: Name = 'hand';

/** Returns the CPU that a workerd of its own takes to start a Worker and to have its first answer. */
async function cpuOfFirstAnswer(name: Name, modules: Module[]): Promise<number> {
  const gateways = await serve({ [name]: modules });
  try {
    const starting = gateways.cpuMilliseconds();
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
    return starting + gateways.cpuMilliseconds() - before;
  } finally {
    await gateways.stop();
  }
}

/** Returns the CPU until the first answer of a fresh isolate, in ms, of each contestant beyond that of the hand-written one. */
export async function firstAnswers(modules: Record<Name, Module[]>): Promise<Map<Name, number>> {
  const took = new Map(NAMES.map((name) => [name, [] as number[]]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const name of NAMES) took.get(name)?.push(await cpuOfFirstAnswer(name, modules[name]));
  }
  const least = median(took.get(LEAST) ?? []);
  return new Map(NAMES.map((name) => [name, median(took.get(name) ?? []) - least]));
}
