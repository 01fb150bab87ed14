import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { getPlatformProxy, type Unstable_Config, unstable_readConfig, unstable_splitSqlQuery } from 'wrangler';
import { ENVIRONMENT } from './wrangler.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/** Which local database is meant, as `wrangler dev` is told it. */
export interface LocalDatabase extends Configured {
  persistTo: string | undefined;
}

/** Which Worker is meant, as wrangler is told it. */
export interface Configured {
  config: string | undefined;
  env: string | undefined;
}

/** As wrangler makes it, which goes on with it. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/** Returns the folder in which wrangler keeps what is local, such as databases. */
export function localState({ config = 'wrangler.toml', persistTo }: LocalDatabase): string {
  return resolve(persistTo ?? join(dirname(config), '.wrangler/state'), 'v3');
}

/**
 * Runs `use` on a local database in a runtime of its own, which may be there beside `wrangler dev`. It takes half the time of a
 * command of wrangler.
 */
export async function withLocalDatabase<T>(database: LocalDatabase, use: (db: D1Database) => Promise<T>): Promise<T> {
  return withDatabase(database, { isRemote: false, persist: { path: localState(database) } }, use);
}

/**
 * Runs `use` on the database of the deployment, through a binding that wrangler makes to it with the rights of who is signed in:
 * the same calls as in the Worker, which have room for thousands of records each. A command of wrangler takes statements of
 * 100 KB, and starts a process for each.
 */
export const withRemoteDatabase = <T>(configured: Configured, use: (db: D1Database) => Promise<T>): Promise<T> =>
  withDatabase(configured, { isRemote: true, persist: false }, use);

interface Place {
  isRemote: boolean;
  persist: false | { path: string };
}

/** Tells wrangler of the database and of nothing else: it would miss the Worker that other bindings are part of. */
async function withDatabase<T>(
  { config = 'wrangler.toml', env: environment }: Configured,
  { isRemote, persist }: Place,
  use: (db: D1Database) => Promise<T>,
): Promise<T> {
  const read: Unstable_Config = unstable_readConfig({ config, env: environment });
  const { name, account_id, compatibility_date, d1_databases } = read;
  const directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  try {
    const configPath = join(directory, 'wrangler.json');
    const databases = d1_databases
      .filter(({ binding }) => binding === 'DB')
      .map((one) => ({ ...one, remote: isRemote }));
    writeFileSync(configPath, JSON.stringify({ name, account_id, compatibility_date, d1_databases: databases }));
    const { env, dispose } = await quietly(() =>
      getPlatformProxy<{ DB: D1Database }>({ configPath, persist, remoteBindings: isRemote }),
    );
    try {
      return await use(env.DB);
    } finally {
      await dispose();
    }
  } finally {
    rmSync(directory, { recursive: true });
  }
}

/**
 * Applies the migrations that a database does not have yet, each as a whole. `wrangler d1 migrations apply` does the same, and
 * starts a runtime for each of them, which takes a second.
 */
export async function migrate(db: D1Database): Promise<void> {
  await db.prepare(APPLIED).run();
  const { results } = await db.prepare('SELECT name FROM d1_migrations').all<{ name: string }>();
  const applied = new Set(results.map(({ name }) => name));
  for (const name of readdirSync(MIGRATIONS).sort()) {
    if (applied.has(name)) continue;
    const statements = unstable_splitSqlQuery(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
    await db.batch([
      ...statements.map((statement) => db.prepare(statement)),
      db.prepare('INSERT INTO d1_migrations (name) VALUES (?)').bind(name),
    ]);
  }
}

/** Lets wrangler say nothing, because `wrangler dev` says the same, and ask the network for nothing. */
async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const variables: Record<string, string | undefined> = { ...ENVIRONMENT, WRANGLER_LOG: 'error' };
  const before = Object.keys(variables).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, variables);
  try {
    return await run();
  } finally {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  }
}
