import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { getPlatformProxy, unstable_splitSqlQuery } from 'wrangler';
import { ENVIRONMENT } from './wrangler.ts';

const MIGRATIONS = new URL('../../migrations/', import.meta.url);

/** Which local database is meant, as `wrangler dev` is told it. */
export interface LocalDatabase {
  config: string | undefined;
  env: string | undefined;
  persistTo: string | undefined;
}

/** As wrangler makes it, which goes on with it. */
const APPLIED = `CREATE TABLE IF NOT EXISTS d1_migrations (
  id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT UNIQUE, applied_at TIMESTAMP DEFAULT CURRENT_TIMESTAMP NOT NULL
)`;

/**
 * Runs `use` on a local database in a runtime of its own, which may be there beside `wrangler dev`. It takes half the time of a
 * command of wrangler.
 */
export async function withLocalDatabase<T>(
  { config = 'wrangler.toml', env: environment, persistTo }: LocalDatabase,
  use: (db: D1Database) => Promise<T>,
): Promise<T> {
  const state = persistTo === undefined ? join(dirname(config), '.wrangler/state') : persistTo;
  const { env, dispose } = await quietly(() =>
    getPlatformProxy<{ DB: D1Database }>({
      configPath: config,
      ...(environment !== undefined && { environment }),
      persist: { path: resolve(state, 'v3') },
      remoteBindings: false,
    }),
  );
  try {
    return await use(env.DB);
  } finally {
    await dispose();
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
