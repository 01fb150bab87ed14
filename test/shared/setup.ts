import { reset } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { vi } from 'vitest';

/*
 * One workerd runs one test file after the other, and each begins as if it were alone: no clock, no module and no row is
 * left of the file before. Should that not be so any more, no test runs: the migrations are one batch, which fails where
 * there is a table already, and modules are looked at below.
 */

vi.useRealTimers();
vi.resetModules();
await reset();
// On a busy machine, the database of the file before may answer once more before it is gone.
const tables = () => env.DB.prepare("SELECT name FROM sqlite_schema WHERE name NOT GLOB '_cf_*'").all();
for (let waits = 0; waits < 100 && (await tables()).results.length > 0; waits += 1) await scheduler.wait(10);
await env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).map((sql) => env.DB.prepare(sql)));

const workerd = globalThis as { evaluated?: object };
const { evaluated } = await import('./evaluated.ts');
if (workerd.evaluated === evaluated) throw new Error('The modules of another test file are still there');
workerd.evaluated = evaluated;
