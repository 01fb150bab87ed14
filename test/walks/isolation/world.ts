import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { PERMISSIONS } from '../../../src/directory/kernel/permission-names.ts';
import { countChanges } from '../../shared/changes.ts';
import {
  assign,
  globalId,
  type Key,
  newCustomerUser,
  newKey,
  newPermission,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newWebhook,
  rawId,
  succeed,
} from '../../shared/fixtures.ts';
import type { Answer } from '../../shared/gateway.ts';
import { sessionOf, TOKENS } from '../../shared/people.ts';
import { type Kept, remember } from '../../shared/rewind.ts';
import { issuerStatements } from './issuer-rows.ts';
import type { Asked } from './together.ts';
import { usageStatements } from './usage-rows.ts';
import { issueTokens, type UserSubject, userStatements } from './user-rows.ts';

/*
 * Not the shared world: a matrix. Each record is in one state of every kind, live, hidden or never there, in or out of
 * reach, so they are written as rows, with ids that are known before there is a record. The tenants, keys and roles, and
 * the users who look, are made by the shared fixtures.
 */

export type TenantName = 'a' | 'b' | 'gone';
export type State =
  | 'in reach of a'
  | 'in reach of b'
  | 'shared'
  | 'in no tenant'
  | 'deleted'
  | 'deleted in b'
  | 'not existing';

export interface Subject {
  state: State;
  tenants: readonly TenantName[];
  deleted: boolean;
  exists: boolean;
}

const SUBJECTS: Record<State, Omit<Subject, 'state'>> = {
  'in reach of a': { tenants: ['a'], deleted: false, exists: true },
  'in reach of b': { tenants: ['b'], deleted: false, exists: true },
  shared: { tenants: ['a', 'b'], deleted: false, exists: true },
  'in no tenant': { tenants: [], deleted: false, exists: true },
  deleted: { tenants: ['a'], deleted: true, exists: true },
  'deleted in b': { tenants: ['b'], deleted: true, exists: true },
  'not existing': { tenants: [], deleted: false, exists: false },
};

const STATES = Object.keys(SUBJECTS) as State[];
export const CUSTOMERS = Object.fromEntries(STATES.map((state) => [state, { ...SUBJECTS[state], state }])) as Record<
  State,
  Subject
>;

export interface ViewerKind {
  name: string;
  /** The tenants that it reaches; null: the whole organization. */
  reach: readonly TenantName[] | null;
  /** For a reach of one customer: which. */
  customer?: State;
  /** For a user who signed in: where the user has a role, which may be more than the token reaches. */
  user?: UserSubject;
}

const signedIn = (home: UserSubject['home'], tenants: readonly TenantName[], customer: State | null = null) => ({
  user: { home, customer, tenants, deleted: false, exists: true },
});

/*
 * How far a viewer reaches does not depend on being a user or a key. So an owner, who reaches what the root key does,
 * walks only where holding decides and where sessions are; and of those who reach tenant a by signing in, the one who has
 * a role in b as well walks everything, and the other only what is about tenants and sessions.
 */
export const OWNER: ViewerKind = { name: 'an owner', reach: null, ...signedIn('ORGANIZATION', []) };
export const OF_TENANT_A: ViewerKind = { name: 'a user of tenant a', reach: ['a'], ...signedIn('TENANT', ['a']) };

export const VIEWERS: readonly ViewerKind[] = [
  { name: 'the root key', reach: null },
  { name: 'a key of the organization', reach: null },
  { name: 'a key of tenant a', reach: ['a'] },
  { name: 'a key of tenants a and b', reach: ['a', 'b'] },
  { name: 'a key whose only tenant is deleted', reach: [] },
  { name: 'a key of a customer in a', reach: [], customer: 'in reach of a' },
  { name: 'a key of a shared customer', reach: [], customer: 'shared' },
  { name: 'a key of a deleted customer', reach: [], customer: 'deleted' },
  { name: 'a user of tenants a and b, signed in to a', reach: ['a'], ...signedIn('TENANT', ['a', 'b']) },
  {
    name: 'a user of a customer in a',
    reach: [],
    customer: 'in reach of a',
    ...signedIn('CUSTOMER', [], 'in reach of a'),
  },
];

export const SIGNED_IN: readonly ViewerKind[] = [OWNER, OF_TENANT_A, ...VIEWERS.filter(({ user }) => user)];

export const reaches = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.some((tenant) => reach.includes(tenant));
export const reachesAll = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.every((tenant) => reach.includes(tenant));
/** The customer that a reach of one customer is limited to, while it is live. */
export const ownCustomer = ({ customer }: ViewerKind): Subject | null =>
  customer === undefined || CUSTOMERS[customer].deleted ? null : CUSTOMERS[customer];
/** In reach, hidden or not. */
export const knows = (viewer: ViewerKind, { state, exists, tenants }: Subject) =>
  exists && (reaches(viewer, tenants) || ownCustomer(viewer)?.state === state);
/** In reach and live. */
export const sees = (viewer: ViewerKind, subject: Subject) => !subject.deleted && knows(viewer, subject);

export type Outcome =
  | 'found'
  | 'absent'
  | 'forbidden'
  | 'done'
  | 'not_found'
  | 'out_of_reach'
  | 'not_signed_in'
  | 'already_exists';

export const tenantIds = { a: '', b: '', gone: '' };
export const secrets = new Map<string, string | undefined>();
/** Of viewers who are users: their global ids, and those of their sessions. */
export const ownIds = new Map<string, { user: string; session: string }>();
export const keysByReach = new Map<TenantName | 'organization' | 'ab', string>();
/** An old secret of each of these keys. */
/** Webhooks by their reach, each with the delivery of a test. */
export const webhooksByReach = new Map<string, { id: string; delivery: { id: string; eventId: string } }>();
export const oldSecretIds = new Map<string, string>();
/** The newest secret of each of these keys. */
export const keySecrets = new Map<string, string>();

export const slug = (state: string) => state.replaceAll(' ', '-');
export const customerIds = Object.fromEntries(
  STATES.map((state, index) => [state, `01900000-0000-7000-8000-00000000000${index}`]),
) as Record<State, string>;
export const idOf = (state: State) => globalId('Customer', customerIds[state]);
/** The event of the customer's creation. */
const eventNumberOf = (state: State) => 1_000_000 + STATES.indexOf(state);
export const eventIdOf = (state: State) => globalId('Event', String(eventNumberOf(state)));

export const nameOf = (name: TenantName | 'none') => `tenant ${name}`;
export const rawTenant = (name: TenantName) => rawId(tenantIds[name]);

/** Makes the customers, tenants and users of the tables. */
async function build(): Promise<void> {
  const statements = [
    'DELETE FROM user',
    'DELETE FROM membership',
    "DELETE FROM customer WHERE id NOT LIKE '01900000%'",
    "DELETE FROM event WHERE subject_type IN ('Customer', 'Tenant', 'User')",
    'DELETE FROM event_tenant WHERE event_id NOT IN (SELECT id FROM event)',
  ].map((sql) => env.DB.prepare(sql));
  for (const name of ['a', 'b', 'gone'] as const) {
    statements.push(
      env.DB.prepare(
        `INSERT INTO tenant (id, name, name_key, external_id, external_id_key, status, partner_managed, event_enrichment,
          test, tax_exempt, is_business_customer, is_invoice_pending, created_at, updated_at)
         VALUES (?1, ?2, ?2, ?2, ?2, 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 1, 1) ON CONFLICT (id) DO NOTHING`,
      ).bind(rawTenant(name), name),
      env.DB.prepare(
        "UPDATE tenant SET name = ?1, name_key = ?1, deleted_at = ?2, version = 1, status = 'ACTIVE' WHERE id = ?3",
      ).bind(nameOf(name), name === 'gone' ? 1 : null, rawTenant(name)),
    );
  }
  statements.push(env.DB.prepare("DELETE FROM tenant WHERE name NOT IN ('tenant a', 'tenant b', 'tenant gone')"));
  for (const [state, { exists, deleted, tenants }] of Object.entries(CUSTOMERS) as [State, Subject][]) {
    if (!exists) continue;
    const id = customerIds[state];
    statements.push(
      env.DB.prepare(
        `INSERT INTO customer (id, kind, name, name_key, email, email_key, email_verified, external_id, external_id_key,
          labels, created_at, updated_at, deleted_at)
         VALUES (?1, 'COMPANY', ?2, ?2, ?2 || '@x.example', ?2 || '@x.example', 0, ?2, ?2, '["l"]', 1, 1, ?3)
         ON CONFLICT (id) DO UPDATE SET kind = excluded.kind, name = excluded.name, name_key = excluded.name_key,
           short_name = NULL, email = excluded.email, email_key = excluded.email_key, email_verified = 0,
           external_id = excluded.external_id, external_id_key = excluded.external_id_key, description = NULL,
           labels = excluded.labels, updated_at = 1, deleted_at = excluded.deleted_at, version = 1`,
      ).bind(id, slug(state), deleted ? 2 : null),
      env.DB.prepare(
        `INSERT INTO event (id, command_id, type, subject_type, subject_id, actor_type, created_at)
         VALUES (?2, ?1, 'customer.created', 'Customer', ?1, 'ROOT', 1)`,
      ).bind(id, eventNumberOf(state)),
    );
    for (const tenant of tenants) {
      statements.push(
        env.DB.prepare(
          "INSERT INTO membership SELECT ?1, id, 1, deleted, kind, name_key, updated_at, 'SYSTEM', NULL, description_sort FROM customer WHERE id = ?2",
        ).bind(rawTenant(tenant), id),
        env.DB.prepare(
          'INSERT INTO event_tenant SELECT ?1, id, type, actor_type, actor_id FROM event WHERE subject_id = ?2',
        ).bind(rawTenant(tenant), id),
      );
    }
  }
  await env.DB.batch([...statements, ...userStatements(), ...issuerStatements(), ...usageStatements(rawTenant)]);
}

/** Reads all that a viewer must not change, whatever they may do: what is beyond their reach, and not themselves. */
export function beyond({ name, reach, customer }: ViewerKind): D1PreparedStatement[] {
  if (reach === null) return [];
  if (customer !== undefined) return beyondCustomer(customer);
  const own = JSON.stringify(reach.map(rawTenant));
  const themselves = rawId(ownIds.get(name)?.user ?? globalId('User', 'nobody'));
  const outside = 'NOT IN (SELECT value FROM json_each(?1))';
  return [
    `SELECT * FROM tenant WHERE id ${outside} ORDER BY id`,
    `SELECT tenant_id, customer_id FROM membership WHERE tenant_id ${outside} ORDER BY tenant_id, customer_id`,
    `SELECT * FROM customer WHERE id LIKE '01900000%' AND (
        EXISTS (SELECT 1 FROM membership WHERE customer_id = id AND tenant_id ${outside})
        OR NOT EXISTS (SELECT 1 FROM event_tenant JOIN event ON event.id = event_id
          WHERE subject_id = customer.id AND tenant_id ${outside.slice('NOT '.length)})) ORDER BY id`,
    `SELECT tenant_id, user_id, role_id FROM assignment WHERE tenant_id ${outside} ORDER BY tenant_id, user_id`,
    `SELECT id FROM session WHERE id LIKE '01900000%' AND tenant_id ${outside} ORDER BY id`,
    // Users are hidden with a customer that is wholly in reach, unless they have roles elsewhere.
    `SELECT id, email, name, phone, status, role_id, customer_id, deleted_at, version, iif(elsewhere, customer_deleted_at, NULL)
        FROM (SELECT *, EXISTS (SELECT 1 FROM assignment WHERE user_id = id AND tenant_id ${outside}) AS elsewhere FROM user)
        WHERE (kind <> 'TENANT' OR elsewhere) AND id <> '${themselves}' ORDER BY id`,
    `SELECT user_id, purpose FROM mailed_link WHERE user_id IN
        (SELECT user_id FROM assignment WHERE tenant_id ${outside}) ORDER BY user_id, purpose`,
    `SELECT * FROM data_source WHERE tenant_id ${outside} ORDER BY id`,
    `SELECT * FROM traffic_entry WHERE tenant_id ${outside} ORDER BY tenant_id, entry_id`,
    `SELECT * FROM traffic_hour WHERE tenant_id ${outside} ORDER BY tenant_id, hour`,
    `SELECT id, api_key_id, expires_at FROM api_key_secret
        WHERE api_key_id NOT IN (SELECT api_key_id FROM api_key_tenant WHERE tenant_id ${outside.slice('NOT '.length)})
        OR api_key_id IN (SELECT api_key_id FROM api_key_tenant WHERE tenant_id ${outside}) ORDER BY api_key_id, id`,
    'SELECT * FROM role, (SELECT ?1)',
    'SELECT * FROM permission, (SELECT ?1)',
  ].map((sql) => env.DB.prepare(sql).bind(own));
}

/** A key for this customer, which is deleted only afterwards if it is to be. */
async function newCustomerKey(customer: State): Promise<Key> {
  await env.DB.prepare('UPDATE customer SET deleted_at = NULL WHERE id = ?').bind(customerIds[customer]).run();
  return newKey({ customer: idOf(customer) });
}

/** Who reaches one customer writes its users, and nothing else. */
const beyondCustomer = (customer: State): D1PreparedStatement[] =>
  [
    'SELECT * FROM tenant, (SELECT ?1) ORDER BY id',
    'SELECT * FROM membership, (SELECT ?1) ORDER BY tenant_id, customer_id',
    'SELECT * FROM customer, (SELECT ?1) ORDER BY id',
    'SELECT * FROM assignment, (SELECT ?1) ORDER BY tenant_id, user_id',
    'SELECT * FROM user WHERE customer_id IS NOT ?1 ORDER BY id',
    'SELECT session.* FROM session JOIN user ON user.id = user_id WHERE customer_id IS NOT ?1 ORDER BY session.id',
    `SELECT mailed_link.* FROM mailed_link JOIN user ON user.id = user_id WHERE customer_id IS NOT ?1
        ORDER BY user_id, purpose`,
    'SELECT * FROM data_source, (SELECT ?1) ORDER BY id',
    'SELECT * FROM traffic_hour, (SELECT ?1) ORDER BY tenant_id, hour',
    'SELECT id, api_key_id, expires_at FROM api_key_secret, (SELECT ?1) ORDER BY api_key_id, id',
    'SELECT * FROM role, (SELECT ?1)',
    'SELECT * FROM permission, (SELECT ?1)',
  ].map((sql) => env.DB.prepare(sql).bind(customerIds[customer]));

/** Makes the viewers who are users, with roles that allow everything there is, and signs them in. */
async function signIn(): Promise<void> {
  const [ofTenant, ofCustomer] = [
    await newRole({ scope: 'TENANT', permissions: PERMISSIONS }),
    await newRole({ scope: 'CUSTOMER', permissions: PERMISSIONS }),
  ];
  for (const { name, reach, customer, user } of SIGNED_IN) {
    const [first, ...others] = user?.tenants ?? [];
    const own = { roleIdentifier: { name: 'owner' } };
    if (customer) own.roleIdentifier.name = ofCustomer.name;
    if (first) own.roleIdentifier.name = ofTenant.name;
    const make = async () => {
      if (customer) return newCustomerUser(idOf(customer), own);
      return first ? newTenantUser(tenantIds[first], own) : newTeamMember(own);
    };
    const { id } = await make();
    for (const tenant of others) await assign(id, tenantIds[tenant], ofTenant.name);
    const [reached] = reach ?? [];
    const grant = await sessionOf(id, reached && tenantIds[reached]);
    secrets.set(name, await TOKENS.issue(grant));
    ownIds.set(name, { user: id, session: globalId('Session', grant.sessionId) });
  }
}

/** What goes back behind each operation. Events of roles and keys stay, and so do the keys that they are about. */
const KEPT: readonly Kept[] = [
  ...['tenant', 'customer', 'membership', 'user', 'assignment', 'session', 'mailed_link'].map((table) => ({ table })),
  { table: 'event', going: "subject_type IN ('Customer', 'Tenant', 'User', 'Pixel', 'Pipeline')" },
  { table: 'event_tenant' },
  { table: 'api_key', only: ['id', 'name', 'customer_id', 'revoked_at'] },
  { table: 'api_key_secret', going: 'api_key_id IN (SELECT id FROM saved_api_key)' },
  { table: 'api_key_tenant', going: 'FALSE' },
  { table: 'permission' },
  { table: 'role_permission', going: 'permission NOT IN (SELECT name FROM saved_permission)' },
  ...['data_source', 'traffic_entry', 'traffic_hour'].map((table) => ({ table })),
  ...['trusted_issuer', 'trusted_issuer_role', 'trusted_issuer_customer'].map((table) => ({ table })),
  ...['webhook', 'webhook_permission', 'webhook_tenant', 'webhook_delivery'].map((table) => ({ table })),
];

/** A permission of the product, which nobody has but root and owners. */
export const PRODUCT_PERMISSION = 'invoice:approve';

export async function prepare(): Promise<void> {
  await newPermission(PRODUCT_PERMISSION);
  for (const name of ['a', 'b', 'gone'] as const)
    tenantIds[name] = (await newTenant({ name: nameOf(name), externalId: name })).id;
  const keyOf = (names: readonly TenantName[] | null) =>
    newKey(names ? { tenants: names.map((name) => tenantIds[name]) } : {});
  const keys = VIEWERS.filter(({ user }) => user === undefined);
  for (const { name, reach, customer } of keys) {
    if (customer !== undefined) continue;
    const names = reach?.length === 0 ? (['gone'] as const) : reach;
    secrets.set(name, name === 'the root key' ? undefined : (await keyOf(names)).secret);
  }
  keysByReach.set('organization', (await keyOf(null)).id);
  keysByReach.set('a', (await keyOf(['a'])).id);
  keysByReach.set('b', (await keyOf(['b'])).id);
  keysByReach.set('ab', (await keyOf(['a', 'b'])).id);
  for (const [name, id] of keysByReach) {
    const { apiKey, secret } = await succeed('rotateApiKey', 'secret apiKey { secrets { id } }', { id });
    keySecrets.set(name, secret);
    oldSecretIds.set(name, apiKey.secrets[0].id);
  }
  for (const [name, reach] of Object.entries({ organization: null, a: ['a'], b: ['b'], ab: ['a', 'b'] } as const)) {
    const { id } = await newWebhook(reach ? { tenants: reach.map((of) => tenantIds[of]) } : {});
    const { webhook } = await succeed('testWebhook', 'webhook { deliveries { nodes { id eventId } } }', { id });
    webhooksByReach.set(name, { id, delivery: webhook.deliveries.nodes[0] });
  }
  await succeed('deleteTenant', 'tenant { id }', { id: tenantIds.gone });
  await build();
  for (const { name, customer } of keys) {
    if (customer !== undefined) secrets.set(name, (await newCustomerKey(customer)).secret);
  }
  await build();
  await signIn();
  await issueTokens();
  await remember(KEPT);
  await countChanges();
}

export const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME'];

/** What was asked is in the answer, or it is not, or the mutation answered an error. */
export const readOutcome = (answer: Answer, found: (data: Answer['data']) => unknown): Outcome => {
  if (answer.errors.length > 0 && answer.errors.every(({ extensions }) => extensions.code === 'FORBIDDEN')) {
    return 'forbidden';
  }
  expect(answer.errors, answer.text).toEqual([]);
  return found(answer.data) ? 'found' : 'absent';
};
export const writeOutcome = (answer: Answer): Outcome => {
  expect(answer.errors, answer.text).toEqual([]);
  const [result] = Object.values(answer.data) as { code?: Outcome }[];
  return result?.code ?? 'done';
};

export interface Operation<Record extends string> {
  /** The root fields that it covers. */
  covers: string;
  name: string;
  ask: (record: Record) => Asked;
  outcome: (answer: Answer, record: Record, viewer: ViewerKind) => Outcome;
  expected: (viewer: ViewerKind, record: Record) => Outcome;
  /** For what does not only look for the record: that a unique value is taken may show, and who may be granted what. */
  tellsApart?: boolean;
}

export const someNode = (data: Answer['data'], path: string, id: string) => {
  const nodes = path.split('.').reduce((value, step) => value?.[step], data) as { id: string }[] | undefined;
  return nodes?.some((node) => node?.id === id);
};
