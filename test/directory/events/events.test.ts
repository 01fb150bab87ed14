import { describe, expect, it } from 'vitest';
import {
  allBut,
  mutate,
  newCustomer,
  newKey,
  newPixel,
  newTenant,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

interface Node {
  id: string;
  type: string;
  subjectId: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

const FEED = `query($after: String, $first: Int, $filter: EventFilter) {
  events(after: $after, first: $first, filter: $filter) {
    nodes { id type subjectId actor { type id } before after createdAt } pageInfo { endCursor hasNextPage } } }`;

/** Reads on from a cursor to the present end of the feed, as a poller does. */
async function poll(
  after: string | null,
  filter: object | null = null,
): Promise<{ events: Node[]; cursor: string | null }> {
  const events: Node[] = [];
  let cursor = after;
  for (;;) {
    const { data } = await ask(FEED, { after: cursor, first: 100, filter });
    events.push(...data.events.nodes);
    cursor = data.events.pageInfo.endCursor ?? cursor;
    if (!data.events.pageInfo.hasNextPage) return { events, cursor };
  }
}

describe('the feed of events', () => {
  it('is read without a gap and without a repeat while 50 writers write, some of whose batches roll back', async () => {
    const taken = await newCustomer();
    const { cursor: start } = await poll(null);
    let writing = true;
    const seen: Node[] = [];
    const reader = (async () => {
      let cursor = start;
      while (writing) {
        const batch = await poll(cursor);
        seen.push(...batch.events);
        cursor = batch.cursor;
      }
      seen.push(...(await poll(cursor)).events);
    })();
    const outcomes = await Promise.all(
      Array.from({ length: 50 }, async (_, writer) => {
        const created: string[] = [];
        for (let round = 0; round < 6; round += 1) {
          const externalId = (writer + round) % 3 === 0 ? taken.externalId : unique('w');
          const result = await mutate('createCustomer', 'customer { id }', { name: unique('W'), externalId });
          if (result.customer) created.push(result.customer.id);
          else expect(result.__typename).toBe('AlreadyExistsError');
        }
        return created;
      }),
    );
    writing = false;
    await reader;
    const created = outcomes.flat();
    expect(created.length).toBe(200);
    expect(seen.map(({ subjectId }) => subjectId).sort()).toEqual(created.sort());
    expect(new Set(seen.map(({ id }) => id)).size).toBe(seen.length);
    const positions = seen.map(({ id }) => Number(rawId(id)));
    expect(positions).toEqual([...positions].sort((one, other) => one - other));
  });

  it('says who did what to which record, before and after', async () => {
    const { id, secret } = await newKey();
    const tenant = await newTenant();
    await succeed('updateTenant', 'tenant { id }', { id: tenant.id, status: 'PENDING' }, secret);
    const { data } = await ask(FEED, { filter: { subjectId: tenant.id } });
    expect(data.events.nodes).toMatchObject([
      { type: 'tenant.created', actor: { type: 'ROOT', id: null }, before: null, after: { status: 'ACTIVE' } },
      {
        type: 'tenant.updated',
        actor: { type: 'API_KEY', id },
        before: { status: 'ACTIVE', billing: { taxExempt: 'NONE' } },
        after: { status: 'PENDING', partnerManaged: true },
      },
    ]);
  });

  it('holds only what the API shows', async () => {
    const customer = await newCustomer({ email: { address: `${unique('x')}@x.example` }, labels: ['a'] });
    const { data } = await ask(FEED, { filter: { subjectId: customer.id } });
    expect(data.events.nodes[0].after).toEqual({
      kind: 'COMPANY',
      name: customer.name,
      shortName: null,
      email: { address: customer.email.address, isVerified: false },
      externalId: customer.externalId,
      description: null,
      labels: ['a'],
    });
  });

  it('shows what a record looked like only to who may read such records', async () => {
    const subjects = [
      ['tenant:read', (await newTenant()).id],
      ['customer:read', (await newCustomer()).id],
      ['apiKey:read', (await newKey()).id],
      ['tenant:read', (await newPixel((await newTenant()).id)).id],
    ] as const;
    for (const [permission, subjectId] of subjects) {
      const { secret } = await newKey({ permissions: allBut(permission) });
      const hidden = await ask(FEED, { filter: { subjectId } }, secret);
      expect(hidden.data.events.nodes, permission).toMatchObject([{ before: null, after: null }]);
      const { secret: reader } = await newKey({ permissions: ['event:read', permission] });
      const shown = await ask(FEED, { filter: { subjectId } }, reader);
      expect(shown.data.events.nodes, permission).toMatchObject([{ after: { name: expect.any(String) } }]);
    }
  });

  it('is filtered by type, by subject and by actor', async () => {
    const { id, secret } = await newKey();
    const [one, two] = [await newCustomer({}, secret), await newCustomer({}, secret)];
    await succeed('deleteCustomer', 'customer { id }', { id: one.id }, secret);
    const typesOf = async (filter: object) => (await poll(null, filter)).events.map(({ type }) => type);
    const actor = { type: 'API_KEY', id };
    expect(await typesOf({ actor })).toEqual(['customer.created', 'customer.created', 'customer.deleted']);
    expect(await typesOf({ actor, types: ['customer.deleted'] })).toEqual(['customer.deleted']);
    expect(await typesOf({ actor, subjectId: two.id })).toEqual(['customer.created']);
    expect(await typesOf({ types: ['customer.deleted'], subjectId: two.id })).toEqual([]);
    const refused = await ask(FEED, { filter: { types: ['customer.flown'], actor: { type: 'ROOT', id } } });
    expect(refused.errors[0].extensions).toMatchObject({
      code: 'BAD_USER_INPUT',
      issues: [{ path: 'filter.types.0' }, { path: 'filter.actor.id' }],
    });
  });
});

describe('writers at the same time', () => {
  it('20 updates of one version leave one winner', async () => {
    const customer = await newCustomer();
    const results = await Promise.all(
      Array.from({ length: 20 }, (_, writer) =>
        mutate('updateCustomer', 'customer { description version }', {
          id: customer.id,
          description: `writer ${writer}`,
          expectedVersion: 1,
        }),
      ),
    );
    const winners = results.filter(({ __typename }) => __typename === 'UpdateCustomerPayload');
    expect(winners).toHaveLength(1);
    expect(results.filter(({ __typename }) => __typename === 'VersionConflictError')).toHaveLength(19);
    const { data } = await ask('query($id: ID!) { customer(id: $id) { description version } }', { id: customer.id });
    expect(data.customer).toEqual(winners[0]?.customer);
  });

  it('50 creations of one external id leave one record, and say which', async () => {
    const externalId = unique('one');
    const results = await Promise.all(
      Array.from({ length: 50 }, () => mutate('createCustomer', 'customer { id }', { name: unique('C'), externalId })),
    );
    const [created, ...more] = results.filter(({ customer }) => customer);
    expect(more).toEqual([]);
    for (const result of results.filter(({ customer }) => !customer)) {
      expect(result).toMatchObject({ __typename: 'AlreadyExistsError', existing: { id: created?.customer.id } });
    }
  });

  it('50 upserts of one external id make one record, and one event', async () => {
    const identifier = { externalId: unique('one') };
    const name = unique('U');
    const results = await Promise.all(
      Array.from({ length: 50 }, () => mutate('upsertCustomer', 'outcome customer { id }', { identifier, name })),
    );
    const outcomes = results.map(({ outcome }) => outcome);
    expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(1);
    expect(outcomes.filter((outcome) => outcome === 'NOOP')).toHaveLength(49);
    const { events } = await poll(null, { subjectId: results[0]?.customer.id });
    expect(events).toHaveLength(1);
  });
});

describe('a command', () => {
  it('shows what it wrote, also in a request that has asked for the same before', async () => {
    const [one, two, customer] = [await newTenant(), await newTenant(), await newCustomer()];
    const field = (alias: string, tenant: string) => `${alias}: addCustomerToTenants(
      input: { customerIdentifier: { id: "${customer.id}" }, tenantIdentifiers: [{ id: "${tenant}" }] }
    ) { ... on AddCustomerToTenantsPayload { customer { tenants { totalCount nodes { id } } } } }`;
    const { data } = await ask(`mutation { ${field('a', one.id)} ${field('b', two.id)} }`);
    expect(data.a.customer.tenants).toEqual({ totalCount: 1, nodes: [{ id: one.id }] });
    expect(data.b.customer.tenants).toEqual({ totalCount: 2, nodes: [{ id: one.id }, { id: two.id }] });
  });

  it('that passes its checks and then fails leaves neither rows nor event', async () => {
    const [taken, tenant] = [await newCustomer(), await newTenant()];
    const { cursor } = await poll(null);
    const input = { name: unique('C'), externalId: taken.externalId, tenantIdentifiers: [{ id: tenant.id }] };
    expect((await mutate('createCustomer', 'customer { id }', input)).__typename).toBe('AlreadyExistsError');
    expect((await poll(cursor)).events).toEqual([]);
    const { data } = await ask('query($id: ID!) { tenant(id: $id) { customers { totalCount } } }', { id: tenant.id });
    expect(data.tenant.customers.totalCount).toBe(0);
  });
});
