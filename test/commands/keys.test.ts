import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { keysArguments } from '../../src/cli/arguments.ts';
import { withLocalDatabase } from '../../src/cli/local-database.ts';
import { migrate } from '../node/shared/migrated.ts';

const RECORDS = 1200;
let persistTo: string;

beforeAll(async () => {
  persistTo = await mkdtemp(join(tmpdir(), 'tenantry-'));
  migrate(persistTo);
});

afterAll(() => rm(persistTo, { recursive: true, force: true }));

const onDatabase = <T>(use: (db: D1Database) => Promise<T>) =>
  withLocalDatabase({ config: undefined, env: undefined, persistTo }, use);

describe('npm run keys', () => {
  it('gives every record of the version before new keys, in as many steps as it takes', async () => {
    await onDatabase((db) =>
      db
        .prepare(
          `INSERT INTO tenant (id, name, name_key, external_id, external_id_key, status, partner_managed, event_enrichment,
             test, tax_exempt, is_business_customer, is_invoice_pending, created_at, updated_at)
           SELECT 't' || value, 'É ' || value, 'é ' || value, 'T' || value, 't' || value, 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 1, 1
           FROM json_each(?)`,
        )
        .bind(JSON.stringify(Array.from({ length: RECORDS }, (_, index) => index)))
        .run(),
    );
    const { stdout } = await promisify(execFile)('npm', ['run', 'keys', '--', '--persist-to', persistTo]);
    expect(stdout).toContain('All records have the keys of this version.');
    const left = await onDatabase((db) =>
      db
        .prepare(
          `SELECT count(*) AS count FROM tenant WHERE key_version = 2 AND name_folded = 'e ' || substr(id, 2)
             AND external_id_key = external_id AND version = 1 AND updated_at = 1`,
        )
        .first(),
    );
    expect(left).toEqual({ count: RECORDS });
  });

  it('is told which database is meant: the local one, unless it is told otherwise', () => {
    const database = { config: undefined, env: undefined, persistTo: undefined };
    expect(keysArguments([])).toEqual({ remote: false, database });
    expect(keysArguments(['--remote', '-e', 'stage'])).toEqual({
      remote: true,
      database: { ...database, env: 'stage' },
    });
    expect(() => keysArguments(['--remotely'])).toThrow('--remotely');
  });
});
