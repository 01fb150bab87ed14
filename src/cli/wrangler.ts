import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/** By its path and with our own Node: a `wrangler` or `node` from elsewhere on the PATH may be too old. */
const WRANGLER = fileURLToPath(new URL('../../node_modules/wrangler/bin/wrangler.js', import.meta.url));

const ENVIRONMENT = {
  // The Worker does not read `Request.cf`; without this, wrangler asks the network for it and waits.
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // The banner is where wrangler advertises its updates.
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  ...process.env,
};

const STOPPING_MILLISECONDS = 5000;

/** Applies the migrations to the local database. Says nothing, and answers 0, unless that fails. */
export const applyMigrations = (args: string[]): number =>
  // By the name of the binding, which the Worker relies on as well; the database may be called anything.
  runD1(['migrations', 'apply', 'DB', '--local', ...args], 'The migrations could not be applied.');

/** Runs these statements on a database, together or not at all. Says nothing, and answers 0, unless that fails. */
export const execute = (sql: string, args: string[]): number =>
  runD1(['execute', 'DB', '--yes', `--command=${sql}`, ...args], 'The database could not be changed.');

function runD1(args: string[], complaint: string): number {
  const { status, stdout, stderr, error } = spawnSync(process.execPath, [WRANGLER, 'd1', ...args], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) console.error(`${stdout}${stderr}${error ?? ''}\n${complaint}`);
  return status ?? 1;
}

export interface Server {
  /** Where it serves, without a slash at the end, as soon as it does. Never settles if it never does. */
  url: Promise<string>;
  /** Its exit code, once it has ended. */
  ended: Promise<number>;
  stop(): void;
}

/** Where it writes the mails that the Worker sends, until it ends: beside its configuration. */
export const mailFolder = (config = 'wrangler.toml'): string => join(dirname(config), '.wrangler/tmp/email');

/** Starts `wrangler dev`. However this process ends, short of SIGKILL, nothing of it is left. */
export function serve(args: string[]): Server {
  const child = spawn(process.execPath, [WRANGLER, 'dev', '--show-interactive-dev-session=false', ...args], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own can be killed as one: wrangler, two of workerd, and esbuild.
    detached: process.platform !== 'win32',
  });
  process.once('exit', () => kill(child));
  return {
    url: readUrl(child),
    ended: once(child, 'exit').then(([code]) => (typeof code === 'number' ? code : 1)),
    stop() {
      child.kill('SIGTERM');
      setTimeout(() => kill(child), STOPPING_MILLISECONDS).unref();
    },
  };
}

function kill(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(process.platform === 'win32' ? child.pid : -child.pid, 'SIGKILL');
  } catch {
    // Nothing of it is left.
  }
}

/** Passes on what wrangler prints, and finds in it where it serves: the port need not be the one it was asked for. */
function readUrl({ stdout }: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    let printed = '';
    let found = false;
    stdout?.setEncoding('utf8').on('data', (text: string) => {
      process.stdout.write(text);
      if (found) return;
      printed += text;
      const [, protocol, host, port] = READY.exec(stripVTControlCharacters(printed)) ?? [];
      if (!protocol || !host || !port) return;
      found = true;
      resolve(`${protocol}://${EVERYWHERE.has(host) ? 'localhost' : host}:${port}`);
    });
  });
}

const READY = /Ready on (https?):\/\/(\S+):(\d+)\s/;
/** Addresses to listen on, but not to connect to. */
const EVERYWHERE = new Set(['*', '0.0.0.0', '[::]']);
