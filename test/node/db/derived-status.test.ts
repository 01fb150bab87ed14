import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';

const MIGRATIONS = new URL('../../../migrations/', import.meta.url);
const NAME = '0022_derived_status.sql';

/** What people were ACTIVE by before the migration. Each has a role in the tenant. */
const PEOPLE: [id: string, status: string, by: ('password' | 'identity')[], after: string][] = [
  ['never accepted', 'ACTIVE', [], 'INVITED'],
  ['invited', 'INVITED', [], 'INVITED'],
  ['off', 'DEACTIVATED', [], 'DEACTIVATED'],
  ['by password', 'ACTIVE', ['password'], 'ACTIVE'],
  ['by token', 'ACTIVE', ['identity'], 'ACTIVE'],
  ['by both', 'ACTIVE', ['password', 'identity'], 'ACTIVE'],
  ['off, with a password', 'DEACTIVATED', ['password'], 'DEACTIVATED'],
  ['invited, with a password', 'INVITED', ['password'], 'ACTIVE'],
];

function migrated(): DatabaseSync {
  const database = new DatabaseSync(':memory:');
  const names = readdirSync(MIGRATIONS).sort();
  const apply = (name: string) => database.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
  for (const name of names.filter((name) => name < NAME)) apply(name);
  database.exec(`
    INSERT INTO tenant (id, name, name_key, status, partner_managed, event_enrichment, test, tax_exempt,
      is_business_customer, is_invoice_pending, created_by_type, updated_by_type, created_at, updated_at)
      VALUES ('t', 'T', 't', 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 'ROOT', 'ROOT', 1, 1);
    INSERT INTO trusted_issuer (id, name, issuer, audience, algorithms, keys, creates_users, created_at, updated_at)
      VALUES ('i', 'I', 'i', 'a', '[]', '[]', 0, 1, 1);
  `);
  for (const [id, status, by] of PEOPLE) {
    database
      .prepare(
        `INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at)
         VALUES (?1, 'TENANT', ?1, ?1, '', ?2, 1, 1)`,
      )
      .run(id, status);
    database
      .prepare(
        `INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status, user_name_key,
           user_email_key, user_updated_at)
         VALUES ('t', ?1, (SELECT id FROM role WHERE scope = 'TENANT' LIMIT 1), 1, 0, ?2, '', ?1, 1)`,
      )
      .run(id, status);
    if (by.includes('password')) database.prepare("INSERT INTO password VALUES (?, 'x', 1)").run(id);
    if (by.includes('identity')) database.prepare("INSERT INTO issued_identity VALUES ('i', ?1, ?1)").run(id);
  }
  for (const name of names.filter((name) => name >= NAME)) apply(name);
  return database;
}

/** The status of each user, as the user has it and as each role in a tenant repeats it. */
const statuses = (database: DatabaseSync) =>
  Object.fromEntries(
    database
      .prepare('SELECT id, status, user_status, version FROM user JOIN assignment ON user_id = id')
      .all()
      .map(({ id, status, user_status, version }) => [id, `${status} ${user_status} ${version}`]),
  );

const expected = (
  change: (id: string, by: readonly string[], status: string) => string = (_id, _by, status) => status,
) =>
  Object.fromEntries(
    PEOPLE.map(([id, , by, after]) => {
      const status = change(id, by, after);
      return [id, `${status} ${status} 1`];
    }),
  );

it('who is ACTIVE in a deployment that is migrated has accepted, and nobody has another version for it', () => {
  expect(statuses(migrated())).toEqual(expected());
});

it('a password and an identity make ACTIVE who is INVITED, and nobody who is DEACTIVATED', () => {
  for (const give of [
    "INSERT OR IGNORE INTO password SELECT id, 'x', 1 FROM user",
    "INSERT OR IGNORE INTO issued_identity SELECT 'i', id, id FROM user",
  ]) {
    const database = migrated();
    database.exec(give);
    expect(statuses(database)).toEqual(expected((_id, _by, status) => (status === 'INVITED' ? 'ACTIVE' : status)));
  }
});

it('without either, whoever was ACTIVE is INVITED, also when the issuer goes', () => {
  const without = (lost: string) =>
    expected((_id, by, status) => (status === 'ACTIVE' && by.every((one) => one === lost) ? 'INVITED' : status));
  for (const [take, lost] of [
    ['DELETE FROM password', 'password'],
    ["UPDATE user SET email = email || '!', email_key = email_key || '!'", 'password'],
    ['DELETE FROM issued_identity', 'identity'],
    ['DELETE FROM trusted_issuer', 'identity'],
  ] as const) {
    const database = migrated();
    database.exec(take);
    expect(statuses(database), take).toEqual(without(lost));
  }
  const database = migrated();
  database.exec('DELETE FROM trusted_issuer; DELETE FROM password');
  expect(statuses(database)).toEqual(expected((_id, _by, status) => (status === 'ACTIVE' ? 'INVITED' : status)));
});
