import { type GraphQLSchema, isObjectType } from 'graphql';
import { expect, it } from 'vitest';
import { GRAPHQL_APIS } from '../attack/apis.ts';
import { newScene } from '../attack/attackers.ts';
import { randomDocument } from '../attack/random-documents.ts';
import { Dice } from '../shared/dice.ts';
import { newCustomerUser, newTenantUser } from '../shared/fixtures.ts';
import { type Answer, ask, send } from '../shared/gateway.ts';
import { newWorld } from '../shared/world.ts';
import { posted } from './dialects/table.ts';

const SEED = 20_261_129;
const DOCUMENTS = 250;
/** So many of them take fewer calls because of what is read ahead. */
const MANY = 10;

/** Lets every field read for itself, after its records. */
async function withoutLinks(schema: GraphQLSchema, send: () => Promise<Answer>): Promise<Answer> {
  const linked = Object.values(schema.getTypeMap())
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
    expect(ahead.calls).toBeLessThanOrEqual(after.calls);
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
