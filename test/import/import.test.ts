import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { migrate } from '../node/shared/migrated.ts';
import { npmStart, type Started, stopAll } from '../node/shared/started.ts';
import { printLine, Tally } from '../shared/counts.ts';
import { FaultyFile, type Outcome, type Planted } from './faulty-file.ts';

const SCRIPT = fileURLToPath(new URL('../../src/cli/import.ts', import.meta.url));
const LINES = Math.round(100_000 * Number(process.env.IMPORT_SIZE ?? 1));
/** What the command has for all that it keeps. If it kept all lines of the largest file, it would end for want of memory. */
const HEAP_MEBIBYTES = 64;
/** What ten times as many lines may take more in all, with what lies beside that heap: the bytes that are read. */
const MORE_MEBIBYTES = 48;
const WATCH_MILLISECONDS = 100;

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await npmStart(join(directory, 'database'), '--no-demo');
  const tenant = 'mutation { createTenant(input: { name: "Acme", externalId: "acme" }) { __typename } }';
  await ask(gateway, tenant, {}, z.unknown());
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

/** What Linux says of the most memory that a process has had; 0 if it has ended, or elsewhere. */
function mostMemory(pid: number | undefined): number {
  try {
    return 1024 * Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** Runs the command, and answers what it said and how much memory it took. */
async function importing(file: string, ...args: string[]) {
  const heap = `--max-old-space-size=${HEAP_MEBIBYTES}`;
  const command = spawn(process.execPath, [heap, SCRIPT, join(directory, file), '--url', gateway.url, ...args], {
    env: { ...process.env, TENANTRY_KEY: gateway.key },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let bytes = 0;
  const watch = setInterval(() => {
    bytes = Math.max(bytes, mostMemory(command.pid));
  }, WATCH_MILLISECONDS);
  const [out, err, [code]] = await Promise.all([text(command.stdout), text(command.stderr), once(command, 'close')]);
  clearInterval(watch);
  return { code, out, err, bytes };
}

const write = (name: string, ...lines: readonly string[]): void =>
  writeFileSync(join(directory, name), lines.join(''), 'latin1');

const countsOf = (counts: Partial<Record<Outcome, number>>) =>
  `${Object.values(counts).reduce((sum, count) => sum + count, 0)} rows: ${(
    ['CREATED', 'UPDATED', 'NOOP', 'FAILED'] as const
  )
    .map((outcome) => `${counts[outcome] ?? 0} ${outcome}`)
    .join(', ')}`;

function tally(outcomes: readonly string[]): Record<string, number> {
  const tally = new Tally();
  for (const outcome of outcomes) tally.add(outcome);
  return tally.outcomes;
}

/** Prints how many lines of each fault were planted, and what came of them. */
function printFaults(planted: readonly Planted[]): void {
  const faults = tally(planted.map(({ fault, outcome }) => `${fault} ${outcome}`));
  for (const [fault, times] of Object.entries(faults)) printLine('import: ', `${String(times).padStart(8)} ${fault}`);
}

/** Requires that progress was shown once: that it only goes on, and comes to its end. */
function expectOneProgress(err: string): void {
  const shown = [...err.matchAll(/^(\d+)%/gm)].map(([, percent]) => Number(percent));
  expect(shown).toEqual(shown.toSorted((one, other) => one - other));
  expect(shown.at(-1)).toBe(100);
}

/** Requires that a file of failed lines has the planted ones byte for byte, in their order, each with its reason. */
function expectFailed(name: string, header: string, planted: readonly Planted[]): void {
  const failing = planted.filter(({ outcome }) => outcome === 'FAILED');
  const lines = readFileSync(join(directory, name), 'latin1').split('\n').slice(0, -1);
  expect(lines[0]).toBe(`error,${header.trimEnd()}`);
  expect(lines).toHaveLength(failing.length + 1);
  for (const [index, { fault, line, reason }] of failing.entries()) {
    const [, said = '', rest] = /^"((?:[^"]|"")*)",(.*)$/s.exec(lines[index + 1] ?? '') ?? [];
    expect([fault, `${rest}\n`]).toEqual([fault, line]);
    expect(said, fault).toMatch(reason ?? /^$/);
  }
}

/** Imports a file with every fault, and answers how much memory that took. */
async function importFaulty(type: 'customers' | 'users', prefix: string, count: number): Promise<number> {
  const file = new FaultyFile(type, prefix);
  const { planted, before } = file.lines(count);
  write(`${prefix}-before-${type}.csv`, file.header, ...before);
  const options = ['--encoding', 'windows-1252'];
  const { out } = await importing(`${prefix}-before-${type}.csv`, ...options);
  expect(out).toBe(`${countsOf({ CREATED: before.length })}\n`);

  const name = `${prefix}-${type}.csv`;
  write(name, file.header, ...planted.map(({ line }) => line));
  const first = await importing(name, ...options);
  const counts = tally(planted.map(({ outcome }) => outcome));
  expectFailed(`${prefix}-${type}.failed.csv`, file.header, planted);
  expect(first.out.split('\n')[0]).toBe(countsOf(counts));
  expectOneProgress(first.err);

  const { FAILED = 0 } = counts;
  const again = await importing(name, ...options);
  expectFailed(`${prefix}-${type}.failed.csv`, file.header, planted);
  expect(again.out.split('\n')[0]).toBe(countsOf({ NOOP: count - FAILED, FAILED }));

  const memory = `${(first.bytes / 2 ** 20).toFixed(0)} MiB`;
  printLine('import: ', `${type}, ${countsOf(counts)}, as planted; and all NOOP but those again. ${memory}`);
  return first.bytes;
}

describe(`npm run import of ${LINES} lines, of which a hundredth has each fault`, () => {
  it('sends nothing where a hundredth of the lines has bytes of another encoding', async () => {
    const file = new FaultyFile('users', 'bytes');
    const { planted } = file.lines(LINES / 10);
    const lines = planted.map(({ line }, index) => (index % 100 === 50 ? line : line.replaceAll(/[^\0-\x7f]/g, 'e')));
    write('bytes-users.csv', file.header, ...lines);
    const { code, out, err } = await importing('bytes-users.csv');
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^Line 52 is not in UTF-8/);
    const counted = await ask(
      gateway,
      '{ users { totalCount } }',
      {},
      z.object({ users: z.object({ totalCount: z.int() }) }),
    );
    expect(counted.users.totalCount).toBe(0);
  });

  it('says of each customer what was planted, wherever the names go', () => importFaulty('customers', 'c', LINES / 10));

  it('says of each user what was planted, and takes no more memory for more lines', async () => {
    const few = await importFaulty('users', 'few', LINES / 10);
    const many = await importFaulty('users', 'many', LINES);
    expect(many - few).toBeLessThan(MORE_MEBIBYTES * 2 ** 20);
    printFaults(new FaultyFile('users', 'many').lines(LINES).planted);
  });
});
