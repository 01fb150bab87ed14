import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { globalId, newKey, newTenant, succeed } from '../fixtures.ts';
import type { Answer } from '../gateway.ts';

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
  tenants: readonly TenantName[];
  deleted: boolean;
  exists: boolean;
}

export const CUSTOMERS: Record<State, Subject> = {
  'in reach of a': { tenants: ['a'], deleted: false, exists: true },
  'in reach of b': { tenants: ['b'], deleted: false, exists: true },
  shared: { tenants: ['a', 'b'], deleted: false, exists: true },
  'in no tenant': { tenants: [], deleted: false, exists: true },
  deleted: { tenants: ['a'], deleted: true, exists: true },
  'deleted in b': { tenants: ['b'], deleted: true, exists: true },
  'not existing': { tenants: [], deleted: false, exists: false },
};

export interface ViewerKind {
  name: string;
  /** Null: the whole organization. */
  reach: readonly TenantName[] | null;
}

export const VIEWERS: readonly ViewerKind[] = [
  { name: 'the root key', reach: null },
  { name: 'a key of the organization', reach: null },
  { name: 'a key of tenant a', reach: ['a'] },
  { name: 'a key of tenants a and b', reach: ['a', 'b'] },
  { name: 'a key whose only tenant is deleted', reach: [] },
];

export const reaches = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.some((tenant) => reach.includes(tenant));
export const reachesAll = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.every((tenant) => reach.includes(tenant));
/** In reach and live. */
export const sees = (viewer: ViewerKind, { exists, deleted, tenants }: Subject) =>
  exists && !deleted && reaches(viewer, tenants);

export type Outcome = 'found' | 'absent' | 'done' | 'not_found' | 'out_of_reach' | 'already_exists';

export const tenantIds = { a: '', b: '', gone: '' };
export const secrets = new Map<string, string | undefined>();
export const keysByReach = new Map<TenantName | 'organization' | 'ab', string>();

export const slug = (state: string) => state.replaceAll(' ', '-');
const STATES = Object.keys(CUSTOMERS) as State[];
export const customerIds = Object.fromEntries(
  STATES.map((state, index) => [state, `01900000-0000-7000-8000-00000000000${index}`]),
) as Record<State, string>;
export const idOf = (state: State) => globalId('Customer', customerIds[state]);
/** The event of the customer's creation. */
const eventNumberOf = (state: State) => 1_000_000 + STATES.indexOf(state);
export const eventIdOf = (state: State) => globalId('Event', String(eventNumberOf(state)));

export const nameOf = (name: TenantName | 'none') => `tenant ${name}`;
export const rawTenant = (name: TenantName) => atob(tenantIds[name]).slice('Tenant:'.length);

/** Puts all customers and tenants back as the table above says. */
export async function reset(): Promise<void> {
  const statements = [
    'DELETE FROM membership',
    'DELETE FROM customer',
    "DELETE FROM event WHERE subject_type IN ('Customer', 'Tenant')",
    'DELETE FROM event_tenant WHERE event_id NOT IN (SELECT id FROM event)',
  ].map((sql) => env.DB.prepare(sql));
  for (const name of ['a', 'b', 'gone'] as const) {
    statements.push(
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
         VALUES (?1, 'COMPANY', ?2, ?2, ?2 || '@x.example', ?2 || '@x.example', 0, ?2, ?2, '["l"]', 1, 1, ?3)`,
      ).bind(id, slug(state), deleted ? 2 : null),
      env.DB.prepare(
        `INSERT INTO event (id, command_id, type, subject_type, subject_id, actor_type, created_at)
         VALUES (?2, ?1, 'customer.created', 'Customer', ?1, 'ROOT', 1)`,
      ).bind(id, eventNumberOf(state)),
    );
    for (const tenant of tenants) {
      statements.push(
        env.DB.prepare(
          'INSERT INTO membership SELECT ?1, id, 1, deleted, kind, name_key, updated_at FROM customer WHERE id = ?2',
        ).bind(rawTenant(tenant), id),
        env.DB.prepare(
          'INSERT INTO event_tenant SELECT ?1, id, type, actor_type, actor_id FROM event WHERE subject_id = ?2',
        ).bind(rawTenant(tenant), id),
      );
    }
  }
  await env.DB.batch(statements);
}

/** All that a viewer must not change, whatever they may do: tenants, memberships and customers beyond their reach. */
export async function beyond({ reach }: ViewerKind): Promise<string> {
  if (reach === null) return '';
  const own = JSON.stringify(reach.map(rawTenant));
  const outside = 'NOT IN (SELECT value FROM json_each(?1))';
  const results = await env.DB.batch(
    [
      `SELECT * FROM tenant WHERE id ${outside} ORDER BY id`,
      `SELECT tenant_id, customer_id FROM membership WHERE tenant_id ${outside} ORDER BY tenant_id, customer_id`,
      `SELECT * FROM customer WHERE id LIKE '01900000%' AND (
        EXISTS (SELECT 1 FROM membership WHERE customer_id = id AND tenant_id ${outside})
        OR NOT EXISTS (SELECT 1 FROM event_tenant JOIN event ON event.id = event_id
          WHERE subject_id = customer.id AND tenant_id ${outside.slice('NOT '.length)})) ORDER BY id`,
    ].map((sql) => env.DB.prepare(sql).bind(own)),
  );
  return JSON.stringify(results.map(({ results }) => results));
}

export async function prepare(): Promise<void> {
  for (const name of ['a', 'b', 'gone'] as const)
    tenantIds[name] = (await newTenant({ name: nameOf(name), externalId: name })).id;
  const keyOf = (names: readonly TenantName[] | null) =>
    newKey(names ? { tenants: names.map((name) => tenantIds[name]) } : {});
  for (const { name, reach } of VIEWERS) {
    const names = reach?.length === 0 ? (['gone'] as const) : reach;
    secrets.set(name, name === 'the root key' ? undefined : (await keyOf(names)).secret);
  }
  keysByReach.set('organization', (await keyOf(null)).id);
  keysByReach.set('a', (await keyOf(['a'])).id);
  keysByReach.set('b', (await keyOf(['b'])).id);
  keysByReach.set('ab', (await keyOf(['a', 'b'])).id);
  await succeed('deleteTenant', 'tenant { id }', { id: tenantIds.gone });
}

export const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME'];

/** What was asked is in the answer, or it is not, or the mutation answered an error. */
export const readOutcome = (answer: Answer, found: (data: Answer['data']) => unknown): Outcome => {
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
  ask: (record: Record, key: string | undefined) => Promise<Answer>;
  outcome: (answer: Answer, record: Record, viewer: ViewerKind) => Outcome;
  expected: (viewer: ViewerKind, record: Record) => Outcome;
  /** For what does not only look for the record: that a unique value is taken may show, and who may be granted what. */
  tellsApart?: boolean;
}

export const someNode = (data: Answer['data'], path: string, id: string) => {
  const nodes = path.split('.').reduce((value, step) => value?.[step], data) as { id: string }[] | undefined;
  return nodes?.some((node) => node?.id === id);
};
