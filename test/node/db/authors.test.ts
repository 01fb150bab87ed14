import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, it } from 'vitest';

const MIGRATIONS = new URL('../../../migrations/', import.meta.url);
const NAME = '0014_authors.sql';

const apply = (database: DatabaseSync, names: readonly string[]) => {
  for (const name of names) database.exec(readFileSync(new URL(name, MIGRATIONS), 'utf8'));
};

it('who created and changed the records of a deployment that is migrated, its events tell', () => {
  const database = new DatabaseSync(':memory:');
  apply(
    database,
    readdirSync(MIGRATIONS)
      .sort()
      .filter((name) => name < NAME),
  );
  for (const id of ['t1', 't2', 't3']) {
    database
      .prepare(
        `INSERT INTO tenant (id, name, name_key, status, partner_managed, event_enrichment, test, tax_exempt,
           is_business_customer, is_invoice_pending, created_at, updated_at)
         VALUES (?, 'T', 't', 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 1, 1)`,
      )
      .run(id);
  }
  for (const id of ['c1', 'c2']) {
    database
      .prepare(
        `INSERT INTO customer (id, kind, name, name_key, email_verified, created_at, updated_at)
         VALUES (?, 'PERSON', 'C', 'c', 0, 1, 1)`,
      )
      .run(id);
  }
  for (const [tenantId, customerId] of [
    ['t1', 'c1'],
    ['t2', 'c1'],
    ['t1', 'c2'],
  ]) {
    database
      .prepare(
        `INSERT INTO membership (tenant_id, customer_id, created_at, customer_deleted, customer_kind, customer_name_key,
           customer_updated_at) VALUES (?, ?, 1, 0, 'PERSON', 'c', 1)`,
      )
      .run(tenantId ?? null, customerId ?? null);
  }
  const events: [type: string, subject: string, actor: string, id: string | null, tenantId?: string][] = [
    ['tenant.created', 't1', 'ROOT', null],
    ['tenant.created', 't2', 'API_KEY', 'k1'],
    ['customer.created', 'c1', 'USER', 'u1'],
    ['membership.created', 'c1', 'USER', 'u1', 't1'],
    ['tenant.updated', 't1', 'USER', 'u1'],
    ['customer.updated', 'c1', 'API_KEY', 'k1'],
    ['membership.deleted', 'c1', 'USER', 'u2', 't1'],
    ['membership.created', 'c1', 'API_KEY', 'k2', 't1'],
    ['membership.created', 'c1', 'ROOT', null, 't2'],
    ['tenant.deleted', 't1', 'API_KEY', 'k2'],
    ['pixel.created', 'p1', 'USER', 'u3'],
  ];
  for (const [type, subjectId, actorType, actorId, tenantId] of events) {
    database
      .prepare(
        `INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, actor_id, after, created_at)
         VALUES ('x', ?, 'Tenant', ?, ?, ?, ?, 1)`,
      )
      .run(type, subjectId, actorType, actorId, tenantId ? JSON.stringify({ tenantId }) : null);
  }
  apply(database, [NAME]);

  const read = (columns: string, from: string) =>
    database
      .prepare(`SELECT ${columns} FROM ${from}`)
      .all()
      .map((row) => Object.values(row).join(' '));
  const authors = `created_by_type, coalesce(created_by_id, '-'), updated_by_type, coalesce(updated_by_id, '-')`;
  expect(read(`id, ${authors}`, 'tenant ORDER BY id')).toEqual([
    't1 ROOT - API_KEY k2',
    't2 API_KEY k1 API_KEY k1',
    't3 SYSTEM - SYSTEM -',
  ]);
  expect(read(`id, ${authors}`, 'customer ORDER BY id')).toEqual(['c1 USER u1 API_KEY k1', 'c2 SYSTEM - SYSTEM -']);
  const creator = `customer_id, tenant_id, created_by_type, coalesce(created_by_id, '-')`;
  expect(read(creator, 'membership ORDER BY customer_id, tenant_id')).toEqual([
    'c1 t1 API_KEY k2',
    'c1 t2 ROOT -',
    'c2 t1 SYSTEM -',
  ]);
  for (const wrong of [
    `created_by_type = 'USER', created_by_id = NULL`,
    `updated_by_id = 'x', updated_by_type = 'ROOT'`,
  ]) {
    expect(() => database.exec(`UPDATE tenant SET ${wrong}`)).toThrow('CHECK');
  }
  database.close();
});
