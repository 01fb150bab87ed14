import { env } from 'cloudflare:workers';
import type { Table } from 'drizzle-orm';
import { customers } from '../../src/db/schema/customers.ts';
import { tenants } from '../../src/db/schema/tenants.ts';
import { users } from '../../src/db/schema/users.ts';
import { columnOf } from '../../src/db/statement.ts';
import { addressedAs, identifiedAs, namedAs } from '../../src/directory/kernel/derived-columns.ts';
import { KEY_VERSION, keyOfLabel } from '../../src/directory/kernel/keys.ts';
import { globalId, newKey, rawId } from '../shared/fixtures.ts';

/** How many tenants, customers and users there are, each. */
export const ROWS = Math.max(2000, env.LISTS_SIZE);

/** A record as the tests know it, to work out by themselves what a list has. */
export interface Row {
  n: number;
  id: string;
  name: string;
  email: string;
  externalId: string | null;
  description: string;
  labels: string[];
  kind: 'COMPANY' | 'PERSON';
  status: 'ACTIVE' | 'PENDING' | 'DEACTIVATED' | 'INVITED';
  /** The place in the order of names, from 0. */
  rank: number;
  createdAt: number;
  updatedAt: number;
  deleted: boolean;
  /** Whether the key of a tenant reaches it. */
  isInTenant: boolean;
  /** Whether it is, as a user, one of tenants without a role in any. */
  isNowhere: boolean;
  /** Whether it is a user of a customer, and whether of the one that few belong to. */
  ofCustomer: 'many' | 'few' | null;
}

/** So many stand at the end of the order of names and have something in common. */
export const FEW = 20;
const END = Math.floor(ROWS * 0.88);

const digits = (number: number) => String(number).padStart(6, '0');

/** An id of the given moment, as real ones are. */
function idAt(time: number, n: number, mark: string): string {
  const hex = time.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-${mark}${n.toString(16).padStart(8, '0')}`;
}

/** Created one second after the other, named and changed in quite other orders. */
function row(n: number, mark: string): Row {
  const rank = (n * 7919) % ROWS;
  const isLast = rank >= ROWS - FEW;
  return {
    n,
    id: idAt(n * 1000, n, mark),
    rank,
    name: `${rank >= END ? 'Zeta' : 'Name'} ${digits(rank)}${isLast ? ' last' : ''}`,
    email: `${rank >= END ? 'zeta' : 'box'}.${n}@mail.example`,
    externalId: rank >= END ? null : `X${n}`,
    description: rank >= END ? 'Sells things' : 'Makes things',
    labels: [
      'all',
      ...(rank < ROWS / 2 || isLast ? ['lower half'] : []),
      ...(rank >= ROWS / 2 ? ['upper half'] : []),
      ...(isLast ? ['last'] : []),
    ],
    kind: rank >= END ? 'PERSON' : 'COMPANY',
    status: rank >= END ? 'DEACTIVATED' : 'ACTIVE',
    createdAt: n * 1000,
    updatedAt: ((n * 104_729) % ROWS) * 1000,
    deleted: n % 100 === 0,
    isInTenant: n % 2 === 0,
    isNowhere: n % 2 === 1 && rank >= ROWS / 2 && rank < END,
    ofCustomer: isLast ? 'few' : rank < ROWS / 2 ? 'many' : null,
  };
}

const rowsOf = (mark: string): readonly Row[] => Array.from({ length: ROWS }, (_, index) => row(index + 1, mark));

export const RECORDS = { tenants: rowsOf('aaaa'), customers: rowsOf('bbbb'), users: rowsOf('cccc') };

const shared = ({ id, name, externalId, createdAt, updatedAt, deleted }: Row) => ({
  id,
  ...namedAs(name),
  ...identifiedAs(externalId),
  keyVersion: KEY_VERSION,
  createdAt,
  updatedAt,
  deletedAt: deleted ? 1 : null,
});

const AUTHORS = { createdByType: 'SYSTEM', updatedByType: 'SYSTEM' };

const asTenant = (row: Row) => ({
  ...shared(row),
  ...AUTHORS,
  description: row.description,
  status: row.status,
  partnerManaged: 0,
  eventEnrichment: 0,
  test: 0,
  taxExempt: 'NONE',
  isBusinessCustomer: 0,
  isInvoicePending: 0,
});

const asCustomer = (row: Row) => ({
  ...shared(row),
  ...AUTHORS,
  ...addressedAs(row.email),
  kind: row.kind,
  emailVerified: 0,
  description: row.description,
  descriptionKey: row.description.toLowerCase(),
  descriptionSort: row.description.toLowerCase(),
  labels: JSON.stringify(row.labels),
  labelKeys: JSON.stringify(row.labels.map(keyOfLabel)),
});

const ROLES = {
  ORGANIZATION: '00000000-0000-7000-8000-000000000104',
  CUSTOMER: '00000000-0000-7000-8000-000000000202',
  TENANT: '00000000-0000-7000-8000-000000000304',
};

/** The ids of roles that few have, and that all users of customers have. */
export const ROLE_IDS = ROLES;

const asUser =
  (ids: { many: string; few: string }) =>
  (row: Row): object => {
    const kind = row.ofCustomer ? 'CUSTOMER' : row.rank >= END ? 'ORGANIZATION' : 'TENANT';
    return {
      ...shared(row),
      ...addressedAs(row.email),
      kind,
      roleId: kind === 'TENANT' ? null : ROLES[kind],
      customerId: row.ofCustomer && ids[row.ofCustomer],
      status: row.status,
    };
  };

const PER_STATEMENT = 1000;

/** Inserts rows, whose keys are those of the columns in code. */
async function insert(table: Table, name: string, rows: readonly object[]): Promise<void> {
  const keys = Object.keys(rows[0] ?? {});
  const columns = keys.map((key) => columnOf(table, key).name).join(', ');
  const values = keys.map((key) => `value ->> '${key}'`).join(', ');
  const statement = env.DB.prepare(`INSERT INTO ${name} (${columns}) SELECT ${values} FROM json_each(?)`);
  for (let start = 0; start < rows.length; start += PER_STATEMENT) {
    await statement.bind(JSON.stringify(rows.slice(start, start + PER_STATEMENT))).run();
  }
}

/** Ids that the tests need of what they made. */
export interface Made {
  /** Of the customers that many users belong to, and few. */
  many: string;
  few: string;
  keys: { tenant: string; customer: string };
}

/** Fills the database, and makes keys of a tenant that half of all belong to, and of the customer with many users. */
export async function fill(): Promise<Made> {
  const idOf = (type: string, row: Row | undefined) => globalId(type, row?.id ?? '');
  const tenant = idOf('Tenant', RECORDS.tenants[0]);
  // Both belong to the tenant.
  const [many, few] = [idOf('Customer', RECORDS.customers[1]), idOf('Customer', RECORDS.customers[3])];
  await insert(tenants, 'tenant', RECORDS.tenants.map(asTenant));
  await insert(customers, 'customer', RECORDS.customers.map(asCustomer));
  await insert(users, 'user', RECORDS.users.map(asUser({ many: rawId(many), few: rawId(few) })));
  const inReach = (rows: readonly Row[]) => JSON.stringify(rows.filter((row) => row.isInTenant).map(({ id }) => id));
  await env.DB.prepare(
    `INSERT INTO membership SELECT ?1, customer.id, 1, deleted, kind, name_sort, updated_at, 'SYSTEM', NULL, description_sort
     FROM json_each(?2) CROSS JOIN customer ON customer.id = value`,
  )
    .bind(rawId(tenant), inReach(RECORDS.customers))
    .run();
  await env.DB.prepare(
    `INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status, user_name_key, user_email_key,
       user_updated_at, user_customer_id)
     SELECT ?1, user.id, '${ROLES.TENANT}', 1, deleted, status, name_sort, email_key, updated_at, customer_id
     FROM json_each(?2) CROSS JOIN user ON user.id = value`,
  )
    .bind(rawId(tenant), inReach(RECORDS.users))
    .run();
  await env.DB.prepare(
    `UPDATE user SET has_place = 0 WHERE kind = 'TENANT' AND NOT EXISTS (SELECT 1 FROM assignment WHERE user_id = user.id)`,
  ).run();
  const keys = {
    tenant: (await newKey({ tenants: [tenant] })).secret,
    customer: (await newKey({ customer: many })).secret,
  };
  return { many, few, keys };
}
