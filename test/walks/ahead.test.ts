import { type GraphQLSchema, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema as prismatic } from '../../src/dialects/prismatic/schema.ts';
import { readSchema } from '../../src/graphql/read-schema.ts';
import { schema as own } from '../../src/graphql/schema.ts';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { newScene } from '../attack/attackers.ts';
import { randomDocument } from '../attack/random-documents.ts';
import { Dice } from '../shared/dice.ts';
import { mutate, newCustomerUser, newKey, newTenant, newTenantUser, succeed, unique } from '../shared/fixtures.ts';
import { type Answer, ask, send } from '../shared/gateway.ts';
import { newWorld } from '../shared/world.ts';
import { posted } from './dialects/table.ts';

const SEED = 20_261_129;
const DOCUMENTS = 250;
/** So many of them take fewer calls because of what is read ahead. */
const MANY = 10;

/** Lets every field read for itself, after its records. */
async function withoutLinks(schema: GraphQLSchema, send: () => Promise<Answer>): Promise<Answer> {
  const asked = schema === own ? [own, readSchema] : [schema];
  const linked = asked
    .flatMap((one) => Object.values(one.getTypeMap()))
    .flatMap((type) => (isObjectType(type) ? Object.values(type.getFields()) : []))
    .map(({ extensions }) => ({ extensions, link: extensions.link }));
  for (const { extensions } of linked) Object.assign(extensions, { link: undefined });
  try {
    return await send();
  } finally {
    for (const { extensions, link } of linked) Object.assign(extensions, { link });
  }
}

/** What differs between any two answers. */
const withoutIds = ({ text }: Answer) => text.replaceAll(/"requestId":"[^"]+"/g, '');

it('whatever is read ahead of its records is what it is when it is read after them', async () => {
  const scene = await newScene();
  const { tenant, customer } = await newWorld();
  for (const attacker of scene.attackers.slice(0, 3)) await newCustomerUser(customer.id, { name: attacker.name });
  for (let count = 0; count < 3; count += 1) await newTenantUser(tenant.id);
  // A credential is read once by an isolate that has not seen it.
  for (const { token } of scene.attackers) await ask('{ viewer { type } }', {}, token);
  const dice = new Dice(SEED);
  let fewerCalls = 0;
  for (let count = 0; count < DOCUMENTS; count += 1) {
    const { path, schema } = dice.one(GRAPHQL_APIS);
    const { token } = dice.one(scene.attackers);
    const { query, variables } = randomDocument(schema, dice, scene.known);
    if (query.startsWith('mutation')) continue;
    const ahead = await send(posted(path, query, variables, token));
    const after = await withoutLinks(schema, () => send(posted(path, query, variables, token)));
    expect(withoutIds(ahead), `${path} ${query} ${JSON.stringify(variables)}`).toBe(withoutIds(after));
    expect(ahead.calls, `${path} ${query} ${JSON.stringify(variables)}`).toBeLessThanOrEqual(after.calls);
    if (ahead.calls < after.calls) fewerCalls += 1;
  }
  expect(fewerCalls).toBeGreaterThan(MANY);
});

it('more links than are read ahead are followed all the same', async () => {
  const { customer } = await newWorld();
  const lists = Array.from(
    { length: 20 },
    (_, index) => `a${index}: users(first: ${1 + index}) { totalCount nodes { id role { id } } }`,
  );
  const { data, errors } = await ask(`query($id: ID!) { customer(id: $id) { ${lists.join(' ')} } }`, {
    id: customer.id,
  });
  expect(errors).toEqual([]);
  for (const list of Object.values(data.customer)) {
    expect(list).toEqual({ totalCount: 1, nodes: [{ id: expect.any(String), role: { id: expect.any(String) } }] });
  }
});

describe('a record that a document finds in two places, of which one asks for more by the same fragment', () => {
  const FRAGMENT = 'fragment Short on Customer { tenants(first: 2) { nodes { id } } }';
  const MORE = '...Short tenants(first: 2) { nodes { name } }';

  it('answers each of them, on one page', async () => {
    const { tenant, customer } = await newWorld();
    const { data, errors, calls } = await ask(
      `${FRAGMENT} query($ids: [String!]) { customers(filter: { externalIds: $ids }) {
        edges { node { ${MORE} } } nodes { ...Short } } }`,
      { ids: [customer.externalId] },
    );
    expect(errors).toEqual([]);
    expect(data.customers.edges).toEqual([{ node: { tenants: { nodes: [{ id: tenant.id, name: tenant.name }] } } }]);
    expect(data.customers.nodes).toEqual([{ tenants: { nodes: [{ id: tenant.id }] } }]);
    expect(calls).toBe(1);
  });

  it('answers each of them, by its id, whichever comes first and whether it was read ahead', async () => {
    const { tenant, customer } = await newWorld();
    for (const [one, other] of [
      [MORE, '...Short'],
      ['...Short', MORE],
    ]) {
      const query = `${FRAGMENT} query($id: ID!) {
        one: node(id: $id) { ... on Customer { ${one} } } other: node(id: $id) { ... on Customer { ${other} } } }`;
      const ahead = await ask(query, { id: customer.id });
      expect(ahead.errors).toEqual([]);
      const more = one === MORE ? ahead.data.one : ahead.data.other;
      expect(more).toEqual({ tenants: { nodes: [{ id: tenant.id, name: tenant.name }] } });
      const after = await withoutLinks(own, () => ask(query, { id: customer.id }));
      expect(after.text).toBe(ahead.text);
    }
  });
});

it('what is read ahead of a record that is not there fails for nobody', async () => {
  const { tenant } = await newWorld();
  const result = await mutate('createTenant', 'tenant { id availableRoles { id } }', {
    name: unique('taken'),
    externalId: tenant.externalId,
  });
  // A rejection that nobody handles would fail the run.
  expect(result.__typename).toBe('AlreadyExistsError');
});

it('a page that is dear to read is not read again for each of many fields', async () => {
  const tenantIds: string[] = [];
  for (let count = 0; count < 5; count += 1) tenantIds.push((await newTenant()).id);
  const tenantIdentifiers = tenantIds.map((id) => ({ id }));
  const rows = Array.from({ length: 120 }, () => ({
    externalId: unique('dear'),
    name: unique('Dear'),
    tenantIdentifiers,
  }));
  await succeed('importCustomers', 'rows { outcome }', { rows });
  // SQLite does not even begin where a table is empty.
  await newTenantUser(tenantIds[0] ?? '');
  const { secret } = await newKey({ tenants: tenantIds });
  const lists = Array.from({ length: 25 }, (_, index) => `a${index}: users(first: 1) { nodes { id } }`);
  const query = `{ customers(first: 1, offset: 100) { nodes { id ${lists.join(' ')} } } }`;
  const asked = () => send(posted('/api', query, {}, secret));
  await asked();
  const ahead = await asked();
  expect(ahead.errors).toEqual([]);
  const after = await withoutLinks(prismatic, asked);
  expect(ahead.text).toBe(after.text);
  expect(ahead.rowsRead).toBeLessThan(10 * after.rowsRead);
});
