import { describe, expect, it } from 'vitest';
import { capig } from '../dialects/capig/table.ts';
import { plain } from '../dialects/plain/table.ts';
import { prismatic } from '../dialects/prismatic/table.ts';
import { userdocks } from '../dialects/userdocks/table.ts';
import { mutate, mutationDocument, newCustomer, newKey, unique } from '../shared/fixtures.ts';
import { graphqlRequest, ROOT_KEY, send, type Variables } from '../shared/gateway.ts';
import { newWorld, type World } from '../shared/world.ts';
import { eventsAbout } from './feed.ts';
import { repeatable, withKey } from './keys.ts';
import { lastEvent, madeSince, withoutSecrets } from './made.ts';

const UPDATES = 20;
const CREATIONS = 50;
const REPETITIONS = 20;

const times = <Thing>(count: number, make: (index: number) => Promise<Thing>): Promise<Thing[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => make(index)));

const namesOf = (results: readonly { __typename: string }[]) =>
  Object.entries(Object.groupBy(results, ({ __typename }) => __typename)).map(([name, all]) => [name, all?.length]);

describe('at once', () => {
  it(`${UPDATES} updates of one version are one change, and ${UPDATES - 1} conflicts`, async () => {
    const { id } = await newCustomer();
    const results = await times(UPDATES, (index) =>
      mutate('updateCustomer', 'customer { description version }', {
        id,
        description: `update ${index}`,
        expectedVersion: 1,
      }),
    );
    expect(Object.fromEntries(namesOf(results))).toEqual({
      UpdateCustomerPayload: 1,
      VersionConflictError: UPDATES - 1,
    });
    expect((await eventsAbout(id)).map(({ type }) => type)).toEqual(['customer.created', 'customer.updated']);
  });

  it(`${CREATIONS} creations of one external id are one record`, async () => {
    const [before, externalId] = [await lastEvent(), unique('one')];
    const results = await times(CREATIONS, () =>
      mutate('createCustomer', 'customer { id }', { name: unique('C'), externalId }),
    );
    expect(Object.fromEntries(namesOf(results))).toEqual({
      CreateCustomerPayload: 1,
      AlreadyExistsError: CREATIONS - 1,
    });
    expect(await madeSince(before)).toMatchObject({ commands: 1, events: 1 });
    const created = results.find(({ customer }) => customer)?.customer.id;
    for (const { existing } of results.filter(({ customer }) => !customer)) expect(existing.id).toBe(created);
  });
});

interface Asked {
  name: string;
  request: (world: World) => Request | Promise<Request>;
  /** Whether the answer tells something that is told only once. */
  isSecret?: boolean;
}

const own = (name: string, payload: string, input: (world: World) => Variables, more: Partial<Asked> = {}): Asked => ({
  name,
  request: (world) => graphqlRequest(mutationDocument(name, payload), { input: input(world) }),
  ...more,
});

const OWN: readonly Asked[] = [
  own('createCustomer', 'customer { id name version }', () => ({ name: unique('C') })),
  own('upsertCustomer', 'outcome customer { id name version }', () => ({
    identifier: { externalId: unique('c') },
    name: unique('C'),
  })),
  own('updateTenant', 'tenant { id version }', ({ tenant }) => ({ id: tenant.id, name: unique('T') })),
  own('importCustomers', 'rows { path outcome id errors { code } }', ({ customer, tenant }) => ({
    rows: [
      { externalId: unique('c'), name: unique('C'), tenantIdentifiers: [{ id: tenant.id }] },
      { externalId: customer.externalId, description: unique('d') },
      { externalId: unique('c'), name: '' },
    ],
    errorPolicy: 'SKIP_FAILED',
  })),
  own(
    'createApiKey',
    'secret apiKey { id }',
    () => ({ name: unique('K'), permissions: ['tenant:read'], reach: 'ORGANIZATION' }),
    {
      isSecret: true,
    },
  ),
  {
    name: 'rotateApiKey',
    request: async () => {
      const { id } = await newKey();
      return graphqlRequest(mutationDocument('rotateApiKey', 'secret apiKey { id secrets { id } }'), { input: { id } });
    },
    isSecret: true,
  },
];

const DIALECTS: readonly Asked[] = [plain, prismatic, capig, userdocks].flatMap(({ dialect, operations, prepare }) =>
  operations
    .filter(({ writes, as }) => writes && !as)
    .map(({ name, request }) => ({
      name: `${dialect} ${name}`,
      request: async (world: World) => {
        await prepare?.(world);
        return request(world, ROOT_KEY);
      },
      isSecret: /addUserWithRole|sendInvitation/.test(name),
    })),
);

describe(`${REPETITIONS} requests at once under one idempotency key are one change, and answer the same, for`, () => {
  for (const { name, request, isSecret = false } of [...OWN, ...DIALECTS]) {
    it(name, async () => {
      const world = await newWorld();
      const again = await repeatable(withKey(await request(world), unique('key')));
      const before = await lastEvent();
      const answers = await times(REPETITIONS, () => send(again()));
      expect(answers.map(({ status, errors }) => [status, errors])).toEqual(answers.map(() => [200, []]));
      const told = answers.map(({ text }) => withoutSecrets(text));
      expect([...new Set(told.map(({ shown }) => shown))]).toHaveLength(1);
      expect(told.reduce((sum, { secrets }) => sum + secrets, 0)).toBe(isSecret ? 1 : 0);
      expect(await madeSince(before)).toMatchObject({ commands: 1 });
      expect(withoutSecrets((await send(again())).text)).toEqual({ shown: told[0]?.shown, secrets: 0 });
    });
  }
});
