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
const migrate = () =>
  env.DB.batch(env.TEST_MIGRATIONS.flatMap(({ queries }) => queries).map((sql) => env.DB.prepare(sql)));
// Now and then workerd hands the batch to the new database twice, and answers the second time: it is begun from nothing again.
await migrate().catch(async () => {
  await reset();
  await migrate();
});

const workerd = globalThis as { evaluated?: object };
const { evaluated } = await import('./evaluated.ts');
if (workerd.evaluated === evaluated) throw new Error('The modules of another test file are still there');
workerd.evaluated = evaluated;

// Queries are answered by the schema without mutations, as in an isolate that reads first, whatever the file asks first.
const { schemaFor } = await import('../../src/graphql/schemas.ts');
await schemaFor({ onlyReads: true });
