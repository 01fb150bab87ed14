// What both GraphQL peers read and write, with Drizzle, as its guide shows it: one statement after the other.
import { createHash } from 'node:crypto';
import { and, asc, eq, inArray, isNull } from 'drizzle-orm';
import type { DrizzleD1Database } from 'drizzle-orm/d1';
import { integer, sqliteTable, text } from 'drizzle-orm/sqlite-core';

const moment = (name: string) => integer(name, { mode: 'timestamp_ms' });

const apiKey = sqliteTable('api_key', { id: text('id'), revokedAt: integer('revoked_at') });
const apiKeySecret = sqliteTable('api_key_secret', {
  apiKeyId: text('api_key_id'),
  secretHash: text('secret_hash'),
  expiresAt: integer('expires_at'),
});
const tenant = sqliteTable('tenant', {
  id: text('id').notNull(),
  name: text('name').notNull(),
  externalIdKey: text('external_id_key'),
  deletedAt: integer('deleted_at'),
});
const customer = sqliteTable('customer', {
  id: text('id').notNull(),
  kind: text('kind').notNull(),
  name: text('name').notNull(),
  nameKey: text('name_key').notNull(),
  nameFolded: text('name_folded'),
  nameWords: text('name_words'),
  email: text('email'),
  emailVerified: integer('email_verified', { mode: 'boolean' }).notNull(),
  externalId: text('external_id'),
  externalIdKey: text('external_id_key'),
  descriptionSort: text('description_sort').notNull(),
  createdAt: moment('created_at').notNull(),
  updatedAt: moment('updated_at').notNull(),
  deletedAt: integer('deleted_at'),
  version: integer('version').notNull(),
});
const user = sqliteTable('user', {
  id: text('id').notNull(),
  customerId: text('customer_id'),
  email: text('email').notNull(),
  name: text('name'),
  deletedAt: integer('deleted_at'),
  customerDeletedAt: integer('customer_deleted_at'),
});
const membership = sqliteTable('membership', {
  tenantId: text('tenant_id').notNull(),
  customerId: text('customer_id').notNull(),
  createdAt: moment('created_at').notNull(),
  customerDeleted: integer('customer_deleted', { mode: 'boolean' }).notNull(),
  customerKind: text('customer_kind').notNull(),
  customerNameKey: text('customer_name_key').notNull(),
  customerUpdatedAt: moment('customer_updated_at').notNull(),
});

export type Db = DrizzleD1Database;
export type Customer = typeof customer.$inferSelect;
export type Tenant = typeof tenant.$inferSelect;
export type User = typeof user.$inferSelect;

export const globalId = (type: string, id: string) => btoa(`${type}:${id}`);
const localId = (id: string) => atob(id).split(':')[1] ?? '';

/** Throws unless the request has an API key that is good. */
export async function requireKey(db: Db, request: Request): Promise<void> {
  const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? '';
  const [, digits = ''] = token.split('_');
  const id = digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  const [found] = await db
    .select({ hash: apiKeySecret.secretHash, revokedAt: apiKey.revokedAt })
    .from(apiKey)
    .innerJoin(apiKeySecret, eq(apiKeySecret.apiKeyId, apiKey.id))
    .where(and(eq(apiKey.id, id), isNull(apiKeySecret.expiresAt)));
  const hash = createHash('sha256').update(token).digest('hex');
  if (found?.hash !== hash || found.revokedAt !== null) throw new Error('unauthenticated');
}

export async function customerById(db: Db, id: string): Promise<Customer | null> {
  const found = await db
    .select()
    .from(customer)
    .where(and(eq(customer.id, localId(id)), isNull(customer.deletedAt)));
  return found[0] ?? null;
}

export const customers = (db: Db, first: number) =>
  db.select().from(customer).where(isNull(customer.deletedAt)).orderBy(asc(customer.id)).limit(first);

export const tenants = (db: Db, first: number) =>
  db.select().from(tenant).where(isNull(tenant.deletedAt)).orderBy(asc(tenant.id)).limit(first);

/** The rows of each id, in the order of the ids. */
function grouped<Row>(ids: readonly string[], rows: readonly Row[], idOf: (row: Row) => string | null): Row[][] {
  const groups = new Map<string | null, Row[]>(ids.map((id) => [id, []]));
  for (const row of rows) groups.get(idOf(row))?.push(row);
  return ids.map((id) => groups.get(id) ?? []);
}

export async function usersOf(db: Db, ids: readonly string[]): Promise<User[][]> {
  const there = and(isNull(user.deletedAt), isNull(user.customerDeletedAt));
  const rows = await db
    .select()
    .from(user)
    .where(and(inArray(user.customerId, [...ids]), there))
    .orderBy(asc(user.id));
  return grouped(ids, rows, ({ customerId }) => customerId);
}

export async function customersOf(db: Db, ids: readonly string[]): Promise<Customer[][]> {
  const rows = await db
    .select({ tenantId: membership.tenantId, customer })
    .from(membership)
    .innerJoin(customer, eq(customer.id, membership.customerId))
    .where(and(inArray(membership.tenantId, [...ids]), isNull(customer.deletedAt)))
    .orderBy(asc(membership.customerId));
  return grouped(ids, rows, ({ tenantId }) => tenantId).map((group) => group.map((row) => row.customer));
}

interface Identifier {
  externalId: string;
}

const keyOf = ({ externalId }: Identifier) => externalId.toLowerCase();

async function identified(db: Db, identifier: Identifier): Promise<Customer | undefined> {
  const found = await db
    .select()
    .from(customer)
    .where(and(eq(customer.externalIdKey, keyOf(identifier)), isNull(customer.deletedAt)));
  return found[0];
}

export interface AddInput {
  customerIdentifier: Identifier;
  tenantIdentifiers: Identifier[];
}

export async function addCustomerToTenants(db: Db, { customerIdentifier, tenantIdentifiers }: AddInput) {
  const added = await identified(db, customerIdentifier);
  const found = await db
    .select()
    .from(tenant)
    .where(and(inArray(tenant.externalIdKey, tenantIdentifiers.map(keyOf)), isNull(tenant.deletedAt)));
  if (!added || found.length < tenantIdentifiers.length) throw new Error('not found');
  const of = {
    customerId: added.id,
    createdAt: new Date(),
    customerDeleted: false,
    customerKind: added.kind,
    customerNameKey: added.nameKey,
    customerUpdatedAt: added.updatedAt,
  };
  await db
    .insert(membership)
    .values(found.map(({ id }) => ({ ...of, tenantId: id })))
    .onConflictDoNothing();
  return { customer: added };
}

export interface UpsertInput {
  identifier: Identifier;
  name: string;
}

/** Only renames: the bench upserts none that is new. */
export async function upsertCustomer(db: Db, { identifier, name }: UpsertInput) {
  const known = await identified(db, identifier);
  if (!known) throw new Error('not found');
  if (known.name === name) return { outcome: 'NOOP', customer: known };
  const nameKey = name.toLowerCase();
  // What lists are sorted by and search finds is `nameFolded`: the indexes would keep the former name without it.
  const names = { name, nameKey, nameFolded: nameKey, nameWords: null };
  const [renamed] = await db
    .update(customer)
    .set({ ...names, updatedAt: new Date(), version: known.version + 1 })
    .where(eq(customer.id, known.id))
    .returning();
  return { outcome: 'UPDATED', customer: renamed ?? known };
}
