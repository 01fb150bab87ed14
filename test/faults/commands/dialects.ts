import { fromPlainId, toPlainId } from '../../../src/dialects/plain/ids.ts';
import * as plain from '../../dialects/plain/table.ts';
import { globalId, rawId } from '../../shared/fixtures.ts';
import { PUBLIC_URL, type Variables } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import type { Command, Outcome } from '../client.ts';
import { newEntry } from '../model.ts';
import { type Choice, idOf, oneOf } from './scene.ts';

interface Asked {
  name: string;
  path: string;
  document: string;
  input: Variables;
  expected: string;
  // biome-ignore lint/suspicious/noExplicitAny: each API answers in its own words
  outcome: (data: any) => Outcome | null;
  effect: (outcome: Outcome) => void;
}

const asked = ({ name, path, document, input, expected, outcome, effect }: Asked): Command => ({
  name: `${path} ${name}`,
  request: (secret) => posted(path, document, { input }, secret),
  outcomeOf: ({ data }) => (data ? outcome(data) : null),
  expected: [expected],
  apply: effect,
});

const plainUpsert: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const customer = dice.happens(60) ? oneOf(scene, model.live('Customer')) : undefined;
  const tenants = dice.some(model.live('Tenant'), 2);
  const externalId = customer?.externalId ?? fresh('c');
  const name = customer && dice.happens(50) ? customer.name : fresh('Customer');
  const changed = name === customer?.name ? 'NOOP' : 'UPDATED';
  return asked({
    name: 'upsertCustomer',
    path: plain.PATH,
    document: plain.mutation('upsertCustomer', 'result customer { id fullName }'),
    input: {
      identifier: { externalId },
      onCreate: {
        fullName: name,
        externalId,
        email: { email: `${externalId}@x.example`, isVerified: false },
        tenantIdentifiers: tenants.map(({ id }) => ({ tenantId: toPlainId('Tenant', rawId(id)) })),
      },
      onUpdate: { fullName: { value: name } },
    },
    expected: customer ? changed : 'CREATED',
    outcome: ({ upsertCustomer: answered }) => {
      if (!answered?.result || !answered.customer) return null;
      const id = fromPlainId('Customer', answered.customer.id) ?? '';
      return { word: answered.result, ids: [globalId('Customer', id)] };
    },
    effect: (outcome) => {
      if (customer) return model.change(customer, { name });
      const created = newEntry({ kind: 'Customer', id: idOf(outcome), name, externalId });
      model.add(created);
      model.join(
        created,
        tenants.map(({ id }) => id),
      );
    },
  });
};

const plainJoin: Choice = (scene) => {
  const { model, dice } = scene;
  const customer = oneOf(scene, model.live('Customer'));
  const tenants = dice.some(model.live('Tenant'), 2);
  if (!customer || tenants.length === 0) return null;
  return asked({
    name: 'addCustomerToTenants',
    path: plain.PATH,
    document: plain.mutation('addCustomerToTenants', 'customer { id fullName }'),
    input: {
      customerIdentifier: { externalId: customer.externalId },
      tenantIdentifiers: tenants.map(({ externalId }) => ({ externalId })),
    },
    expected: 'DONE',
    outcome: ({ addCustomerToTenants: answered }) => (answered?.customer ? { word: 'DONE', ids: [] } : null),
    effect: () =>
      model.join(
        customer,
        tenants.map(({ id }) => id),
      ),
  });
};

const prismaticDocument = (name: string) =>
  `mutation($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
    ${name}(input: $input) { customer { id name } errors { field messages } } }`;

const prismaticCreate: Choice = ({ model, fresh }) => {
  const [name, externalId] = [fresh('Customer'), fresh('c')];
  return asked({
    name: 'createCustomer',
    path: '/api',
    document: prismaticDocument('createCustomer'),
    input: { name, externalId },
    expected: 'DONE',
    outcome: ({ createCustomer: answered }) =>
      answered?.customer ? { word: 'DONE', ids: [answered.customer.id] } : null,
    effect: (outcome) => model.add(newEntry({ kind: 'Customer', id: idOf(outcome), name, externalId })),
  });
};

const prismaticUpdate: Choice = (scene) => {
  const { model, fresh } = scene;
  const customer = oneOf(scene, model.live('Customer'));
  if (!customer) return null;
  const description = fresh('d');
  return asked({
    name: 'updateCustomer',
    path: '/api',
    document: prismaticDocument('updateCustomer'),
    input: { id: customer.id, description },
    expected: 'DONE',
    outcome: ({ updateCustomer: answered }) => (answered?.customer ? { word: 'DONE', ids: [] } : null),
    effect: () => model.change(customer, { description }),
  });
};

const capigDocument = (name: string) =>
  `mutation($input: ${name.charAt(0).toUpperCase()}${name.slice(1)}Input!) {
    tenantMutations { ${name}(input: $input) { tenant { id name } } } }`;

// The hub's tenants have no external ids, by which the others are found at the end: it changes theirs.
const capigUpdate: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const tenant = oneOf(scene, model.live('Tenant'));
  if (!tenant) return null;
  const name = dice.happens(60) ? fresh('Tenant') : tenant.name;
  return asked({
    name: 'updateTenant',
    path: '/hub/graphql/',
    document: capigDocument('updateTenant'),
    input: { tenantId: rawId(tenant.id), name },
    expected: 'DONE',
    outcome: ({ tenantMutations: answered }) => (answered?.updateTenant?.tenant ? { word: 'DONE', ids: [] } : null),
    effect: () => model.change(tenant, { name }),
  });
};

const userdocksPut: Choice = (scene) => {
  const { model, dice, fresh } = scene;
  const tenant = oneOf(scene, model.live('Tenant'));
  if (!tenant) return null;
  const description = dice.happens(60) ? fresh('d') : tenant.description;
  return {
    name: 'PUT /v1/tenants/:id',
    request: (secret) =>
      new Request(`${PUBLIC_URL}/v1/tenants/${rawId(tenant.id)}`, {
        method: 'PUT',
        headers: { authorization: `Bearer ${secret}`, 'content-type': 'application/json' },
        body: JSON.stringify({ description }),
      }),
    outcomeOf: ({ status }) => (status === 200 ? { word: 'DONE', ids: [] } : null),
    expected: ['DONE'],
    apply: () => model.change(tenant, { description }),
  };
};

/** What is changed through the APIs of others. */
export const DIALECT_COMMANDS: readonly Choice[] = [
  plainUpsert,
  plainJoin,
  prismaticCreate,
  prismaticUpdate,
  capigUpdate,
  userdocksPut,
];
