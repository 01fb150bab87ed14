import { type GraphQLSchema, isObjectType } from 'graphql';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema as capig } from '../../../src/dialects/capig/schema.ts';
import { schema as plain } from '../../../src/dialects/plain/schema.ts';
import { schema as prismatic } from '../../../src/dialects/prismatic/schema.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { allBut, newKey, rawId, unique } from '../../shared/fixtures.ts';
import { send, type Variables } from '../../shared/gateway.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { posted } from './table.ts';

/*
 * These APIs answer no part of what they were asked for. Somebody who could not be shown what a mutation answers is told
 * so before anything is changed, and not after it, as if it had failed.
 */

const SCHEMAS: Record<string, GraphQLSchema> = { plain, prismatic, capig };

const ROOTS = /^(Query|\w*Mutations?)$/;

const fieldsOf = (schema: GraphQLSchema) =>
  Object.values(schema.getTypeMap())
    .filter(isObjectType)
    .filter(({ name }) => !ROOTS.test(name))
    .flatMap((type) => Object.values(type.getFields()).map((field) => ({ name: `${type.name}.${field.name}`, field })));

describe('a field that needs a permission by itself', () => {
  for (const [dialect, schema] of Object.entries(SCHEMAS)) {
    it(`says so where it is looked for before a mutation, and in its description: ${dialect}`, () => {
      const fields = fieldsOf(schema);
      expect(fields.length).toBeGreaterThan(10);
      for (const { name, field } of fields) {
        const [, sentence = ''] = /Needs ([^.]*)\.$/.exec(field.description ?? '') ?? [];
        const described = [...sentence.matchAll(/`(\w+:\w+)`/g)].map(([, permission]) => permission);
        expect(field.extensions.needs ?? [], name).toEqual(described);
      }
    });
  }
});

type Case = [what: string, path: string, query: string, input: (world: World) => Variables, permissions: Permission[]];

const USERS = 'users { id roles { tenantName } tenants { tenantUsage { totalPixels } availableRoles { name } } }';

const CASES: Case[] = [
  [
    'Plain',
    '/plain/graphql/v1',
    `mutation($input: AddCustomerToTenantsInput!) { addCustomerToTenants(input: $input) {
      customer { tenantMemberships { edges { node { createdAt { iso8601 } } } } } error { message } } }`,
    ({ customer, otherTenant }) => ({
      customerIdentifier: { customerId: rawId(customer.id) },
      tenantIdentifiers: [{ tenantId: rawId(otherTenant.id) }],
    }),
    ['tenant:read'],
  ],
  [
    'Prismatic',
    '/api',
    `mutation($input: UpdateCustomerInput!) { updateCustomer(input: $input) {
      customer { users { nodes { role { name } customer { name } } } } errors { field } } }`,
    ({ customer }) => ({ id: rawId(customer.id), description: unique('description') }),
    ['user:read', 'role:read', 'customer:read'],
  ],
  [
    'the hub',
    '/hub/graphql/',
    `fragment shown on Tenant { ${USERS} }
    mutation($input: CreateTenantInput!) { tenantMutations { createTenant(input: $input) { tenant { ...shown } } } }`,
    () => ({ name: unique('Tenant'), canPartnerManage: true, eventEnrichment: true }),
    ['user:read', 'role:read', 'tenant:read', 'usage:read'],
  ],
];

describe('a mutation whose answer could not be shown', () => {
  beforeAll(countChanges);

  for (const [what, path, query, input, permissions] of CASES) {
    it(`changes nothing, and names what is missing: ${what}`, async () => {
      const world = await newWorld();
      for (const permission of permissions) {
        const { secret } = await newKey({ permissions: allBut(permission) });
        const before = await changes();
        const { errors, data, text } = await send(posted(path, query, { input: input(world) }, secret));
        expect(data, text).toBeNull();
        expect(errors[0]).toMatchObject({ extensions: { code: 'FORBIDDEN', missingPermissions: [permission] } });
        expect(await changes(), permission).toBe(before);
      }
      const { errors, text } = await send(posted(path, query, { input: input(world) }, (await newKey()).secret));
      expect(errors, text).toEqual([]);
    });
  }

  it('is judged by the operation alone that is executed', async () => {
    const { secret } = await newKey({ permissions: allBut('user:read') });
    const document = `mutation wanted($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { id } errors { field } } }
      mutation other($input: UpdateCustomerInput!) { updateCustomer(input: $input) { customer { users { nodes { id } } } } }`;
    const { customer } = await newWorld();
    const variables = { input: { id: rawId(customer.id), description: unique('description') } };
    const request = new Request(posted('/api', document, variables, secret), {
      body: JSON.stringify({ query: document, variables, operationName: 'wanted' }),
    });
    expect((await send(request)).errors).toEqual([]);
  });

  it('is one at a time where an answer with any error has no data', async () => {
    const [tenant, name] = [(await newWorld()).tenant, unique('Tenant')];
    const update = (alias: string) =>
      `${alias}: updateTenant(input: { tenantId: "${rawId(tenant.id)}", name: "${name}" }) { tenant { id } }`;
    const { secret } = await newKey();
    const before = await changes();
    for (const document of [
      `mutation { tenantMutations { ${update('a')} ${update('b')} } }`,
      `mutation { a: tenantMutations { ${update('a')} } b: tenantMutations { ...Again } }
       fragment Again on TenantMutations { ${update('b')} }`,
    ]) {
      const { status, data, errors, text } = await send(posted('/hub/graphql', document, {}, secret));
      expect([status, data, errors[0]?.extensions.code], text).toEqual([400, null, 'BAD_USER_INPUT']);
    }
    expect(await changes()).toBe(before);
    const one = await send(posted('/hub/graphql', `mutation { tenantMutations { ${update('a')} } }`, {}, secret));
    expect(one.errors).toEqual([]);
  });
});
