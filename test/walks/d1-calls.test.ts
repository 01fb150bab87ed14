import { getNamedType, isCompositeType, isObjectType, parse, TypeInfo, visit, visitWithTypeInfo } from 'graphql';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { schema } from '../../src/graphql/schema.ts';
import { mutate, mutationDocument, newCustomer, newKey, unique } from '../shared/fixtures.ts';
import { ask } from '../shared/gateway.ts';
import { tokenOf } from '../shared/people.ts';
import { rewind } from '../shared/rewind.ts';
import { newWorld } from '../shared/world.ts';
import { MUTATIONS } from './mutations.ts';
import { asker, lastingWorld, newOperationWorld, type OperationWorld } from './operations.ts';
import { QUERIES } from './queries.ts';

describe('the queries that are walked', () => {
  it('ask for every list of the schema', () => {
    const types = new TypeInfo(schema);
    const asked = new Set<unknown>();
    const Field = () => void asked.add(types.getFieldDef());
    for (const { document } of QUERIES) visit(parse(document), visitWithTypeInfo(types, { Field }));
    const lists = Object.values(schema.getTypeMap()).flatMap((type) =>
      // What is followed is a list that is asked for by itself, too.
      isObjectType(type) && type.name !== 'Subscription'
        ? Object.values(type.getFields())
            .filter(({ args }) => args.some(({ name }) => name === 'first'))
            .map((field) => ({ field, place: `${type.name}.${field.name}` }))
        : [],
    );
    expect(lists.length).toBeGreaterThan(10);
    expect(lists.filter(({ field }) => !asked.has(field)).map(({ place }) => place)).toEqual([]);
  });
});

/**
 * D1 calls decide latency: each is a trip over the network. Work behind the answer does not count. A query of any depth is
 * one call, with the check of a credential that this isolate has seen; one that it has not is read first.
 */
describe('D1 calls of a query', () => {
  let world: OperationWorld;
  beforeAll(async () => {
    world = await newOperationWorld();
  });

  for (const query of QUERIES) {
    const { document, variables, fallsBack = 0 } = query;
    it(`${1 + fallsBack} for ${document.replaceAll(/\s+/g, ' ').slice(0, 90)}`, async () => {
      const { secret, input } = await asker(query, world, PERMISSIONS);
      const byRoot = await ask(document, variables?.(world));
      expect(byRoot.errors, byRoot.text).toEqual([]);
      expect(byRoot.calls).toBeLessThanOrEqual(1 + fallsBack);
      const first = await ask(document, input, secret);
      expect(first.errors, first.text).toEqual([]);
      expect(first.calls).toBeLessThanOrEqual(2 + fallsBack);
      const byKey = await ask(document, input, secret);
      expect(byKey.text).toBe(first.text);
      expect(byKey.calls).toBe(1 + fallsBack);
    });
  }
});

/** Where records of each type are found that have fields which lead on to others. */
const FOUND: Record<string, (below: string) => string> = {
  Organization: (below) => `{ organization { ${below} } }`,
  Tenant: (below) => `{ tenants(last: 5) { nodes { ${below} } } }`,
  Customer: (below) => `{ customers(last: 5) { edges { node { ${below} } } } }`,
  User: (below) => `{ users(last: 5) { nodes { ${below} } } }`,
  TenantRole: (below) => `{ users(last: 5) { nodes { tenantRoles { nodes { ${below} } } } } }`,
  Role: (below) => `{ users(last: 5) { nodes { role { ${below} } } } organizationRoles { ${below} } }`,
  Pixel: (below) => `{ tenants(last: 5) { nodes { pixels { nodes { ${below} } } } } }`,
  Pipeline: (below) => `{ tenants(last: 5) { nodes { pipelines { nodes { ${below} } } } } }`,
  Session: (below) => `{ sessions { nodes { ${below} } } }`,
  Webhook: (below) => `{ webhooks { nodes { ${below} } } }`,
  WebhookDelivery: (below) => `{ webhooks { nodes { deliveries { nodes { ${below} } } } } }`,
  Invitation: (below) => `{ invitations(last: 5) { nodes { ${below} } } }`,
  Viewer: (below) => `{ viewer { ${below} } }`,
};

/** What is made of what its record has already, and leads nowhere. */
const MADE_OF_RECORD = [
  'Actor',
  'Reach',
  'BillingProfile',
  'CustomerEmail',
  'ApiKeySecret',
  'TrafficHour',
  'Usage',
  'ImportedRow',
  'RecordedTraffic',
  'AccessCheck',
  'PermissionCheck',
];

describe('each field that leads from a record to others', () => {
  const isRecord = (name: string) =>
    !/^(Query|Mutation|Subscription|__.*)$|(Connection|Edge|Payload|Error)$/.test(name) &&
    !MADE_OF_RECORD.includes(name);
  const leading = Object.values(schema.getTypeMap()).flatMap((type) =>
    isObjectType(type) && isRecord(type.name)
      ? Object.values(type.getFields()).map((field) => ({ type: type.name, field, answer: getNamedType(field.type) }))
      : [],
  );
  /** Usage is made of nothing else, and is found below a tenant. */
  const asked = leading.filter(
    ({ answer }) => isCompositeType(answer) && (answer.name === 'Usage' || !MADE_OF_RECORD.includes(answer.name)),
  );

  for (const { type, field, answer } of asked) {
    const below = answer.name.endsWith('Connection') ? '{ nodes { __typename } totalCount }' : '{ __typename }';
    it(`is read with it: ${type}.${field.name}`, async () => {
      const found = FOUND[type];
      if (!found) throw new Error(`Say where a ${type} is found`);
      const { errors, calls, text } = await ask(found(`${field.name} ${below}`));
      expect(errors, text).toEqual([]);
      expect(calls).toBeLessThanOrEqual(1);
    });
  }

  it('is one of many', () => {
    expect(asked.length).toBeGreaterThan(15);
  });
});

describe('D1 calls of a mutation', () => {
  let world: OperationWorld;
  beforeAll(async () => {
    world = await lastingWorld();
  });
  beforeEach(() => rewind().run());

  for (const mutation of MUTATIONS) {
    const { name, document, fallsBack = 0 } = mutation;
    // An import looks up before it writes. What a payload shows is read along with the write.
    const calls = (name.startsWith('import') ? 2 : 1) + fallsBack;
    it(`${calls} for ${name}: ${document.slice(document.indexOf('Payload')).slice(0, 60)}`, async () => {
      const { secret, input } = await asker(mutation, world, PERMISSIONS);
      await ask('{ viewer { type } }', {}, secret);
      const answer = await ask(document, input, secret);
      expect(answer.data[name].__typename, answer.text).toMatch(/Payload$/);
      expect(answer.calls).toBe(calls);
    });
  }

  // Of a key that this isolate has never seen: reading it is one more, too.
  it('is one more after a value turned out to be taken, with the record that has it', async () => {
    const existing = await newCustomer();
    const { secret } = await newKey();
    const document = mutationDocument('createCustomer', 'customer { id }');
    const answer = await ask(document, { input: { name: existing.name } }, secret);
    expect(answer.data.createCustomer.existing.id).toBe(existing.id);
    expect(answer.calls).toBe(3);
  });

  it('does not grow with the number of records named', async () => {
    const { customer, tenant, otherTenant } = world;
    const tenantIdentifiers = [{ id: tenant.id }, { id: otherTenant.id }];
    const document = mutationDocument('setCustomerTenants', 'customer { id }');
    const answer = await ask(document, { input: { customerIdentifier: { id: customer.id }, tenantIdentifiers } });
    expect(answer.calls).toBe(1);
  });
});

describe('loads that become ready together', () => {
  it('go to D1 in one call, however many fields ask', async () => {
    const { customer, tenant } = await newWorld();
    const answer = await ask(
      `query($c: ID!, $t: ID!, $e: String!) {
        one: customer(id: $c) { name } two: node(id: $t) { id } three: customerBy(identifier: { email: $e }) { id }
        organization { name } customers { nodes { id } totalCount } events { totalCount } permissions { totalCount } }`,
      { c: customer.id, t: tenant.id, e: customer.email },
    );
    expect(answer.errors).toEqual([]);
    expect(answer.calls).toBe(1);
  });

  it('wait for what has to be found out before it is known what else to read', async () => {
    const { tenant, tenantUser } = await newWorld();
    const token = await tokenOf(tenantUser.id, tenant.id);
    const { data, errors, calls } = await ask(
      `query($c: [AccessCheckInput!]!) { organization { name } one: checkAccess(checks: $c) { isGood }
        tenants { nodes { customers { totalCount } } } two: checkAccess(checks: $c) { name } }`,
      { c: [{ credential: token }, { credential: 'invented' }] },
    );
    expect(errors).toEqual([]);
    expect([data.one[0].isGood, data.two[0].name]).toEqual([true, tenantUser.name]);
    expect(calls).toBe(1);
  });

  it('are one statement for a whole list of parents, in the call of the parents', async () => {
    const { tenant } = await newWorld();
    for (let count = 0; count < 5; count += 1) {
      await mutate('createCustomer', 'customer { id }', { name: unique('C'), tenantIdentifiers: [{ id: tenant.id }] });
    }
    const answer = await ask(
      '{ customers(last: 10) { nodes { tenants(first: 5) { nodes { customers { nodes { id } } } } } } }',
    );
    expect(answer.errors).toEqual([]);
    expect(answer.calls).toBe(1);
  });
});
