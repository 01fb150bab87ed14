import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../src/graphql/schema.ts';
import { dump, globalId, mutationDocument, newKey, newTenant, succeed, unique } from './fixtures.ts';
import { type Answer, ask, type Variables } from './gateway.ts';

/**
 * Every operation × every kind of viewer × every state of the record, against what the design's two tables say. The
 * expectation is computed from sets of tenants, independently of the SQL that is tested.
 */

type TenantName = 'a' | 'b' | 'gone';
type State =
  | 'in reach of a'
  | 'in reach of b'
  | 'shared'
  | 'in no tenant'
  | 'deleted'
  | 'deleted in b'
  | 'not existing';

interface Subject {
  tenants: readonly TenantName[];
  deleted: boolean;
  exists: boolean;
}

const CUSTOMERS: Record<State, Subject> = {
  'in reach of a': { tenants: ['a'], deleted: false, exists: true },
  'in reach of b': { tenants: ['b'], deleted: false, exists: true },
  shared: { tenants: ['a', 'b'], deleted: false, exists: true },
  'in no tenant': { tenants: [], deleted: false, exists: true },
  deleted: { tenants: ['a'], deleted: true, exists: true },
  'deleted in b': { tenants: ['b'], deleted: true, exists: true },
  'not existing': { tenants: [], deleted: false, exists: false },
};

interface ViewerKind {
  name: string;
  /** Null: the whole organization. */
  reach: readonly TenantName[] | null;
}

const VIEWERS: readonly ViewerKind[] = [
  { name: 'the root key', reach: null },
  { name: 'a key of the organization', reach: null },
  { name: 'a key of tenant a', reach: ['a'] },
  { name: 'a key of tenants a and b', reach: ['a', 'b'] },
  { name: 'a key whose only tenant is deleted', reach: [] },
];

const reaches = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.some((tenant) => reach.includes(tenant));
const reachesAll = ({ reach }: ViewerKind, tenants: readonly TenantName[]) =>
  reach === null || tenants.every((tenant) => reach.includes(tenant));
/** In reach and live. */
const sees = (viewer: ViewerKind, { exists, deleted, tenants }: Subject) =>
  exists && !deleted && reaches(viewer, tenants);

type Outcome = 'found' | 'absent' | 'done' | 'not_found' | 'out_of_reach' | 'already_exists';

const tenantIds = { a: '', b: '', gone: '' };
const secrets = new Map<string, string | undefined>();
const keysByReach = new Map<TenantName | 'organization' | 'ab', string>();

const slug = (state: string) => state.replaceAll(' ', '-');
const uuidOf = (state: string) => {
  const hex = [...slug(state)]
    .map((letter) => letter.charCodeAt(0).toString(16))
    .join('')
    .padEnd(12, '0')
    .slice(0, 12);
  return `01900000-0000-7000-8000-${hex}`;
};
const idOf = (state: State) => globalId('Customer', customerIds[state]);
const customerIds = Object.fromEntries(
  Object.keys(CUSTOMERS).map((state, index) => [
    state,
    `${uuidOf(state).slice(0, -2)}${String(index).padStart(2, '0')}`,
  ]),
) as Record<State, string>;

const rawTenant = (name: TenantName) => atob(tenantIds[name]).slice('Tenant:'.length);

/** Puts all customers and tenants back as the table above says. */
async function reset(): Promise<void> {
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
      ).bind(name, name === 'gone' ? 1 : null, rawTenant(name)),
    );
  }
  statements.push(env.DB.prepare("DELETE FROM tenant WHERE name NOT IN ('a', 'b', 'gone')"));
  for (const [state, { exists, deleted, tenants }] of Object.entries(CUSTOMERS) as [State, Subject][]) {
    if (!exists) continue;
    const id = customerIds[state];
    statements.push(
      env.DB.prepare(
        `INSERT INTO customer (id, kind, name, name_key, email, email_key, email_verified, external_id, external_id_key,
          created_at, updated_at, deleted_at)
         VALUES (?1, 'COMPANY', ?2, ?2, ?2 || '@x.example', ?2 || '@x.example', 0, ?2, ?2, 1, 1, ?3)`,
      ).bind(id, slug(state), deleted ? 2 : null),
      env.DB.prepare(
        `INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, created_at)
         VALUES (?1, 'customer.created', 'Customer', ?1, 'ROOT', 1)`,
      ).bind(id),
    );
    for (const tenant of tenants) {
      statements.push(
        env.DB.prepare(
          'INSERT INTO membership SELECT ?1, id, 1, deleted, kind, name_key, updated_at FROM customer WHERE id = ?2',
        ).bind(rawTenant(tenant), id),
        env.DB.prepare('INSERT INTO event_tenant SELECT ?1, id, type FROM event WHERE subject_id = ?2').bind(
          rawTenant(tenant),
          id,
        ),
      );
    }
  }
  await env.DB.batch(statements);
}

beforeAll(async () => {
  for (const name of ['a', 'b', 'gone'] as const) tenantIds[name] = (await newTenant({ name, externalId: name })).id;
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
});

let walked = 0;
afterAll(() => console.log(`${walked} cells of operation × viewer × record were walked`));

/** What was asked is in the answer, or it is not, or the mutation answered an error. */
const readOutcome = (answer: Answer, found: (data: Answer['data']) => unknown): Outcome => {
  expect(answer.errors, answer.text).toEqual([]);
  return found(answer.data) ? 'found' : 'absent';
};
const writeOutcome = (answer: Answer): Outcome => {
  expect(answer.errors, answer.text).toEqual([]);
  const [result] = Object.values(answer.data) as { code?: Outcome }[];
  return result?.code ?? 'done';
};

interface Operation<Record extends string> {
  /** The root fields that it covers. */
  covers: string;
  name: string;
  ask: (record: Record, key: string | undefined) => Promise<Answer>;
  outcome: (answer: Answer, record: Record) => Outcome;
  expected: (viewer: ViewerKind, record: Record) => Outcome;
  /** For what does not only look for the record: that a unique value is taken may show, and who may be granted what. */
  tellsApart?: boolean;
}

const query = (document: string, variables: (state: State) => Variables) => (state: State, key: string | undefined) =>
  ask(document, variables(state), key);
const mutation =
  (name: string, payload: string, input: (state: State) => Variables) => (state: State, key: string | undefined) =>
    ask(mutationDocument(name, payload), { input: input(state) }, key);

const visible = (viewer: ViewerKind, state: State): Outcome => (sees(viewer, CUSTOMERS[state]) ? 'found' : 'absent');
const editable = (viewer: ViewerKind, state: State): Outcome => {
  if (!sees(viewer, CUSTOMERS[state])) return 'not_found';
  return reachesAll(viewer, CUSTOMERS[state].tenants) ? 'done' : 'out_of_reach';
};
const someNode = (data: Answer['data'], path: string, id: string) => {
  const nodes = path.split('.').reduce((value, step) => value?.[step], data) as { id: string }[] | undefined;
  return nodes?.some((node) => node?.id === id);
};

const reads: Operation<State>[] = [
  ['customer', 'query($id: ID!) { customer(id: $id) { id } }', (state: State) => ({ id: idOf(state) })],
  ['node', 'query($id: ID!) { node(id: $id) { id } }', (state: State) => ({ id: idOf(state) })],
  ...(['id', 'externalId', 'email'] as const).map((by): [string, string, (state: State) => Variables] => [
    'customerBy',
    'query($i: CustomerIdentifier!) { customerBy(identifier: $i) { id } }',
    (state) => ({ i: { [by]: { id: idOf(state), externalId: slug(state), email: `${slug(state)}@x.example` }[by] } }),
  ]),
].map(([covers, document, variables]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, variables as (state: State) => Variables),
  outcome: (answer) => readOutcome(answer, (data) => Object.values(data)[0]),
  expected: visible,
}));

const ORDERS = ['CREATED_AT', 'UPDATED_AT', 'NAME'];
const lists: Operation<State>[] = [
  ['nodes', 'query($ids: [ID!]!) { nodes(ids: $ids) { id } }', 'nodes', (state: State) => ({ ids: [idOf(state)] })],
  ...ORDERS.map((field) => [
    'customers',
    `{ customers(first: 100, orderBy: { field: ${field} }) { nodes { id } } }`,
    'customers.nodes',
    () => ({}),
  ]),
  ['customers', '{ customers(filter: { kind: COMPANY }, last: 100) { nodes { id } } }', 'customers.nodes', () => ({})],
  [
    'customers',
    'query($ids: [String!]) { customers(filter: { externalIds: $ids }) { nodes { id } } }',
    'customers.nodes',
    (state: State) => ({ ids: [slug(state)] }),
  ],
].map(([covers, document, path, variables]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, variables as (state: State) => Variables),
  outcome: (answer, state) => readOutcome(answer, (data) => someNode(data, path as string, idOf(state))),
  expected: visible,
}));

const nested: Operation<State>[] = (['a', 'b'] as const).flatMap((tenant) => [
  {
    covers: 'tenant',
    name: `Tenant.customers of ${tenant}`,
    ask: (_, key) =>
      ask('query($id: ID!) { tenant(id: $id) { customers { nodes { id } } } }', { id: tenantIds[tenant] }, key),
    outcome: (answer, state) => readOutcome(answer, (data) => someNode(data, 'tenant.customers.nodes', idOf(state))),
    expected: (viewer, state) =>
      reaches(viewer, [tenant]) && visible(viewer, state) === 'found' && CUSTOMERS[state].tenants.includes(tenant)
        ? 'found'
        : 'absent',
  },
  {
    covers: 'customer',
    name: `Customer.tenants has ${tenant}`,
    ask: query('query($id: ID!) { customer(id: $id) { tenants { nodes { id } totalCount } } }', (state) => ({
      id: idOf(state),
    })),
    outcome: (answer) => readOutcome(answer, (data) => someNode(data, 'customer.tenants.nodes', tenantIds[tenant])),
    expected: (viewer, state) =>
      visible(viewer, state) === 'found' && CUSTOMERS[state].tenants.includes(tenant) && reaches(viewer, [tenant])
        ? 'found'
        : 'absent',
  },
]);

const events: Operation<State>[] = [
  ['events', 'query($s: ID!) { events(filter: { subject: $s }) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100, filter: { types: ["customer.created"] }) { nodes { subjectId } } }'],
  ['events', '{ events(first: 100, filter: { actor: { type: ROOT } }) { nodes { subjectId } } }'],
].map(([covers, document]) => ({
  covers: covers as string,
  name: `${covers} ${document}`,
  ask: query(document as string, (state) => ((document as string).includes('$s') ? { s: idOf(state) } : {})),
  outcome: (answer, state) =>
    readOutcome(answer, (data) =>
      data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === idOf(state)),
    ),
  expected: (viewer, state) =>
    CUSTOMERS[state].exists && reaches(viewer, CUSTOMERS[state].tenants) ? 'found' : 'absent',
}));

const edits: Operation<State>[] = [
  {
    covers: 'updateCustomer',
    name: 'updateCustomer',
    ask: mutation('updateCustomer', 'customer { id }', (state) => ({ id: idOf(state), description: 'changed' })),
    outcome: writeOutcome,
    expected: editable,
  },
  {
    covers: 'updateCustomer',
    name: 'updateCustomer at another version',
    ask: mutation('updateCustomer', 'customer { id }', (state) => ({
      id: idOf(state),
      description: 'x',
      expectedVersion: 9,
    })),
    outcome: (answer) => (writeOutcome(answer) === ('version_conflict' as Outcome) ? 'done' : writeOutcome(answer)),
    expected: editable,
  },
  {
    covers: 'deleteCustomer',
    name: 'deleteCustomer',
    ask: mutation('deleteCustomer', 'customer { id }', (state) => ({ id: idOf(state) })),
    outcome: writeOutcome,
    expected: editable,
  },
  {
    covers: 'restoreCustomer',
    name: 'restoreCustomer',
    ask: mutation('restoreCustomer', 'customer { id }', (state) => ({ id: idOf(state) })),
    outcome: writeOutcome,
    expected: (viewer, state) => {
      const { exists, tenants } = CUSTOMERS[state];
      if (!exists || !reaches(viewer, tenants)) return 'not_found';
      return reachesAll(viewer, tenants) ? 'done' : 'out_of_reach';
    },
  },
];

const upserts: Operation<State>[] = (['id', 'externalId', 'email'] as const).flatMap((by) =>
  (['a', null] as const).map((joined) => ({
    covers: 'upsertCustomer',
    name: `upsertCustomer by ${by}, joining ${joined ?? 'none'}`,
    tellsApart: by !== 'id',
    ask: mutation('upsertCustomer', 'customer { id } outcome', (state) => ({
      identifier: { [by]: { id: idOf(state), externalId: slug(state), email: `${slug(state)}@x.example` }[by] },
      name: unique('Upserted'),
      tenantIdentifiers: joined ? [{ id: tenantIds[joined] }] : [],
    })),
    outcome: writeOutcome,
    expected: (viewer: ViewerKind, state: State): Outcome => {
      const subject = CUSTOMERS[state];
      if (viewer.reach !== null && joined === null) return 'out_of_reach';
      if (joined !== null && !reaches(viewer, [joined])) return 'not_found';
      if (by === 'id') return editable(viewer, state);
      if (!subject.exists || subject.deleted) return 'done';
      return sees(viewer, subject) ? editable(viewer, state) : 'already_exists';
    },
  })),
);

const membershipCommands = ['addCustomerToTenants', 'removeCustomerFromTenants', 'setCustomerTenants'];
const membershipChanges: Operation<State>[] = membershipCommands.flatMap((name) =>
  (['a', 'b'] as const).map((tenant) => ({
    covers: name,
    name: `${name} ${tenant}`,
    ask: mutation(name, 'customer { id }', (state) => ({
      customerIdentifier: { id: idOf(state) },
      tenantIdentifiers: [{ externalId: tenant }],
    })),
    outcome: writeOutcome,
    expected: (viewer: ViewerKind, state: State): Outcome =>
      sees(viewer, CUSTOMERS[state]) && reaches(viewer, [tenant]) ? 'done' : 'not_found',
  })),
);

const creations: Operation<State>[] = (['a', 'b', 'gone', null] as const).map((tenant) => ({
  covers: 'createCustomer',
  name: `createCustomer in ${tenant ?? 'no tenant'} with the external id of the record`,
  tellsApart: true,
  ask: mutation('createCustomer', 'customer { id }', (state) => ({
    name: unique('New'),
    externalId: slug(state),
    tenantIdentifiers: tenant ? [{ id: tenantIds[tenant] }] : [],
  })),
  outcome: (answer, state) => {
    const result = answer.data.createCustomer;
    // Who has the value is shown to those only who may see it.
    if (result.existing) expect(result.existing.id).toBe(idOf(state));
    return writeOutcome(answer);
  },
  expected: (viewer, state) => {
    if (viewer.reach !== null && tenant === null) return 'out_of_reach';
    if (tenant !== null && (tenant === 'gone' || !reaches(viewer, [tenant]))) return 'not_found';
    return CUSTOMERS[state].exists && !CUSTOMERS[state].deleted ? 'already_exists' : 'done';
  },
}));

const CUSTOMER_OPERATIONS = [
  ...reads,
  ...lists,
  ...nested,
  ...events,
  ...edits,
  ...upserts,
  ...membershipChanges,
  ...creations,
];

type TenantState = TenantName | 'none';
const tenantId = (name: TenantState) =>
  name === 'none' ? globalId('Tenant', '01900000-0000-7000-8000-00000000ffff') : tenantIds[name];
const seesTenant = (viewer: ViewerKind, name: TenantState) => (name === 'a' || name === 'b') && reaches(viewer, [name]);
const tenantQuery = (
  covers: string,
  document: string,
  variables: (name: TenantState) => Variables,
  path?: string,
): Operation<TenantState> => ({
  covers,
  name: `${covers} ${document}`,
  ask: (name, key) => ask(document, variables(name), key),
  outcome: (answer, name) =>
    readOutcome(answer, (data) => (path ? someNode(data, path, tenantId(name)) : Object.values(data)[0])),
  expected: (viewer, name) => (seesTenant(viewer, name) ? 'found' : 'absent'),
});
const tenantMutation = (
  covers: string,
  input: (name: TenantState) => Variables,
  expected: Operation<TenantState>['expected'],
): Operation<TenantState> => ({
  covers,
  name: `${covers} ${Object.keys(input('none')).join(' ')}`,
  tellsApart: covers === 'upsertTenant' || covers === 'createTenant',
  ask: (name, key) => ask(mutationDocument(covers, 'tenant { id }'), { input: input(name) }, key),
  outcome: writeOutcome,
  expected,
});
const organizationOnly =
  (then: Operation<TenantState>['expected']): Operation<TenantState>['expected'] =>
  (viewer, name) =>
    viewer.reach === null ? then(viewer, name) : 'out_of_reach';

const TENANT_OPERATIONS: Operation<TenantState>[] = [
  tenantQuery('tenant', 'query($id: ID!) { tenant(id: $id) { id } }', (name) => ({ id: tenantId(name) })),
  tenantQuery('node', 'query($id: ID!) { node(id: $id) { id } }', (name) => ({ id: tenantId(name) })),
  tenantQuery(
    'nodes',
    'query($ids: [ID!]!) { nodes(ids: $ids) { id } }',
    (name) => ({ ids: [tenantId(name)] }),
    'nodes',
  ),
  tenantQuery('tenantBy', 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { id } }', (name) => ({
    i: { id: tenantId(name) },
  })),
  tenantQuery('tenantBy', 'query($i: TenantIdentifier!) { tenantBy(identifier: $i) { id name } }', (name) => ({
    i: { externalId: name },
  })),
  ...ORDERS.map((field) =>
    tenantQuery(
      'tenants',
      `{ tenants(first: 100, orderBy: { field: ${field} }) { nodes { id } } }`,
      () => ({}),
      'tenants.nodes',
    ),
  ),
  tenantQuery(
    'tenants',
    'query($x: [String!]) { tenants(filter: { externalIds: $x }) { nodes { id } } }',
    (name) => ({ x: [name] }),
    'tenants.nodes',
  ),
  tenantQuery('tenants', '{ tenants(filter: { status: [ACTIVE] }) { nodes { id } } }', () => ({}), 'tenants.nodes'),
  tenantMutation(
    'updateTenant',
    (name) => ({ id: tenantId(name), description: unique('d') }),
    (viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found'),
  ),
  tenantMutation(
    'upsertTenant',
    (name) => ({ identifier: { id: tenantId(name) }, description: unique('d') }),
    (viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found'),
  ),
  tenantMutation(
    'upsertTenant',
    (name) => ({ identifier: { externalId: name }, name: unique('upserted') }),
    (viewer, name) => {
      if (name === 'a' || name === 'b') return seesTenant(viewer, name) ? 'done' : 'already_exists';
      return viewer.reach === null ? 'done' : 'out_of_reach';
    },
  ),
  tenantMutation(
    'createTenant',
    (name) => ({ name: unique('created'), externalId: name }),
    organizationOnly((_, name) => (name === 'a' || name === 'b' ? 'already_exists' : 'done')),
  ),
  tenantMutation(
    'deleteTenant',
    (name) => ({ id: tenantId(name) }),
    organizationOnly((viewer, name) => (seesTenant(viewer, name) ? 'done' : 'not_found')),
  ),
  tenantMutation(
    'restoreTenant',
    (name) => ({ id: tenantId(name) }),
    organizationOnly((_, name) => (name === 'none' ? 'not_found' : 'done')),
  ),
];

type KeyState = 'organization' | 'a' | 'b' | 'ab' | 'none';
const apiKeyId = (state: KeyState) =>
  state === 'none' ? globalId('ApiKey', '01900000-0000-7000-8000-00000000eeee') : (keysByReach.get(state) ?? '');
const KEY_TENANTS: Record<KeyState, readonly TenantName[] | null> = {
  organization: null,
  a: ['a'],
  b: ['b'],
  ab: ['a', 'b'],
  none: [],
};
const holdsKey = (viewer: ViewerKind, state: KeyState) => {
  const tenants = KEY_TENANTS[state];
  if (state === 'none') return false;
  return tenants === null ? viewer.reach === null : reachesAll(viewer, tenants);
};
const keyOperation = (
  covers: string,
  document: string,
  variables: (state: KeyState) => Variables,
  outcome: Operation<KeyState>['outcome'],
): Operation<KeyState> => ({
  covers,
  name: `${covers} ${document.slice(0, 50)}`,
  ask: (state, key) => ask(document, variables(state), key),
  outcome,
  expected: (viewer, state) => {
    if (holdsKey(viewer, state)) return outcome === writeOutcome ? 'done' : 'found';
    return outcome === writeOutcome ? 'not_found' : 'absent';
  },
});

const KEY_OPERATIONS: Operation<KeyState>[] = [
  keyOperation(
    'node',
    'query($id: ID!) { node(id: $id) { id } }',
    (state) => ({ id: apiKeyId(state) }),
    (answer) => readOutcome(answer, (data) => data.node),
  ),
  keyOperation(
    'apiKeys',
    '{ apiKeys(first: 100) { nodes { id } } }',
    () => ({}),
    (answer, state) => readOutcome(answer, (data) => someNode(data, 'apiKeys.nodes', apiKeyId(state))),
  ),
  ...[
    '{ events(first: 100) { nodes { subjectId } } }',
    '{ events(first: 100, filter: { types: ["apiKey.created"] }) { nodes { subjectId } } }',
  ].map((document) =>
    keyOperation(
      'events',
      document,
      () => ({}),
      (answer, state) =>
        readOutcome(answer, (data) =>
          data.events.nodes.some(({ subjectId }: { subjectId: string }) => subjectId === apiKeyId(state)),
        ),
    ),
  ),
  keyOperation(
    'events',
    'query($s: ID!) { events(filter: { subject: $s }) { nodes { id } } }',
    (state) => ({ s: apiKeyId(state) }),
    (answer) => readOutcome(answer, (data) => data.events.nodes.length > 0),
  ),
  keyOperation(
    'rotateApiKey',
    mutationDocument('rotateApiKey', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state) } }),
    writeOutcome,
  ),
  {
    covers: 'createApiKey',
    name: 'createApiKey with the reach of the record',
    tellsApart: true,
    ask: (state, key) => {
      const tenants = KEY_TENANTS[state];
      const reach =
        tenants === null
          ? { reach: 'ORGANIZATION' }
          : {
              reach: 'TENANTS',
              tenantIdentifiers: (tenants.length > 0 ? tenants : (['gone'] as const)).map((name) => ({
                id: tenantIds[name],
              })),
            };
      return ask(
        mutationDocument('createApiKey', 'apiKey { id }'),
        { input: { name: 'k', permissions: ['tenant:read'], ...reach } },
        key,
      );
    },
    outcome: writeOutcome,
    expected: (viewer, state) => {
      if (holdsKey(viewer, state)) return 'done';
      return KEY_TENANTS[state] === null ? 'out_of_reach' : 'not_found';
    },
  },
  keyOperation(
    'revokeApiKey',
    mutationDocument('revokeApiKey', 'apiKey { id }'),
    (state) => ({ input: { id: apiKeyId(state) } }),
    writeOutcome,
  ),
];

/** Walks one operation over all viewers and records. */
function walk<Record extends string>(
  operations: readonly Operation<Record>[],
  records: readonly Record[],
  absent: Record,
  isHidden: (viewer: ViewerKind, record: Record) => boolean,
): void {
  for (const operation of operations) {
    it(operation.name.replaceAll(/\s+/g, ' '), async () => {
      for (const viewer of VIEWERS) {
        const key = secrets.get(viewer.name);
        await reset();
        const whenAbsent = (await operation.ask(absent, key)).text;
        await reset();
        let before = await dump();
        for (const record of records) {
          const cell = `${viewer.name}, ${record}`;
          const answer = await operation.ask(record, key);
          const outcome = operation.outcome(answer, record);
          expect(outcome, `${cell}: ${answer.text}`).toBe(operation.expected(viewer, record));
          const after = await dump();
          if (outcome === 'done') {
            await reset();
            before = await dump();
          } else {
            expect(after === before, `${cell}: nothing may change`).toBe(true);
            const unseen = (outcome === 'absent' || outcome === 'not_found') && isHidden(viewer, record);
            if (unseen && !operation.tellsApart) expect(answer.text, cell).toBe(whenAbsent);
          }
          walked += 1;
        }
      }
    });
  }
}

describe('customers', () => {
  const states = Object.keys(CUSTOMERS) as State[];
  walk(CUSTOMER_OPERATIONS, states, 'not existing', (viewer, state) => !sees(viewer, CUSTOMERS[state]));
});

describe('tenants', () => {
  walk(TENANT_OPERATIONS, ['a', 'b', 'gone', 'none'], 'none', (viewer, name) => !seesTenant(viewer, name));
});

describe('API keys', () => {
  walk(KEY_OPERATIONS, ['organization', 'a', 'b', 'ab', 'none'], 'none', (viewer, state) => !holdsKey(viewer, state));
});

describe('the matrix', () => {
  it('has every operation that reaches records', () => {
    const covered = new Set(
      [...CUSTOMER_OPERATIONS, ...TENANT_OPERATIONS, ...KEY_OPERATIONS].map(({ covers }) => covers),
    );
    const everyone = ['viewer', 'organization', 'permissions', 'updateOrganization'];
    const all = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(all.filter((field) => !covered.has(field)).sort()).toEqual(everyone.sort());
  });
});
