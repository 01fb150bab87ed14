import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const STARTING_MILLISECONDS = 120_000;
const STOPPING_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 100;
const SERVE = fileURLToPath(new URL('serve.ts', import.meta.url));

export interface Started {
  url: string;
  port: number;
  key: string;
  /** All that it said until then. */
  printed: string;
  /** The ids of its processes, of those below npm, too. */
  family(): Promise<number[]>;
  /** Interrupts it as Ctrl-C in a terminal does, and waits until the last of its processes is gone. */
  stop(): Promise<void>;
}

const running = new Set<() => Promise<void>>();

/** For afterAll: stops what a failed test left running. */
export async function stopAll(): Promise<void> {
  await Promise.all([...running].map((stop) => stop()));
}

/** Runs `npm start` for real, on a free port and the given database, until it has printed how to use it. */
export const npmStart = (database: string, ...args: string[]): Promise<Started> =>
  run('npm', ['start', '--'], database, args, /^curl .*$/m);

/**
 * Serves a database that has all migrations as `npm start` does. That takes half as long, because nothing is made or
 * looked for beforehand: no pages are built, nothing is migrated, and no demo is added.
 */
export const serveMigrated = (database: string): Promise<Started> =>
  run(process.execPath, [SERVE], database, [], /^Root key: .*$/m);

/** Runs a program with the arguments that it hands on to wrangler, until it has printed its last line. */
async function run(
  program: string,
  command: readonly string[],
  database: string,
  args: readonly string[],
  lastLine: RegExp,
): Promise<Started> {
  const port = await freePort();
  // Wrangler looks for a free port to inspect at, and may be late with it where two of them start.
  const own = ['--port', String(port), '--inspector-port', '0', '--persist-to', database];
  const child = spawn(program, [...command, ...own, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, to be interrupted as a whole. What vitest sets is none of the gateway's business.
    detached: true,
    env: { ...process.env, NODE_ENV: undefined },
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${program} could not be run`);
  let printed = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const closed = once(child, 'close');
  const ended = () => child.exitCode !== null || child.signalCode !== null;
  const stop = async () => {
    running.delete(stop);
    const family = await descendants(pid);
    if (!ended()) process.kill(-pid, 'SIGINT');
    const left = async () => {
      const alive = await processes();
      return family.filter((member) => alive.has(member));
    };
    try {
      await until('all its processes have ended', STOPPING_MILLISECONDS, async () => (await left()).length === 0);
    } catch (error) {
      for (const member of await left()) process.kill(member, 'SIGKILL');
      throw error;
    }
    await closed;
  };
  running.add(stop);

  try {
    await until('it has said all', STARTING_MILLISECONDS, async () => lastLine.test(printed) || ended());
  } catch (error) {
    throw new Error(`It did not say all, but this:\n${printed}`, { cause: error });
  }
  const [, url] = /^GraphQL: +(\S+)\/graphql$/m.exec(printed) ?? [];
  const [, key] = /^Root key: +(\S+)/m.exec(printed) ?? [];
  if (!url || !key || !lastLine.test(printed)) throw new Error(`It did not say what it should, but this:\n${printed}`);
  return { url, port, key, printed, family: () => descendants(pid), stop };
}

async function until(what: string, milliseconds: number, isSo: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + milliseconds;
  while (!(await isSo())) {
    if (Date.now() > deadline) throw new Error(`Not within ${milliseconds} ms: ${what}`);
    await pause(POLL_MILLISECONDS);
  }
}

export async function freePort(port = 0): Promise<number> {
  const server = createServer().listen(port, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  return address.port;
}

/**
 * The parent of each process there is. A zombie is none: it has ended, and only waits to be noticed. On a machine
 * without `ps` there seem to be no processes; a test then sees those only that hold on to the output or the port.
 */
async function processes(): Promise<Map<number, number>> {
  const { stdout } = await promisify(execFile)('ps', ['-A', '-o', 'pid=,ppid=,stat=']).catch(() => ({ stdout: '' }));
  const rows = stdout.split('\n').map((row) => row.trim().split(/\s+/));
  const alive = rows.filter(([, , state]) => state !== undefined && !state.startsWith('Z'));
  return new Map(alive.map(([pid, parent]) => [Number(pid), Number(parent)]));
}

async function descendants(ancestor: number): Promise<number[]> {
  const family = new Set([ancestor]);
  const parents = await processes();
  // A child may stand before its parent, where process ids have wrapped around.
  for (let size = 0; size !== family.size; ) {
    size = family.size;
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid);
  }
  return [...family];
}
