import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { schema as capig } from '../../../src/dialects/capig/schema.ts';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { schema as plain } from '../../../src/dialects/plain/schema.ts';
import { CHANGE, CREATE, INVITE, UPDATE } from '../../dialects/capig/hub.ts';
import { mutation, PATH } from '../../dialects/plain/table.ts';
import { prepareTarget, targetIdOf } from '../../dialects/plain/webhook-table.ts';
import { rawId, succeed } from '../../shared/fixtures.ts';
import { ask, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { rememberAll, rewind } from '../../shared/rewind.ts';
import { newWorld, type World } from '../../shared/world.ts';
import { fieldsWithArguments, LEFT_OUT, type Place, withValue } from './optional-places.ts';
import { CHANGES_NOTHING, customer, NEW, ROWS, tenant } from './optional-rows.ts';
import { posted } from './table.ts';

/*
 * Programs send null or an empty string for what they have no value for. Whatever is optional in an input that changes something is
 * left out, null and empty, where a record is created and where it is changed: nothing is refused, and nothing is lost that was
 * not meant.
 */

let world: World;

beforeAll(async () => {
  world = await newWorld();
  const { tenant, customer } = world;
  await succeed('updateTenant', 'tenant { id }', { id: tenant.id, url: 'acme.com', status: 'PENDING' });
  await succeed('updateCustomer', 'customer { id }', { id: customer.id, kind: 'PERSON', shortName: 'Short' });
  await prepareTarget(world);
  // There is but one version to ask for.
  await env.DB.prepare(`UPDATE webhook SET wire_version = '2020-01-01'`).run();
  await rememberAll();
});

const TENANT =
  'name externalId url status partnerManaged eventEnrichment users(first: 3) { nodes { email tenantRoles(first: 1) { nodes { role { name } } } } }';
const CUSTOMER = 'name shortName externalId email { address } tenants(first: 2) { nodes { externalId } }';

const TARGET = `query($id: ID!) { webhookTarget(webhookTargetId: $id) {
  url description isEnabled version eventSubscriptions { eventType } } }`;

/** All that the operations below could change, by where it stands. */
async function state(): Promise<Record<string, unknown>> {
  const { data, text } = await ask(
    `query($t: ID!, $c: ID!, $email: String!, $name: String!) {
      tenant(id: $t) { ${TENANT} } customer(id: $c) { ${CUSTOMER} }
      newTenant: tenants(first: 1, filter: { search: $name }) { nodes { ${TENANT} } }
      newCustomer: customerBy(identifier: { email: $email }) { ${CUSTOMER} } }`,
    { t: world.tenant.id, c: world.customer.id, email: NEW.email, name: NEW.name },
  );
  expect(data, text).toBeTruthy();
  const { newTenant, ...rest } = data;
  const { webhookTarget: target } = (await send(posted(PATH, TARGET, { id: targetIdOf(world) }, ROOT_KEY))).data;
  return leavesOf({ ...rest, newTenant: newTenant.nodes[0] ?? null, target });
}

const leavesOf = (value: unknown, at = ''): Record<string, unknown> =>
  typeof value !== 'object' || value === null || Array.isArray(value)
    ? { [at]: value }
    : Object.assign({}, ...Object.entries(value).map(([name, part]) => leavesOf(part, at ? `${at}.${name}` : name)));

const HUB: Record<string, string> = {
  'tenantMutations.createTenant': CREATE,
  'tenantMutations.updateTenant': UPDATE,
  'userMutations.changeRoleForUser': CHANGE,
  'userMutations.sendInvitation': INVITE,
};

/** What is left when this has been done, from how it was at first. */
async function stateAfter(operation: string, input: Variables): Promise<Record<string, unknown>> {
  await rewind().run();
  const document = HUB[operation];
  const request = document
    ? posted('/hub/graphql/', document, { input }, ROOT_KEY)
    : posted('/plain/graphql/v1', mutation(operation, '__typename'), { input }, ROOT_KEY);
  const { status, data, errors, text } = await send(request);
  const { error = null } = data?.[operation] ?? {};
  expect([status, errors, error], `${operation}: ${JSON.stringify(input)}: ${text}`).toEqual([200, [], null]);
  return state();
}

const WRITES: Place[] = [plain, capig].flatMap((schema) =>
  fieldsWithArguments(schema)
    .filter(({ type }) => type.endsWith('Mutations') || type === schema.getMutationType()?.name)
    .flatMap(({ places }) => places),
);
const isAlternative = ({ parent }: Place) => /Identifier/.test(parent ?? '');
const nameOf = ({ operation, path }: Place) => `${operation} ${path}`;
const operationOf = (place: string) => place.split(' ')[0] ?? '';
const inputPath = (place: string) => place.replace(/^\S+ input\./, '');

describe('what is optional in an input', () => {
  it('stands in the tables that these tests walk, all of it', () => {
    const places = WRITES.filter((place) => !isAlternative(place)).map(nameOf);
    const walked = [...ROWS.map(({ place }) => place), ...Object.keys(CHANGES_NOTHING)];
    expect([...new Set(walked)].sort()).toEqual(places.sort());
  });

  for (const { place, rest, given, shows, shown, effect } of ROWS)
    it(`${effect} if it is null or empty: ${place}, which shows as ${shows}`, async () => {
      const empty = WRITES.find((candidate) => nameOf(candidate) === place)?.empty;
      const sent = (value: unknown) => stateAfter(operationOf(place), withValue(rest(world), inputPath(place), value));
      const left = await sent(LEFT_OUT);
      expect(await sent(given(world))).toMatchObject({ [shows]: shown(world) });
      expect(shown(world)).not.toEqual(left[shows]);
      const cleared = { ...left, [shows]: null };
      if (effect === 'clears') expect(cleared).not.toEqual(left);
      const expected = effect === 'clears' ? cleared : left;
      expect(await sent(null), 'null').toEqual(expected);
      if (empty !== undefined) expect(await sent(empty), 'empty').toEqual(expected);
    });

  for (const [place, rest] of Object.entries(CHANGES_NOTHING))
    it(`may be null or empty: ${place}`, async () => {
      for (const value of [LEFT_OUT, null, ''])
        await stateAfter(operationOf(place), withValue(rest(world), inputPath(place), value));
    });
});

/** How a customer and a tenant are named, by the names of the fields in whatever names one. */
const namings = (parent: string): Record<string, () => string> =>
  parent.startsWith('Tenant')
    ? { tenantId: () => toPlainId('Tenant', rawId(world.tenant.id)), externalId: () => world.tenant.externalId }
    : {
        customerId: () => toPlainId('Customer', rawId(world.customer.id)),
        emailAddress: () => world.customer.email,
        externalId: () => world.customer.externalId,
      };

/** What is sent beside an identifier. */
const BESIDE: Record<string, () => Variables> = {
  addCustomerToTenants: () => ({
    customerIdentifier: { emailAddress: world.customer.email },
    tenantIdentifiers: [{ externalId: world.tenant.externalId }],
  }),
  upsertTenant: () => ({ ...tenant(world), name: 'Named otherwise' }),
  upsertCustomer: () => ({ ...customer(world), onUpdate: { fullName: { value: 'Named otherwise' } } }),
};
BESIDE.removeCustomerFromTenants = BESIDE.addCustomerToTenants as () => Variables;
BESIDE.setCustomerTenants = BESIDE.addCustomerToTenants as () => Variables;

describe('an identifier', () => {
  const identifiers = Map.groupBy(
    WRITES.filter(isAlternative),
    ({ operation, path }) => `${operation} ${path.split('.').slice(0, -1).join('.')}`,
  );
  for (const [place, fields] of identifiers)
    it(`names a record by one field, whatever others are null or empty: ${place}`, async () => {
      const operation = operationOf(place);
      const by = namings(fields[0]?.parent ?? '');
      expect(fields.map(({ path }) => path.split('.').at(-1)).sort()).toEqual(Object.keys(by).sort());
      for (const [name, value] of Object.entries(by)) {
        const rest = BESIDE[operation]?.() ?? {};
        const named = (others: object) =>
          stateAfter(operation, withValue(rest, inputPath(place), { ...others, [name]: value() }));
        const others = (nothing: unknown) => Object.fromEntries(Object.keys(by).map((other) => [other, nothing]));
        const alone = await named({});
        expect(await named(others(null)), `by ${name}, others null`).toEqual(alone);
        expect(await named(others('')), `by ${name}, others empty`).toEqual(alone);
      }
    });
});
