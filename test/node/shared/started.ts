import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';

const STARTING_MILLISECONDS = 120_000;
const STOPPING_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 100;

export interface Started {
  url: string;
  port: number;
  key: string;
  /** The command that was printed to be pasted. */
  curl: string;
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
export async function npmStart(database: string, ...args: string[]): Promise<Started> {
  const port = await freePort();
  // Wrangler looks for a free port to inspect at, and may be late with it where two of them start.
  const own = ['--port', String(port), '--inspector-port', '0', '--persist-to', database];
  const npm = spawn('npm', ['start', '--', ...own, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Its own process group, to be interrupted as a whole. What vitest sets is none of the gateway's business.
    detached: true,
    env: { ...process.env, NODE_ENV: undefined },
  });
  const { pid } = npm;
  if (pid === undefined) throw new Error('npm could not be run');
  let printed = '';
  for (const stream of [npm.stdout, npm.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      printed += text;
    });
  }
  const closed = once(npm, 'close');
  const stop = async () => {
    running.delete(stop);
    const family = await descendants(pid);
    if (npm.exitCode === null && npm.signalCode === null) process.kill(-pid, 'SIGINT');
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

  const curl = () => /^curl .*$/m.exec(printed)?.[0];
  const ended = () => npm.exitCode !== null || npm.signalCode !== null;
  try {
    await until('npm start has printed its curl line', STARTING_MILLISECONDS, async () => Boolean(curl()) || ended());
  } catch (error) {
    throw new Error(`It printed no curl line, but this:\n${printed}`, { cause: error });
  }
  const [, url] = /^GraphQL: +(\S+)\/graphql$/m.exec(printed) ?? [];
  const [, key] = /^Root key: +(\S+)/m.exec(printed) ?? [];
  const command = curl();
  if (!url || !key || !command) throw new Error(`npm start did not print what it should, but this:\n${printed}`);
  return { url, port, key, curl: command, printed, family: () => descendants(pid), stop };
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
