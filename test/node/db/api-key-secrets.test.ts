import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';

const MIGRATIONS = new URL('../../../migrations/', import.meta.url);
const NAME = '0018_api_key_secrets.sql';

const apply = (database: DatabaseSync, names: readonly string[]) => {
  for (const name of names) database.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
};

it('the keys of a deployment that is migrated keep their secrets, permissions, tenants and customers', () => {
  const database = new DatabaseSync(':memory:');
  const names = readdirSync(MIGRATIONS).sort();
  apply(
    database,
    names.filter((name) => name < NAME),
  );
  database.exec(
    `INSERT INTO tenant (id, name, name_key, status, partner_managed, event_enrichment, test, tax_exempt,
       is_business_customer, is_invoice_pending, created_at, updated_at)
     VALUES ('t', 'T', 't', 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 1, 1);
     INSERT INTO customer (id, kind, name, name_key, email_verified, created_at, updated_at)
     VALUES ('c', 'PERSON', 'C', 'c', 0, 1, 1);`,
  );
  const key = database.prepare(
    `INSERT INTO api_key (id, name, access, reach, customer_id, secret_hash, previous_secret_hash,
       previous_secret_expires_at, expires_at, revoked_at, last_used_at, created_at, updated_at)
     VALUES (?, 'K', 'WRITE', ?, ?, ?, ?, ?, ?, ?, ?, 1, ?)`,
  );
  const hash = (digit: string) => digit.repeat(64);
  key.run('fresh', 'CUSTOMER', 'c', hash('a'), null, null, null, null, null, 1);
  key.run('rotated', 'TENANTS', null, hash('b'), hash('c'), 900, null, null, 7, 5);
  key.run('ending', 'ORGANIZATION', null, hash('d'), hash('e'), 900, 600, null, 7, 5);
  key.run('revoked', 'ORGANIZATION', null, hash('f'), null, null, null, 6, 7, 6);
  database.exec("INSERT INTO api_key_permission VALUES ('rotated', 'tenant:read'), ('fresh', 'user:read')");
  database.exec("INSERT INTO api_key_tenant VALUES ('rotated', 't')");
  const kept = 'id, reach, customer_id, expires_at, revoked_at, last_used_at, created_at, updated_at';
  const read = (sql: string) => database.prepare(sql).all();
  const rest = () => [
    read(`SELECT ${kept} FROM api_key ORDER BY id`),
    read('SELECT * FROM api_key_permission ORDER BY 1, 2'),
    read('SELECT * FROM api_key_tenant'),
  ];
  const before = rest();
  apply(database, [NAME]);
  expect(rest()).toEqual(before);
  const secrets = read(
    `SELECT api_key_id || ' ' || substr(secret_hash, 1, 1) || ' ' || COALESCE(expires_at, '-') || ' '
       || COALESCE(last_used_at, '-') || ' ' || created_at AS secret, id FROM api_key_secret ORDER BY secret`,
  );
  expect(secrets.map(({ secret }) => secret)).toEqual([
    'ending d - 7 5',
    'ending e 600 7 1',
    'fresh a - - 1',
    'rotated b - 7 5',
    'rotated c 900 7 1',
  ]);
  for (const { id } of secrets) expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(new Set(secrets.map(({ id }) => id)).size).toBe(5);
  expect(read('PRAGMA foreign_key_check')).toEqual([]);
  database.exec("DELETE FROM tenant WHERE id = 't'; DELETE FROM customer WHERE id = 'c'");
  expect(read('SELECT * FROM api_key_tenant')).toEqual([]);
  expect(read("SELECT customer_id FROM api_key WHERE id = 'fresh'")).toEqual([{ customer_id: null }]);
});
