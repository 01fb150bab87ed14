/*
 * `npm run bench`: Tenantry beside three that answer the same over the same database, in one workerd, taking turns, and then in
 * another. It prints what docs/performance.md has. RUNS=<n> makes it longer, OPERATIONS=<name>,… shorter.
 */
import { cpus, release } from 'node:os';
import { ask, bodyOf } from './asking.ts';
import {
  CONTESTANTS,
  type Gateways,
  install,
  kibOf,
  type Module,
  modulesOf,
  NAMES,
  type Name,
  serve,
} from './contestants.ts';
import { fill, takeBack } from './database.ts';
import { type Beginnings, measureBeginnings, medianBeginnings } from './first.ts';
import { mean, median } from './median.ts';
import { OPERATIONS } from './operations.ts';

/**
 * How many workerds are started, one after the other: how one has laid out its memory makes a server faster or slower in it. An even
 * number lets each contestant stand before each other as often as behind it.
 */
const RUNS = Number(process.env.RUNS ?? 6);
const ROUNDS_OF_A_RUN = 3;
/** How many fresh isolates of each are measured before each run: the machine is not as fast all the time. */
const ISOLATES_OF_A_RUN = 3;
const CHOSEN = process.env.OPERATIONS?.split(',') ?? Object.keys(OPERATIONS);
const CONNECTIONS = 16;
const WARMING_REQUESTS = 500;
const REQUESTS = 400;
const LATENCY_REQUESTS = 100;

/** Throws unless all contestants answer the same. */
async function compare(gateways: Gateways): Promise<void> {
  for (const operation of CHOSEN) {
    const answers = new Set<string>();
    const body = bodyOf(operation);
    for (const name of NAMES) {
      // The hand-written one has its fields in another order, and the name that is given must be new to each.
      const own = body.replace(/Customer \d+/, `Customer ${name}`);
      const answer = JSON.parse(await ask(gateways, name, operation, own));
      answers.add(JSON.stringify(sorted(answer)).replace(`Customer ${name}`, 'Customer'));
      await takeBack(gateways.db);
    }
    if (answers.size > 1)
      throw new Error(`The answers to ${operation} differ:\n${[...answers].join('\n').slice(0, 2000)}`);
  }
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .sort(([one], [other]) => (one < other ? -1 : 1))
      .map(([name, part]) => [name, sorted(part)]),
  );
}

/** Sends so many requests over so many connections. Returns how long each took. */
async function load(gateways: Gateways, name: Name, operation: string, requests: number, connections: number) {
  const took: number[] = [];
  let left = requests;
  const connection = async () => {
    while (left-- > 0) {
      const began = performance.now();
      await ask(gateways, name, operation);
      took.push(performance.now() - began);
    }
  };
  await Promise.all(Array.from({ length: connections }, connection));
  return took;
}

/** What was measured of one contestant and operation, a value of each round. */
interface Measured {
  cpu: number[];
  latency: number[];
}

const measured = new Map<string, Measured>();

function of(name: Name, operation: string): Measured {
  const key = `${name} ${operation}`;
  const known = measured.get(key) ?? { cpu: [], latency: [] };
  measured.set(key, known);
  return known;
}

/** The contestants in another order each turn. In two turns, beginning with an even one, each is as often before as behind another. */
function inTurn(turn: number): Name[] {
  const first = (turn >> 1) % NAMES.length;
  const order = [...NAMES.slice(first), ...NAMES.slice(0, first)];
  return turn % 2 === 0 ? order : order.reverse();
}

async function measure(gateways: Gateways, turn: number): Promise<void> {
  for (const operation of CHOSEN) {
    for (const name of inTurn(turn)) await load(gateways, name, operation, WARMING_REQUESTS, CONNECTIONS);
  }
  for (let round = 0; round < ROUNDS_OF_A_RUN; round += 1) {
    for (const operation of CHOSEN) {
      for (const name of inTurn(turn + round)) {
        await takeBack(gateways.db);
        const before = gateways.cpuMilliseconds();
        await load(gateways, name, operation, REQUESTS, CONNECTIONS);
        of(name, operation).cpu.push((gateways.cpuMilliseconds() - before) / REQUESTS);
        await takeBack(gateways.db);
        of(name, operation).latency.push(median(await load(gateways, name, operation, LATENCY_REQUESTS, 1)));
      }
    }
  }
}

/** Measures all contestants in a workerd of its own. */
async function run(modules: Record<Name, Module[]>, turn: number): Promise<void> {
  const gateways = await serve(Object.fromEntries(inTurn(turn).map((name) => [name, modules[name]])) as typeof modules);
  try {
    await fill(gateways.db);
    await compare(gateways);
    await measure(gateways, turn);
  } finally {
    await gateways.stop();
  }
}

/** Returns the mean of the runs of what is given of each round, the median of a run's rounds. */
const meanOfRuns = (values: readonly number[]): number =>
  mean(
    Array.from({ length: RUNS }, (_, run) => median(values.slice(run * ROUNDS_OF_A_RUN, (run + 1) * ROUNDS_OF_A_RUN))),
  );

const row = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
const head = (cells: readonly string[]) => `${row(cells)}\n${row(cells.map(() => '---'))}`;

install();
const modules = Object.fromEntries(
  await Promise.all(NAMES.map(async (name) => [name, await modulesOf(name)])),
) as Record<Name, Module[]>;
const beginnings: Beginnings = new Map(NAMES.map((name) => [name, []]));
for (let turn = 0; turn < RUNS; turn += 1) {
  for (let isolate = 0; isolate < ISOLATES_OF_A_RUN; isolate += 1) await measureBeginnings(modules, beginnings);
  await run(modules, turn);
  console.error(`run ${turn + 1} of ${RUNS}`);
}
const peers = NAMES.filter((name) => name !== 'tenantry');
const [cpu] = cpus();
const rounds = `means of ${RUNS} workerds, in each the median of ${ROUNDS_OF_A_RUN} rounds`;
console.log(`Node ${process.version}, Linux ${release()}, ${cpus().length} × ${cpu?.model}; ${rounds}.\n`);
console.log(`CPU of Tenantry per request as a multiple of each peer's:\n`);
console.log(head(['', ...CHOSEN]));
for (const peer of peers) {
  const ratio = (operation: string) =>
    meanOfRuns(of('tenantry', operation).cpu.map((own, round) => own / (of(peer, operation).cpu[round] ?? Number.NaN)));
  console.log(row([CONTESTANTS[peer], ...CHOSEN.map((operation) => ratio(operation).toFixed(2))]));
}
for (const [label, field] of [
  ['CPU, ms per request', 'cpu'],
  ['Latency at one connection, ms', 'latency'],
] as const) {
  console.log(`\n${label}:\n`);
  console.log(head(['', ...CHOSEN]));
  for (const name of NAMES) {
    console.log(
      row([CONTESTANTS[name], ...CHOSEN.map((operation) => meanOfRuns(of(name, operation)[field]).toFixed(2))]),
    );
  }
}
const begun = medianBeginnings(beginnings);
console.log('\nCPU of a fresh isolate, ms:\n');
console.log(head(['', ...NAMES.map((name) => CONTESTANTS[name])]));
for (const [label, part] of [
  ['to start, more than the hand-written one', 'start'],
  ['for its first request, `trivial`', 'trivial'],
  ['then for its first `nested`', 'nested'],
  ['then for its first `upsertCustomer`', 'upsertCustomer'],
] as const) {
  console.log(row([label, ...NAMES.map((name) => (begun.get(name)?.[part] ?? Number.NaN).toFixed(0))]));
}
console.log('\nMinified and gzipped, KiB:\n');
console.log(head(NAMES.map((name) => CONTESTANTS[name])));
console.log(row(NAMES.map((name) => kibOf(modules[name]).toFixed(0))));
process.exit(0);
