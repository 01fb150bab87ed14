import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buildClientSchema, type GraphQLSchema, getIntrospectionQuery, type IntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../../src/cli/shared/gateway.ts';
import { migrate } from '../../node/shared/migrated.ts';
import { npmStart, type Started, stopAll } from '../../node/shared/started.ts';
import { ofWorkerds } from '../../shared/processes/workerd.ts';
import { printFigures, printTried } from '../counts.ts';
import { type Api, apiOf, type Oversized, oversizedAt } from '../oversized.ts';

const SIZE = Number(process.env.ATTACK_SIZE ?? 1);
/** Linux counts CPU in hundredths of a second. */
const TICK_MILLISECONDS = 10;
/** How often each request is sent, so that hundredths of a second say something. */
const TIMES = 20;
/** What a refusal may cost, in requests of the same size that are read, parsed and answered. */
const MAX_RATIO = 5;
const CHARACTERS = [1_000, 31_000, 900_000];

let directory: string;
let gateway: Started;
let key: string;

const KEY = `mutation { createApiKey(input: { name: "weakest", permissions: ["tenant:read"], access: READ, reach: ORGANIZATION, rateLimitTier: HIGH }) {
  ... on CreateApiKeyPayload { secret } } }`;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'attacked'));
  gateway = await npmStart(join(directory, 'attacked'));
  const shape = z.object({ createApiKey: z.object({ secret: z.string() }) });
  key = (await ask(gateway, KEY, {}, shape)).createApiKey.secret;
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

/** The CPU that all workerds together have used. */
async function cpuMilliseconds(): Promise<number> {
  const stats = await ofWorkerds(gateway, 'stat');
  const ticks = stats.map((stat) => {
    // Behind the name, which may have blanks: the twelfth and thirteenth, in user and in kernel mode.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, count) => sum + count, 0) * TICK_MILLISECONDS;
}

interface Spent {
  milliseconds: number;
  statuses: Set<number>;
}

async function spend({ path, method, body }: Omit<Oversized, 'what'>): Promise<Spent> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' };
  const statuses = new Set<number>();
  const before = await cpuMilliseconds();
  for (let index = 0; index < TIMES; index += 1) {
    const response = await fetch(`${gateway.url}${path}`, { method, headers, body });
    await response.arrayBuffer();
    statuses.add(response.status);
  }
  return { milliseconds: (await cpuMilliseconds()) - before, statuses };
}

const PATHS = ['/graphql', '/plain/graphql/v1', '/api', '/hub/graphql'];

/** The schema of an API, as it says itself. */
async function schemaAt(path: string): Promise<GraphQLSchema> {
  const response = await fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: getIntrospectionQuery() }),
  });
  const answer = (await response.json()) as { data: IntrospectionQuery };
  return buildClientSchema(answer.data);
}

/** Every API with every length, so that a third of them has all lengths, too. */
const GROUPS = PATHS.flatMap((path, row) =>
  CHARACTERS.map((_, index) => ({ path, characters: CHARACTERS[(row + index) % CHARACTERS.length] ?? 0 })),
);

/** Of a smaller run, so many that about a tenth of all is left where this is done to both. */
const everyNth = <Item>(items: readonly Item[]): Item[] => {
  const nth = Math.max(1, Math.round(Math.sqrt(1 / SIZE)));
  return items.filter((_, index) => index % nth === 0);
};

/** A request of this size that is answered: what it has beyond its document are rows, as those of an import. */
function good(path: string, characters: number): Omit<Oversized, 'what'> {
  const row = { name: 'Deutsche Bahn AG', externalId: 'de-4711', labels: ['rail', 'de'], email: 'info@bahn.example' };
  const count = Math.ceil(characters / JSON.stringify(row).length);
  const body = JSON.stringify({
    query: '{ __typename }',
    variables: { rows: Array.from({ length: count }, () => row) },
  });
  return { path, method: 'POST', body };
}

it.skipIf(process.platform !== 'linux')(
  'refuses at five times the CPU at most of reading and parsing a good request of the same size (CPU is read from /proc, on Linux alone)',
  async () => {
    const ratios: { ratio: number; place: string }[] = [];
    let tried = 0;
    const apis = new Map<string, Api>();
    for (const path of PATHS) apis.set(path, apiOf(path, await schemaAt(path)));
    for (const { path, characters } of everyNth(GROUPS)) {
      // Once for nothing: the first time, code is compiled.
      await spend(good(path, characters));
      const base = await spend(good(path, characters));
      expect([...base.statuses]).toEqual([200]);
      const api = apis.get(path);
      for (const { what, ...request } of api ? everyNth(oversizedAt(api, characters)) : []) {
        const { milliseconds } = await spend(request);
        const ratio = milliseconds / Math.max(base.milliseconds, TICK_MILLISECONDS);
        ratios.push({ ratio, place: `${path}: ${what}, ${characters} characters` });
        tried += TIMES;
      }
    }
    printTried(tried, 'refusals for their CPU');
    const [dearest] = ratios.sort((one, other) => other.ratio - one.ratio);
    printFigures(
      `the dearest refusal took ${dearest?.ratio.toFixed(1)} times the CPU of a good request (${dearest?.place})`,
    );
    expect(ratios.filter(({ ratio }) => ratio > MAX_RATIO)).toEqual([]);
  },
);
