// What somebody writes who has only these operations: the fewest statements in one call, with the check of the key and the event.
import { createHash } from 'node:crypto';

interface Env {
  DB: D1Database;
}
type Row = Record<string, string | number | null>;
type Rows = Row[];

interface Key {
  id: string;
  hash: string;
}

/** What an operation does: its statements, and the data that their rows are. */
interface Operation {
  permission: string | null;
  statements(db: D1Database, variables: Record<string, never>, key: Key): D1PreparedStatement[];
  data(rows: Rows[], variables: Record<string, never>): unknown;
}

const globalId = (type: string, id: unknown) => btoa(`${type}:${id}`);
const localId = (id: string) => atob(id).split(':')[1] ?? '';
const moment = (at: unknown) => new Date(Number(at)).toISOString();

const KEY = `SELECT s.secret_hash,
  (SELECT json_group_array(permission) FROM api_key_permission WHERE api_key_id = k.id) AS permissions
  FROM api_key k JOIN api_key_secret s ON s.api_key_id = k.id WHERE k.id = ? AND k.revoked_at IS NULL AND s.expires_at IS NULL`;
/** Whether the key is good, as a write asks. */
const isGood = (id: number, hash: number) =>
  `EXISTS (SELECT 1 FROM api_key k JOIN api_key_secret s ON s.api_key_id = k.id
   WHERE k.id = ?${id} AND s.secret_hash = ?${hash} AND k.revoked_at IS NULL AND s.expires_at IS NULL)`;

function keyOf(request: Request): Key {
  const token = request.headers.get('authorization')?.replace('Bearer ', '') ?? '';
  const [, digits = ''] = token.split('_');
  return {
    id: digits.replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5'),
    hash: createHash('sha256').update(token).digest('hex'),
  };
}

const asCustomer = ({ id, name, email, created_at }: Row) => ({
  id: globalId('Customer', id),
  name,
  email: email === null ? null : { address: email },
  createdAt: moment(created_at),
});

/** The rows below each parent, at most so many of each. */
function below(rows: Rows, parent: string, most: number): (id: unknown) => Rows {
  const groups = new Map<unknown, Rows>();
  for (const row of rows) {
    const group = groups.get(row[parent]);
    if (!group) groups.set(row[parent], [row]);
    else if (group.length < most) group.push(row);
  }
  return (id) => groups.get(id) ?? [];
}

const CUSTOMERS = 'SELECT id, name, email, created_at FROM customer WHERE deleted_at IS NULL ORDER BY id LIMIT ?1';
const TENANTS = 'SELECT id, name FROM tenant WHERE deleted_at IS NULL ORDER BY id LIMIT ?1';
const OF_TENANTS = `SELECT id, name, tenant_id FROM (
  SELECT c.id, c.name, m.tenant_id, row_number() OVER (PARTITION BY m.tenant_id ORDER BY m.customer_id) AS place
  FROM (${TENANTS}) t JOIN membership m ON m.tenant_id = t.id AND m.customer_deleted = 0 JOIN customer c ON c.id = m.customer_id
) WHERE place <= ?2`;
const USERS = 'u.id, u.email, u.name, u.customer_id';
const THERE = 'u.deleted_at IS NULL AND u.customer_deleted_at IS NULL';

const OPERATIONS: Record<string, Operation> = {
  trivial: { permission: null, statements: () => [], data: () => ({ __typename: 'Query' }) },
  byId: {
    permission: 'customer:read',
    statements: (db, { id }) => [
      db.prepare('SELECT * FROM customer WHERE id = ? AND deleted_at IS NULL').bind(localId(id)),
    ],
    data: ([[row]]) =>
      row && {
        customer: {
          ...asCustomer(row),
          email: row.email === null ? null : { address: row.email, isVerified: row.email_verified === 1 },
          externalId: row.external_id,
          kind: row.kind,
        },
      },
  },
  page: {
    permission: 'customer:read',
    statements: (db, { n }) => [db.prepare(CUSTOMERS).bind(n)],
    data: ([rows = []]) => ({ customers: { nodes: rows.map(asCustomer) } }),
  },
  nested: {
    permission: 'customer:read',
    statements: (db, { n }) => [
      db.prepare(CUSTOMERS).bind(n),
      db
        .prepare(`SELECT ${USERS} FROM (${CUSTOMERS}) c JOIN user u ON u.customer_id = c.id AND ${THERE} ORDER BY u.id`)
        .bind(n),
    ],
    data([customers = [], users = []], { m }) {
      const usersOf = below(users, 'customer_id', m);
      const asUser = ({ id, email, name }: Row) => ({ id: globalId('User', id), email, name });
      const nodes = customers.map((row) => ({ ...asCustomer(row), users: { nodes: usersOf(row.id).map(asUser) } }));
      return { customers: { nodes } };
    },
  },
  tree: {
    permission: 'customer:read',
    statements: (db, { n, m }) => [
      db.prepare(TENANTS).bind(n),
      db.prepare(OF_TENANTS).bind(n, m),
      db
        .prepare(
          `SELECT ${USERS} FROM (SELECT DISTINCT id FROM (${OF_TENANTS})) c
           JOIN user u ON u.customer_id = c.id AND ${THERE} ORDER BY u.id`,
        )
        .bind(n, m),
    ],
    data([tenants = [], customers = [], users = []], { m, k }) {
      const [customersOf, usersOf] = [below(customers, 'tenant_id', m), below(users, 'customer_id', k)];
      const asUser = ({ id, email }: Row) => ({ id: globalId('User', id), email });
      const asNode = ({ id, name }: Row) => ({
        id: globalId('Customer', id),
        name,
        users: { nodes: usersOf(id).map(asUser) },
      });
      const nodes = tenants.map(({ id, name }) => ({
        id: globalId('Tenant', id),
        name,
        customers: { nodes: customersOf(id).map(asNode) },
      }));
      return { tenants: { nodes } };
    },
  },
  addCustomerToTenants: {
    permission: 'customer:edit',
    statements(db, { input }, key) {
      const { customerIdentifier, tenantIdentifiers } = input as AddInput;
      const tenants = JSON.stringify(tenantIdentifiers.map(({ externalId }) => externalId.toLowerCase()));
      const of = [customerIdentifier.externalId.toLowerCase(), tenants, Date.now(), key.id, key.hash];
      const found = `customer c JOIN tenant t ON t.external_id_key IN (SELECT value FROM json_each(?2)) AND t.deleted_at IS NULL
        WHERE c.external_id_key = ?1 AND c.deleted_at IS NULL AND ${isGood(4, 5)}
        AND NOT EXISTS (SELECT 1 FROM membership m WHERE m.tenant_id = t.id AND m.customer_id = c.id)`;
      return [
        db
          .prepare(
            `INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, actor_id, after, created_at)
             SELECT ?6, 'membership.created', 'Customer', c.id, 'API_KEY', ?4, json_object('tenantId', t.id), ?3 FROM ${found}`,
          )
          .bind(...of, crypto.randomUUID()),
        db
          .prepare(
            `INSERT INTO membership (tenant_id, customer_id, created_at, customer_deleted, customer_kind, customer_name_key, customer_updated_at)
             SELECT t.id, c.id, ?3, 0, c.kind, c.name_key, c.updated_at FROM ${found}`,
          )
          .bind(...of),
        db
          .prepare('SELECT id, name FROM customer WHERE external_id_key = ? AND deleted_at IS NULL')
          .bind(of[0] ?? null),
      ];
    },
    data: ([, , [row]]) => ({
      addCustomerToTenants: { customer: { id: globalId('Customer', row?.id), name: row?.name } },
    }),
  },
  upsertCustomer: {
    permission: 'customer:edit',
    statements(db, { input }, key) {
      const { identifier, name } = input as UpsertInput;
      const of = [identifier.externalId.toLowerCase(), name, Date.now(), key.id, key.hash];
      const found = `external_id_key = ?1 AND deleted_at IS NULL AND name IS NOT ?2 AND ${isGood(4, 5)}`;
      return [
        db
          .prepare(
            `INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, actor_id, before, after, created_at)
             SELECT ?6, 'customer.updated', 'Customer', id, 'API_KEY', ?4, json_object('name', name), json_object('name', ?2), ?3
             FROM customer WHERE ${found}`,
          )
          .bind(...of, crypto.randomUUID()),
        db
          .prepare(
            `UPDATE customer SET name = ?2, name_key = lower(?2), name_folded = lower(?2), name_words = NULL, updated_at = ?3,
               version = version + 1
             WHERE ${found} RETURNING id, name`,
          )
          .bind(...of),
      ];
    },
    data: ([, [row]]) => ({
      upsertCustomer: { outcome: 'UPDATED', customer: { id: globalId('Customer', row?.id), name: row?.name } },
    }),
  },
};

interface Identifier {
  externalId: string;
}
interface AddInput {
  customerIdentifier: Identifier;
  tenantIdentifiers: Identifier[];
}
interface UpsertInput {
  identifier: Identifier;
  name: string;
}

const answer = (body: unknown, status = 200) =>
  new Response(JSON.stringify(body), { status, headers: { 'content-type': 'application/json' } });

export default {
  async fetch(request: Request, { DB }: Env): Promise<Response> {
    const operation = OPERATIONS[request.headers.get('x-operation') ?? ''];
    if (!operation) return answer({ errors: ['not found'] }, 404);
    const { variables } = await request.json<{ variables: Record<string, never> }>();
    const key = keyOf(request);
    const statements = [DB.prepare(KEY).bind(key.id), ...operation.statements(DB, variables, key)];
    const [found, ...rest] = (await DB.batch<Row>(statements)).map(({ results }) => results);
    const row = found?.[0];
    const mayDoIt = operation.permission === null || String(row?.permissions).includes(`"${operation.permission}"`);
    if (row?.secret_hash !== key.hash || !mayDoIt) return answer({ errors: ['unauthenticated'] }, 401);
    return answer({ data: operation.data(rest, variables) });
  },
};
