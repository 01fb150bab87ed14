import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { stripVTControlCharacters } from 'node:util';

/**
 * The path of the project's own wrangler, because one on the PATH may be too old. It runs with the Node of this
 * process.
 */
const WRANGLER = fileURLToPath(new URL('../../node_modules/wrangler/bin/wrangler.js', import.meta.url));

/** The variables that wrangler is run with. */
export const ENVIRONMENT = {
  // The Worker does not read `Request.cf`; without this, wrangler asks the network for it and waits.
  CLOUDFLARE_CF_FETCH_ENABLED: 'false',
  // The banner is where wrangler advertises its updates.
  WRANGLER_HIDE_BANNER: 'true',
  WRANGLER_SEND_METRICS: 'false',
  ...process.env,
};

const STOPPING_MILLISECONDS = 5000;

/** Runs statements on a database as one transaction, and returns wrangler's exit code. Prints only if that fails. */
export function execute(sql: string, args: string[]): number {
  // By the name of the binding, which the Worker relies on too: the database itself may have any name.
  const command = [WRANGLER, 'd1', 'execute', 'DB', '--yes', `--command=${sql}`, ...args];
  const { status, stdout, stderr, error } = spawnSync(process.execPath, command, {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'pipe'],
    encoding: 'utf8',
  });
  if (status !== 0) console.error(`${stdout}${stderr}${error ?? ''}\nThe database could not be changed.`);
  return status ?? 1;
}

/** A running `wrangler dev`. */
export interface Server {
  /** The URL of the server, without a slash at the end, once it is ready. Never settles if it does not get ready. */
  url: Promise<string>;
  /** The exit code, once the server has ended. */
  ended: Promise<number>;
  stop(): void;
}

/** Returns the folder, beside the configuration, where `wrangler dev` keeps the mails of the Worker until it ends. */
export const mailFolder = (config = 'wrangler.toml'): string => join(dirname(config), '.wrangler/tmp/email');

/** Starts `wrangler dev`. When this process ends, all of wrangler's processes are killed, unless it ends by SIGKILL. */
export function serve(args: string[]): Server {
  const child = spawn(process.execPath, [WRANGLER, 'dev', '--show-interactive-dev-session=false', ...args], {
    env: ENVIRONMENT,
    stdio: ['ignore', 'pipe', 'inherit'],
    // A process group of its own, so that wrangler, workerd and esbuild can be killed together.
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
    // The processes have ended already.
  }
}

/** Prints wrangler's output, and finds the URL in it: the port may differ from the one that was asked for. */
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
      resolve(`${protocol}://${ANY_HOST.has(host) ? 'localhost' : host}:${port}`);
    });
  });
}

const READY = /Ready on (https?):\/\/(\S+):(\d+)\s/;
/** Addresses that a server can listen on, but that a client cannot connect to. */
const ANY_HOST = new Set(['*', '0.0.0.0', '[::]']);
