import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { BUNDLE, ENTRY, writeBundle } from '../src/cli/bundle.ts';

/** Who is measured: Tenantry first, then whom it is compared with. */
export const CONTESTANTS = {
  tenantry: 'Tenantry',
  hand: 'hand-written, with key check and event',
  yoga: 'Yoga + Pothos + dataloader + Drizzle',
  apollo: 'Apollo + dataloader + Drizzle',
} as const;
export type Name = keyof typeof CONTESTANTS;
export const NAMES = Object.keys(CONTESTANTS) as Name[];

/** A file of a Worker. */
export interface Module {
  type: 'ESModule';
  path: string;
  contents: string;
}

const folder = fileURLToPath(new URL('.', import.meta.url));

/** Installs what the peers are made of, if that has not been done. */
export function install(): void {
  if (existsSync(join(folder, 'node_modules'))) return;
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' });
  if (status !== 0) throw new Error('The peers could not be installed.');
}

/** Returns the modules of a contestant, the one that is asked first. */
export async function modulesOf(name: Name): Promise<Module[]> {
  if (name === 'tenantry') {
    await writeBundle();
    const paths = readdirSync(BUNDLE, { recursive: true, encoding: 'utf8' }).filter((path) => path.endsWith('.js'));
    return [ENTRY, ...paths.filter((path) => path !== ENTRY)].map((path) => ({
      type: 'ESModule',
      path,
      contents: readFileSync(join(BUNDLE, path), 'utf8'),
    }));
  }
  const { outputFiles } = await build({
    entryPoints: [join(folder, name, 'worker.ts')],
    write: false,
    bundle: true,
    format: 'esm',
    minify: true,
    platform: 'node',
    mainFields: ['browser', 'module', 'main'],
    conditions: ['workerd', 'worker', 'browser'],
    define: { 'process.env.NODE_ENV': '"production"' },
    // Each has a graphql of its own, of which all of its libraries make one.
    alias: { graphql: packageOf(name, 'graphql') ?? 'graphql' },
    banner: { js: "import { createRequire } from 'node:module'; const require = createRequire('/');" },
  });
  return outputFiles.map(({ text }) => ({ type: 'ESModule', path: ENTRY, contents: text }));
}

/** The folder of the package that a contestant uses: its own, or one that it shares. */
const packageOf = (name: Name, of: string): string | undefined =>
  [join(folder, name), folder].map((place) => join(place, 'node_modules', of)).find(existsSync);

export const kibOf = (modules: readonly Module[]) =>
  modules.reduce((sum, { contents }) => sum + gzipSync(contents).length, 0) / 1024;

/** Contestants in one workerd, over one database. */
export interface Gateways<Served extends string = Name> {
  db: D1Database;
  urlOf(name: Served): string;
  /** The CPU time that workerd has used, with the database in it. */
  cpuMilliseconds(): number;
  stop(): Promise<void>;
}

const DATABASE_ID = 'bench';

/** Starts a workerd that serves these Workers. */
export async function serve<Served extends string>(modules: Record<Served, Module[]>): Promise<Gateways<Served>> {
  const names = Object.keys(modules) as Served[];
  // Wrangler brings it along.
  const { Miniflare, convertV4MiniflareOptions } = createRequire(import.meta.url)('miniflare');
  const bindings = { ROOT_KEY: 'root-key-of-the-bench-0123456789abcdef', DIALECTS: 'none' };
  const miniflare = new Miniflare(
    convertV4MiniflareOptions({
      port: 0,
      workers: names.map((name) => ({
        name,
        modules: modules[name],
        compatibilityDate: '2026-10-23',
        compatibilityFlags: ['nodejs_compat'],
        bindings,
        d1Databases: { DB: DATABASE_ID },
        unsafeDirectSockets: [{ host: '127.0.0.1', port: 0 }],
      })),
    }),
  );
  await miniflare.ready;
  const urls = new Map<Served, string>();
  for (const name of names) urls.set(name, String(await miniflare.unsafeGetDirectURL(name)).replace(/\/$/, ''));
  const pid = childOf(process.pid);
  return {
    db: await miniflare.getD1Database('DB', names[0]),
    urlOf: (name) => urls.get(name) ?? '',
    cpuMilliseconds() {
      const threads = readdirSync(`/proc/${pid}/task`);
      const nanoseconds = threads.map((id) => readFileSync(`/proc/${pid}/task/${id}/schedstat`, 'utf8').split(' ')[0]);
      return nanoseconds.reduce((sum, thread) => sum + Number(thread), 0) / 1e6;
    },
    stop: () => miniflare.dispose(),
  };
}

/** The workerd that a process has started. */
function childOf(parent: number): string {
  const isIt = (pid: string) => {
    try {
      const [, after = ''] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ');
      return after.split(' ')[1] === String(parent) && readlinkSync(`/proc/${pid}/exe`).endsWith('/workerd');
    } catch {
      return false;
    }
  };
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .find(isIt);
  if (found === undefined) throw new Error('There is no workerd to be measured: this needs /proc, as Linux has it.');
  return found;
}
