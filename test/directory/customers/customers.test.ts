import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import {
  CUSTOMER_FIELDS,
  eventsAbout,
  globalId,
  mutate,
  newCustomer,
  newKey,
  newTenant,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

const customer = `customer { ${CUSTOMER_FIELDS} }`;
const byId = (id: string) => ask(`query($id: ID!) { customer(id: $id) { ${CUSTOMER_FIELDS} } }`, { id });

describe('a customer', () => {
  it('is created as given, trimmed, and read again by id, e-mail and external id', async () => {
    const externalId = unique('abc-123');
    const address = `${unique('Jane')}@Aol.com`;
    const created = await newCustomer({
      name: '  FTL Rockets ',
      kind: 'PERSON',
      shortName: 'FTL',
      email: { address: ` ${address} `, isVerified: true },
      externalId,
      description: 'Faster-than-light Rocket Company, LLC',
      labels: ['vip', ' beta ', 'vip'],
    });
    expect(created).toMatchObject({
      name: 'FTL Rockets',
      kind: 'PERSON',
      shortName: 'FTL',
      email: { address, isVerified: true },
      externalId,
      description: 'Faster-than-light Rocket Company, LLC',
      labels: ['vip', 'beta'],
      deletedAt: null,
      version: 1,
    });
    const query = `query($i: CustomerIdentifier!) { customerBy(identifier: $i) { ${CUSTOMER_FIELDS} } }`;
    for (const i of [{ id: created.id }, { email: address.toUpperCase() }, { externalId: ` ${externalId} ` }]) {
      expect((await ask(query, { i })).data.customerBy).toEqual(created);
    }
    expect((await byId(created.id)).data.customer).toEqual(created);
  });

  it('is a company without anything else by default', async () => {
    const created = await newCustomer({ externalId: null });
    expect(created).toMatchObject({
      kind: 'COMPANY',
      shortName: null,
      email: null,
      externalId: null,
      description: null,
      labels: [],
    });
  });

  it('is updated field by field: left out is untouched, null clears', async () => {
    const created = await newCustomer({ shortName: 'Old', description: 'Before', labels: ['a'] });
    const { customer: updated } = await succeed('updateCustomer', customer, {
      id: created.id,
      description: 'My Updated Description',
      shortName: null,
    });
    expect(updated).toEqual({
      ...created,
      description: 'My Updated Description',
      shortName: null,
      version: 2,
      updatedAt: updated.updatedAt,
    });
    expect(Date.parse(updated.updatedAt)).toBeGreaterThanOrEqual(Date.parse(created.updatedAt));
    const { data } = await ask('query($s: ID!) { events(filter: { subjectId: $s }) { nodes { type before after } } }', {
      s: created.id,
    });
    expect(data.events.nodes[1]).toMatchObject({
      type: 'customer.updated',
      before: { description: 'Before', shortName: 'Old', labels: ['a'] },
      after: { description: 'My Updated Description', shortName: null, labels: ['a'] },
    });
  });

  it('keeps its version and writes no event when nothing differs', async () => {
    const created = await newCustomer({
      labels: ['a'],
      email: { address: `${unique('x')}@x.example`, isVerified: true },
    });
    const { customer: same } = await succeed('updateCustomer', customer, {
      id: created.id,
      name: created.name,
      labels: ['a'],
      email: { address: created.email.address },
    });
    expect(same).toEqual(created);
    expect(await eventsAbout(created.id)).toEqual(['customer.created']);
  });

  it('loses the verification of its e-mail with the address', async () => {
    const created = await newCustomer({ email: { address: `${unique('x')}@x.example`, isVerified: true } });
    const email = { address: `${unique('y')}@x.example` };
    const { customer: changed } = await succeed('updateCustomer', customer, { id: created.id, email });
    expect(changed.email).toEqual({ ...email, isVerified: false });
  });

  it('is hidden when deleted and comes back with its memberships when restored', async () => {
    const tenant = await newTenant();
    const created = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const gone = await succeed('deleteCustomer', customer, { id: created.id });
    expect(gone.customer.deletedAt).not.toBeNull();
    expect((await byId(created.id)).data.customer).toBeNull();
    const again = await mutate('deleteCustomer', customer, { id: created.id });
    expect(again).toMatchObject({ __typename: 'NotFoundError', references: [{ path: 'id' }] });
    const back = await succeed('restoreCustomer', 'customer { deletedAt version tenants { nodes { id } } }', {
      id: created.id,
    });
    expect(back.customer).toEqual({ deletedAt: null, version: 3, tenants: { nodes: [{ id: tenant.id }] } });
    await succeed('restoreCustomer', customer, { id: created.id });
    expect(await eventsAbout(created.id)).toEqual([
      'customer.created',
      'membership.created',
      'customer.deleted',
      'customer.restored',
    ]);
  });

  it('leaves the lists of its tenants when it is deleted, and comes back to them', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    const created = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const listed = async () => {
      const { data } = await ask(
        `query($id: ID!) { tenant(id: $id) { customers { nodes { id } totalCount } }
          customers { nodes { id } totalCount } customerBy(identifier: { id: "${created.id}" }) { id } }`,
        { id: tenant.id },
        secret,
      );
      expect(data.customers).toEqual(data.tenant.customers);
      return data.customers;
    };
    const present = { nodes: [{ id: created.id }], totalCount: 1 };
    expect(await listed()).toEqual(present);
    await succeed('deleteCustomer', customer, { id: created.id }, secret);
    expect(await listed()).toEqual({ nodes: [], totalCount: 0 });
    await succeed('restoreCustomer', customer, { id: created.id }, secret);
    expect(await listed()).toEqual(present);
  });

  it('is found by its labels, as they are now', async () => {
    const [old, kept, added] = [unique('old'), unique('kept'), unique('added')];
    const created = await newCustomer({ labels: [old, kept] });
    await succeed('updateCustomer', customer, { id: created.id, labels: [kept, added] });
    const found = async (...labels: string[]) => {
      const { data } = await ask('query($l: [String!]) { customers(filter: { labels: $l }) { nodes { id } } }', {
        l: labels,
      });
      return data.customers.nodes.length;
    };
    expect([await found(old), await found(kept), await found(added), await found(kept, added)]).toEqual([0, 1, 1, 1]);
  });

  it('takes null for not given when it is created', async () => {
    const none = { kind: null, shortName: null, email: null, externalId: null, description: null, labels: null };
    expect(await newCustomer(none)).toMatchObject({ kind: 'COMPANY', email: null, labels: [] });
  });

  it('frees its unique values when deleted, and answers who has them when restored', async () => {
    const first = await newCustomer();
    await succeed('deleteCustomer', customer, { id: first.id });
    const second = await newCustomer({ name: unique('Other'), externalId: first.externalId });
    expect(await mutate('restoreCustomer', customer, { id: first.id })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'externalId',
      existing: { __typename: 'Customer', id: second.id },
    });
  });
});

describe('null', () => {
  const given = {
    shortName: 'Short',
    email: { address: `${unique('null')}@x.example`, isVerified: true },
    externalId: unique('null'),
    description: 'Text',
  };
  for (const [field, value] of Object.entries(given)) {
    for (const [name, named] of [
      ['updateCustomer', (id: string) => ({ id })],
      ['upsertCustomer', (id: string) => ({ identifier: { id } })],
    ] as const) {
      it(`clears ${field} by ${name}`, async () => {
        const created = await newCustomer({ externalId: null, [field]: value });
        expect(created[field]).toEqual(value);
        const { customer: cleared } = await succeed(name, customer, { ...named(created.id), [field]: null });
        expect(cleared).toEqual({ ...created, [field]: null, version: 2, updatedAt: cleared.updatedAt });
        await succeed('deleteCustomer', customer, { id: created.id });
      });
    }
  }

  it('clears labels', async () => {
    const created = await newCustomer({ labels: ['a'] });
    expect((await succeed('updateCustomer', customer, { id: created.id, labels: null })).customer.labels).toEqual([]);
  });
});

describe('unique values', () => {
  const collisions = {
    name: (existing: { name: string }) => ({ name: ` ${existing.name.toUpperCase()} ` }),
    externalId: (existing: { externalId: string }) => ({ externalId: ` ${existing.externalId}` }),
    'email.address': (existing: { email: { address: string } }) => ({
      email: { address: existing.email.address.toUpperCase() },
    }),
  };
  for (const [path, collide] of Object.entries(collisions)) {
    it(`refuses a ${path} that another customer has, with that customer`, async () => {
      const existing = await newCustomer({ email: { address: `${unique('e')}@x.example` } });
      const input = { name: unique('Other'), ...collide(existing as never) };
      const refusal = {
        __typename: 'AlreadyExistsError',
        code: 'already_exists',
        path,
        existing: { __typename: 'Customer', id: existing.id },
      };
      expect(await mutate('createCustomer', customer, input)).toMatchObject(refusal);
      const other = await newCustomer();
      expect(await mutate('updateCustomer', customer, { id: other.id, ...input })).toMatchObject(refusal);
    });
  }

  it('do not tell who has them to a key that may not read customers', async () => {
    const existing = await newCustomer();
    const { secret } = await newKey({ permissions: ['customer:create'] });
    expect(await mutate('createCustomer', customer, { name: existing.name }, secret)).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'name',
      existing: null,
    });
  });

  it('lets persons share a name, and checks again when one becomes a company', async () => {
    const company = await newCustomer();
    const person = await newCustomer({ name: company.name, kind: 'PERSON' });
    expect(await mutate('updateCustomer', customer, { id: person.id, kind: 'COMPANY' })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'name',
      existing: { id: company.id },
    });
  });

  it('compares beyond ASCII', async () => {
    const name = unique('Łódź Ölwerke');
    await newCustomer({ name });
    expect((await mutate('createCustomer', customer, { name: name.toUpperCase() })).__typename).toBe(
      'AlreadyExistsError',
    );
  });
});

describe('upserting', () => {
  const payload = `outcome ${customer}`;

  it('creates, then does nothing, then updates', async () => {
    const identifier = { externalId: unique('up') };
    const name = unique('Upserted');
    const created = await succeed('upsertCustomer', payload, { identifier, name });
    expect(created).toMatchObject({ outcome: 'CREATED', customer: { externalId: identifier.externalId, version: 1 } });
    const noop = await succeed('upsertCustomer', payload, { identifier, name });
    expect(noop).toMatchObject({ outcome: 'NOOP', customer: created.customer });
    const updated = await succeed('upsertCustomer', payload, { identifier, description: 'New' });
    expect(updated).toMatchObject({ outcome: 'UPDATED', customer: { id: created.customer.id, name, version: 2 } });
    expect(await eventsAbout(created.customer.id)).toEqual(['customer.created', 'customer.updated']);
  });

  it('gives a new customer the e-mail that it was looked up by', async () => {
    const email = `${unique('up')}@x.example`;
    const { customer: created } = await succeed('upsertCustomer', payload, {
      identifier: { email },
      name: unique('U'),
    });
    expect(created.email).toEqual({ address: email, isVerified: false });
  });

  it('never creates by id', async () => {
    const refused = await mutate('upsertCustomer', payload, {
      identifier: { id: globalId('Customer', crypto.randomUUID()) },
      name: 'Nobody',
    });
    expect(refused).toMatchObject({ __typename: 'NotFoundError', references: [{ path: 'identifier.id' }] });
  });

  it('never makes a second record of one: a changed e-mail answers who has the external id', async () => {
    const email = `${unique('first')}@x.example`;
    const input = { name: unique('U'), externalId: unique('one') };
    const first = await succeed('upsertCustomer', payload, { ...input, identifier: { email } });
    const identifier = { email: `${unique('changed')}@x.example` };
    expect(await mutate('upsertCustomer', payload, { ...input, name: unique('V'), identifier })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'externalId',
      existing: { id: first.customer.id },
    });
    const moving = { identifier: { email }, email: identifier.email && { address: identifier.email } };
    expect((await succeed('upsertCustomer', payload, moving)).customer.email.address).toBe(identifier.email);
    expect(await mutate('upsertCustomer', payload, { ...moving, name: unique('W') })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'email.address',
    });
    expect(await mutate('upsertCustomer', payload, { identifier, email: null })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'email' }],
    });
  });

  it('needs a name to create, and joins tenants only then', async () => {
    const [a, b] = [await newTenant(), await newTenant()];
    const identifier = { externalId: unique('up') };
    expect(await mutate('upsertCustomer', payload, { identifier })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'name', kind: 'REQUIRED' }],
    });
    const joining = 'customer { tenants { nodes { id } } }';
    const input = { identifier, name: unique('U') };
    const created = await succeed('upsertCustomer', joining, { ...input, tenantIdentifiers: [{ id: a.id }] });
    expect(created.customer.tenants.nodes).toEqual([{ id: a.id }]);
    const updated = await succeed('upsertCustomer', joining, { ...input, tenantIdentifiers: [{ id: b.id }] });
    expect(updated.customer.tenants.nodes).toEqual([{ id: a.id }]);
  });
});

describe('bad input', () => {
  const cases: [string, Record<string, unknown>, { path: string; kind: string }[]][] = [
    ['an empty name', { name: '  ' }, [{ path: 'name', kind: 'INVALID' }]],
    ['a long name', { name: 'x'.repeat(257) }, [{ path: 'name', kind: 'INVALID' }]],
    ['an address that is none', { email: { address: 'jane at aol' } }, [{ path: 'email.address', kind: 'INVALID' }]],
    ['NUL, at which SQLite would stop reading', { name: '\u0000abc' }, [{ path: 'name', kind: 'INVALID' }]],
    ['broken Unicode', { externalId: '\ud800x' }, [{ path: 'externalId', kind: 'INVALID' }]],
    ['a name that nobody can see', { name: '\u200b' }, [{ path: 'name', kind: 'INVALID' }]],
    ['an empty label', { labels: ['ok', ''] }, [{ path: 'labels.1', kind: 'INVALID' }]],
    [
      'several things at once',
      { name: '', externalId: ' ', description: 'x'.repeat(5000) },
      [
        { path: 'externalId', kind: 'INVALID' },
        { path: 'description', kind: 'INVALID' },
        { path: 'name', kind: 'INVALID' },
      ],
    ],
  ];
  for (const [what, input, issues] of cases) {
    it(`refuses ${what}, with its path`, async () => {
      const result = await mutate('createCustomer', customer, { name: unique('C'), ...input });
      expect(result).toMatchObject({ __typename: 'ValidationError', code: 'validation_failed' });
      expect(result.issues.map(({ path, kind }: { path: string; kind: string }) => ({ path, kind }))).toEqual(
        expect.arrayContaining(issues),
      );
      expect(result.issues).toHaveLength(issues.length);
    });
  }

  it('says that what cannot be cleared is required', async () => {
    const created = await newCustomer();
    expect(await mutate('updateCustomer', customer, { id: created.id, name: null })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'name', kind: 'REQUIRED' }],
    });
  });

  it('takes an id of another type for no id at all', async () => {
    const tenant = await newTenant();
    expect(await mutate('updateCustomer', customer, { id: tenant.id })).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'id', kind: 'INVALID' }],
    });
  });
});

describe('the Prismatic document', () => {
  it('reads one customer, and all of them, with its queries as they stand', async () => {
    const created = await newCustomer();
    const one = await ask(
      `query ($myCustomerId: ID!) {
customer(id: $myCustomerId) {
id
name
externalId
}
}`,
      { myCustomerId: created.id },
    );
    const expected = { id: created.id, name: created.name, externalId: created.externalId };
    expect(one.data).toEqual({ customer: expected });
    const all = await ask(`query exampleGetCustomers {
customers {
nodes {
id
name
externalId
}
}
}`);
    expect(all.errors).toEqual([]);
    expect(all.data.customers.nodes.length).toBeGreaterThan(0);
    const [node] = all.data.customers.nodes;
    expect(Object.keys(node)).toEqual(['id', 'name', 'externalId']);
  });
});

describe('how many customers carry a label', () => {
  it('is counted with every change, by kind and deletion', async () => {
    const label = unique('counted');
    const counts = async () => {
      const counted = 'SELECT customer_deleted, customer_kind, customers FROM label_count WHERE label = ?';
      const { results } = await env.DB.prepare(counted).bind(label).all<Record<string, unknown>>();
      return results.map((row) => Object.values(row).join(' ')).sort();
    };
    const run = (name: string, input: Variables) => succeed(name, '__typename', input);
    const [one, other] = [await newCustomer({ labels: [label, 'another'] }), await newCustomer({ labels: [label] })];
    expect(await counts()).toEqual(['0 COMPANY 2']);
    await run('updateCustomer', { id: one.id, kind: 'PERSON' });
    expect(await counts()).toEqual(['0 COMPANY 1', '0 PERSON 1']);
    await run('deleteCustomer', { id: one.id });
    expect(await counts()).toEqual(['0 COMPANY 1', '1 PERSON 1']);
    await run('restoreCustomer', { id: one.id });
    await run('updateCustomer', { id: other.id, labels: [label.toUpperCase(), 'more'] });
    expect(await counts()).toEqual(['0 COMPANY 1', '0 PERSON 1']);
    await run('updateCustomer', { id: other.id, labels: [] });
    await run('deleteCustomer', { id: one.id, permanently: true });
    expect(await counts()).toEqual([]);
  });
});
