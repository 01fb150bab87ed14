import { type Module, NAMES, type Name, serve } from './contestants.ts';
import { API_KEY, fill } from './database.ts';
import { median } from './median.ts';

const RUNS = 7;

/** What takes no time by itself: workerd and the database alone, which all others are measured against. */
const NOTHING = 'nothing';
type Started = Name | typeof NOTHING;

const nothing: Module[] = [
  {
    type: 'ESModule',
    path: 'worker.mjs',
    contents: "export default { fetch: () => Response.json({ data: { __typename: 'Query' } }) };",
  },
];

/** Returns the CPU that a workerd of its own takes to start a Worker and to have its first answer. */
async function cpuOfFirstAnswer(name: Started, modules: Module[]): Promise<number> {
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

/** Returns the CPU until the first answer of each contestant in a fresh isolate, in ms, beyond what workerd takes by itself. */
export async function firstAnswers(modules: Record<Name, Module[]>): Promise<Map<Name, number>> {
  const all: Record<Started, Module[]> = { ...modules, [NOTHING]: nothing };
  const names = Object.keys(all) as Started[];
  const took = new Map(names.map((name) => [name, [] as number[]]));
  for (let run = 0; run < RUNS; run += 1) {
    for (const name of names) took.get(name)?.push(await cpuOfFirstAnswer(name, all[name]));
  }
  const itself = median(took.get(NOTHING) ?? []);
  return new Map(NAMES.map((name) => [name, median(took.get(name) ?? []) - itself]));
}
