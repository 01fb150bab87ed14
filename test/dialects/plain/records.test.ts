import { beforeAll, describe, expect, it } from 'vitest';
import { fromPlainId, toPlainId } from '../../../src/dialects/plain/ids.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  eventsAbout,
  newCustomer,
  newKey,
  newTenant,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { call, change, customerId, email, newPerson, read, tenantId } from './asked.ts';
import { CUSTOMER, TENANT } from './table.ts';

beforeAll(countChanges);

describe('an id', () => {
  it('is a UUID in 26 characters, and back, in either case', () => {
    const ids = [newId(), '00000000-0000-0000-0000-000000000000', 'ffffffff-ffff-ffff-ffff-ffffffffffff'];
    for (const id of ids) {
      const spelled = toPlainId('Tenant', id);
      expect(spelled).toMatch(/^te_[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
      expect(fromPlainId('Tenant', spelled)).toBe(id);
      expect(fromPlainId('Tenant', `te_${spelled.slice(3).toLowerCase()}`)).toBe(id);
      for (const wrong of [
        id,
        spelled.slice(0, -1),
        `${spelled}0`,
        `te_8${spelled.slice(4)}`,
        `c_${spelled.slice(3)}`,
      ]) {
        expect(fromPlainId('Tenant', wrong), wrong).toBeNull();
      }
    }
    expect(toPlainId('Customer', '01890a5d-ac96-774b-bcce-b302099a8057')).toBe('c_01H455VB4PEX5VSKNK084SN02Q');
  });

  it('is taken as it is shown, and as a plain UUID; anything else names nothing', async () => {
    const [tenant, customer] = [await newTenant(), await newPerson()];
    const query = 'query($t: ID!, $c: ID!) { tenant(tenantId: $t) { id } customer(customerId: $c) { id } }';
    const shown = { tenant: { id: tenantId(tenant) }, customer: { id: customerId(customer) } };
    expect(await read(query, { t: shown.tenant.id, c: shown.customer.id })).toEqual(shown);
    expect(await read(query, { t: rawId(tenant.id), c: rawId(customer.id).toUpperCase() })).toEqual(shown);
    for (const wrong of ['', 'te_1', customer.id, `u_${shown.customer.id.slice(2)}`, '%F0%9F', 42]) {
      expect(await read(query, { t: wrong, c: wrong }), String(wrong)).toEqual({ tenant: null, customer: null });
    }
  });
});

const timeOf = (iso8601: string) => ({ iso8601, unixTimestamp: String(Date.parse(iso8601)) });
const BY_ROOT = { __typename: 'SystemActor', systemId: 'root' };

describe('a record', () => {
  it('is the same here as at /graphql: a tenant', async () => {
    const tenant = await newTenant({ url: 'https://acme.example' });
    const { data } = await ask('query($id: ID!) { tenant(id: $id) { createdAt updatedAt } }', tenant);
    expect(
      (await read(`query($id: ID!) { tenant(tenantId: $id) { ${TENANT} } }`, { id: tenantId(tenant) })).tenant,
    ).toEqual({
      id: tenantId(tenant),
      name: tenant.name,
      externalId: tenant.externalId,
      url: 'https://acme.example',
      source: 'API',
      tier: null,
      createdAt: timeOf(data.tenant.createdAt),
      createdBy: BY_ROOT,
      updatedAt: timeOf(data.tenant.updatedAt),
      updatedBy: BY_ROOT,
    });
  });

  it('is the same here as at /graphql: a customer, of either kind', async () => {
    const address = email();
    const [person, company] = [
      await newPerson({ email: { address, isVerified: true }, shortName: 'J' }),
      await newCustomer({ externalId: null }),
    ];
    const query = `query($id: ID!) { customer(customerId: $id) { ${CUSTOMER} } }`;
    const common = { company: null, createdBy: BY_ROOT, updatedBy: BY_ROOT };
    expect((await read(query, { id: customerId(person) })).customer).toEqual({
      ...common,
      id: customerId(person),
      fullName: person.name,
      shortName: 'J',
      externalId: person.externalId,
      email: { email: address, isVerified: true, verifiedAt: null },
      identities: [{ email: address }],
      createdAt: timeOf(person.createdAt),
      updatedAt: timeOf(person.updatedAt),
    });
    expect((await read(query, { id: customerId(company) })).customer).toMatchObject({
      ...common,
      fullName: company.name,
      shortName: null,
      externalId: null,
      email: { email: '', isVerified: false, verifiedAt: null },
      identities: [],
    });
  });

  it('is named by what it shows in place of an external id that it has not', async () => {
    const tenant = await newTenant({ externalId: null });
    const { tenant: shown } = await read('query($id: ID!) { tenant(tenantId: $id) { externalId } }', {
      id: tenantId(tenant),
    });
    expect(shown.externalId).toBe(tenantId(tenant));
    const customer = await newPerson();
    const added = await change('addCustomerToTenants', '', {
      customerIdentifier: { customerId: customerId(customer) },
      tenantIdentifiers: [shown],
    });
    expect(added.error).toBeNull();
    const before = await changes();
    const upserted = await change('upsertTenant', 'result tenant { externalId }', {
      identifier: shown,
      externalId: shown.externalId,
      name: tenant.name,
    });
    expect(upserted).toEqual({ result: 'NOOP', tenant: shown, error: null });
    expect(await changes()).toBe(before);
    const foreign = await change('upsertTenant', '', {
      identifier: shown,
      externalId: tenantId(await newTenant()),
      name: 'x',
    });
    expect(foreign.error).toMatchObject({ code: 'input_validation', fields: [{ field: 'externalId' }] });
    const none = toPlainId('Tenant', newId());
    const unknown = await change('upsertTenant', '', { identifier: { externalId: none }, externalId: none, name: 'x' });
    expect(unknown.error).toMatchObject({ code: 'not_found', fields: [{ field: 'identifier.externalId' }] });
  });
});

describe('an external id that is spelled like an id', () => {
  it('names nobody else: whoever may edit one tenant could have another one changed by who reaches both', async () => {
    const [victim, tenant] = [await newTenant(), await newTenant()];
    const { secret } = await newKey({ tenants: [tenant.id] });
    await succeed('updateTenant', 'tenant { id }', { id: tenant.id, externalId: tenantId(victim) }, secret);
    const { tenant: shown } = await read('query($id: ID!) { tenant(tenantId: $id) { externalId } }', {
      id: tenantId(tenant),
    });
    const deleted = await change('deleteTenant', 'tenant { id }', { tenantIdentifier: shown });
    expect(deleted).toEqual({ tenant: { id: tenantId(tenant) }, error: null });
  });
});

describe('upsertCustomer', () => {
  const payload = 'result customer { id fullName shortName externalId email { email isVerified } }';
  const upsert = (input: Variables, key?: string) => change('upsertCustomer', payload, input, key);

  it('takes onCreate for who does not exist, a person, and onUpdate for who does', async () => {
    const address = email();
    const tenant = await newTenant();
    const externalId = unique('person');
    const input = {
      identifier: { externalId },
      onCreate: {
        fullName: 'Jane',
        shortName: 'J',
        email: { email: address, isVerified: true },
        tenantIdentifiers: [{ externalId: tenant.externalId }],
      },
      onUpdate: { fullName: { value: 'Janet' }, externalId: { value: externalId } },
    };
    const created = await upsert(input);
    const jane = { fullName: 'Jane', shortName: 'J', externalId, email: { email: address, isVerified: true } };
    expect(created).toMatchObject({ result: 'CREATED', customer: jane, error: null });
    expect(await upsert(input)).toMatchObject({ result: 'UPDATED', customer: { ...jane, fullName: 'Janet' } });
    const before = await changes();
    expect(await upsert(input)).toMatchObject({ result: 'NOOP' });
    expect(await changes()).toBe(before);
    const { id } = created.customer;
    const byId = { ...input, identifier: { customerId: id }, onUpdate: { externalId: { value: null }, shortName: {} } };
    expect(await upsert(byId)).toMatchObject({ result: 'UPDATED', customer: { id, externalId: null, shortName: 'J' } });
    const { data } = await ask(
      'query($e: String!) { customerBy(identifier: { email: $e }) { id kind tenants { nodes { id } } } }',
      {
        e: address,
      },
    );
    expect(data.customerBy).toMatchObject({ kind: 'PERSON', tenants: { nodes: [{ id: tenant.id }] } });
    expect(await eventsAbout(data.customerBy.id)).toEqual([
      'customer.created',
      'membership.created',
      'customer.updated',
      'customer.updated',
    ]);
  });

  it('changes a company without making a person of it', async () => {
    const company = await newCustomer();
    const identifier = { externalId: company.externalId };
    const onCreate = { fullName: 'x', email: { email: email(), isVerified: false } };
    await upsert({ identifier, onCreate, onUpdate: { shortName: { value: 'Co' } } });
    const { data } = await ask(
      'query($id: ID!) { customer(id: $id) { kind name shortName email { address } } }',
      company,
    );
    expect(data.customer).toEqual({ kind: 'COMPANY', name: company.name, shortName: 'Co', email: null });
  });
});

describe('deleteTenant', () => {
  it('takes either identifier, and of two tenants with the same external id the live one', async () => {
    const first = await newTenant();
    const remove = (tenantIdentifier: Variables) => change('deleteTenant', 'tenant { id name }', { tenantIdentifier });
    const named = { externalId: first.externalId };
    const shown = ({ name, ...tenant }: Result) => ({ id: tenantId({ name, ...tenant }), name });
    expect(await remove(named)).toEqual({ tenant: shown(first), error: null });
    const before = await changes();
    expect(await remove(named)).toMatchObject({ tenant: null, error: { code: 'not_found' } });
    expect(await changes()).toBe(before);
    const second = await newTenant(named);
    expect(await remove(named)).toEqual({ tenant: shown(second), error: null });
    const third = await newTenant(named);
    expect(await remove({ tenantId: tenantId(third) })).toEqual({ tenant: shown(third), error: null });
    for (const { id } of [first, second, third]) {
      expect(await eventsAbout(id)).toEqual(['tenant.created', 'tenant.deleted']);
    }
  });
});

describe('a list', () => {
  it('of customers is searched in the name, the e-mail address or the external id, or in several', async () => {
    const word = unique('zebra');
    const named = await newPerson({ name: `The ${word} lady` });
    const mailed = await newPerson({ email: { address: `${word}@x.example` } });
    const known = await newPerson({ externalId: word });
    const found = async (text: string, ...places: string[]) => {
      const or = places.map((place) => ({ [place]: { caseInsensitiveContains: text } }));
      const { searchCustomers } = await read(
        'query($q: CustomersSearchQuery!) { searchCustomers(searchQuery: $q) { edges { node { id } } } }',
        { q: { or } },
      );
      return searchCustomers.edges.map(({ node }: { node: Result }) => node.id);
    };
    const [a, b, c] = [named, mailed, known].map(customerId);
    const upper = word.toUpperCase();
    expect(await found(upper, 'fullName')).toEqual([a]);
    expect(await found(`lady ${upper} TH`, 'fullName')).toEqual([a]);
    expect(await found(upper, 'email')).toEqual([b]);
    expect(await found(`${upper} TH`, 'email')).toEqual([]);
    expect(await found(word, 'externalId')).toEqual([c]);
    expect(await found(upper, 'externalId')).toEqual([]);
    expect(await found(upper, 'email', 'fullName')).toEqual([a, b]);
    expect(await found(word, 'fullName', 'email', 'externalId')).toEqual([a, b, c]);
  });

  it('of customers finds two characters where a word of the name or the e-mail address begins', async () => {
    await newPerson({ name: `Qj ${unique('x')}`, email: { address: `x-qj.${email()}` } });
    await newPerson({ name: `The Qj ${unique('x')}` });
    const found = async (place: string) => {
      const q = { or: [{ [place]: { caseInsensitiveContains: 'qj' } }] };
      const { searchCustomers } = await read(
        'query($q: CustomersSearchQuery!) { searchCustomers(searchQuery: $q) { edges { node { id } } } }',
        { q },
      );
      return searchCustomers.edges.length;
    };
    expect([await found('fullName'), await found('email'), await found('externalId')]).toEqual([2, 1, 0]);
  });

  it('is filtered by when its records were changed, and has deleted tenants where they are asked for', async () => {
    const [first, second] = [await newTenant(), await newTenant()];
    await succeed('deleteTenant', 'tenant { id }', { id: first.id });
    const listed = async (filters: Variables) => {
      const { tenants } = await read(
        'query($f: TenantsFilter) { tenants(filters: $f, last: 100) { edges { node { id } } } }',
        { f: filters },
      );
      return tenants.edges.map(({ node }: { node: Result }) => node.id);
    };
    expect(await listed({})).not.toContain(tenantId(first));
    expect(await listed({ isDeleted: false })).toContain(tenantId(second));
    expect(await listed({ isDeleted: true })).toContain(tenantId(first));
    expect(await listed({ isDeleted: true })).not.toContain(tenantId(second));
    const { updatedAt } = second;
    expect(await listed({ updatedAt: { after: updatedAt } })).toContain(tenantId(second));
    expect(await listed({ updatedAt: { before: updatedAt } })).not.toContain(tenantId(second));
    const people = await read('query($f: CustomersFilter) { customers(filters: $f) { totalCount } }', {
      f: { updatedAt: { after: '2999-01-01T00:00:00+02:00' } },
    });
    expect(people.customers.totalCount).toBe(0);
  });

  it('of 100 customers is within the limits as the client asks for it, with their memberships', async () => {
    const membership = `createdAt { iso8601 } createdBy { __typename } tenant { id name }`;
    const query = `{ customers(first: 100) { totalCount edges { cursor node { ${CUSTOMER} } } } }`;
    expect((await call(query)).status).toBe(200);
    const nested = `{ customers(first: 25) { edges { node { id tenantMemberships(first: 5) { edges { node { ${membership} } } } } } } }`;
    expect((await call(nested)).status).toBe(200);
  });
});

describe('memberships', () => {
  it('are read with their tenants by as many D1 calls as tenants are at /graphql, for a whole page of customers', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const { id: keyId, secret } = await newKey({ tenants: [one.id, other.id] });
    const first = await newCustomer({ tenantIdentifiers: [{ id: one.id }, { id: other.id }] }, secret);
    const second = await newCustomer({ tenantIdentifiers: [{ id: other.id }] });
    const query = `{ customers { edges { node { id tenantMemberships { edges { cursor node {
      createdAt { iso8601 } createdBy { ... on MachineUserActor { machineUserId } ... on SystemActor { systemId } }
      updatedAt { iso8601 } updatedBy { ... on MachineUserActor { machineUserId } ... on SystemActor { systemId } }
      tenant { name externalId } } } pageInfo { hasNextPage } } } } } }`;
    const own = '{ customers { nodes { id tenants { nodes { name externalId } pageInfo { hasNextPage } } } } }';
    await call(query, {}, secret);
    const [here, there] = [await call(query, {}, secret), await ask(own, {}, secret)];
    expect(here.calls).toBe(there.calls);
    const byKey = { machineUserId: toPlainId('ApiKey', rawId(keyId)) };
    const byRoot = { systemId: 'root' };
    const shown = here.data.customers.edges.map(({ node }: Result) => ({
      id: node.id,
      memberships: node.tenantMemberships.edges.map(({ node: { tenant, createdBy, updatedBy } }: Result) => {
        expect(updatedBy).toEqual(createdBy);
        return [tenant.externalId, createdBy];
      }),
    }));
    expect(shown).toEqual([
      {
        id: customerId(first),
        memberships: [
          [one.externalId, byKey],
          [other.externalId, byKey],
        ],
      },
      { id: customerId(second), memberships: [[other.externalId, byRoot]] },
    ]);
  });

  it('are paged, and a cursor goes on', async () => {
    const tenants = [await newTenant(), await newTenant(), await newTenant()];
    const customer = await newPerson({ tenantIdentifiers: tenants.map(({ id }) => ({ id })) });
    const query = `query($id: ID!, $first: Int, $after: String, $last: Int) { customer(customerId: $id) {
      tenantMemberships(first: $first, after: $after, last: $last) {
        edges { node { tenant { id } } } pageInfo { hasNextPage hasPreviousPage endCursor } } } }`;
    const page = async (args: Variables) => {
      const { tenantMemberships } = (await read(query, { id: customerId(customer), ...args })).customer;
      return { ids: tenantMemberships.edges.map(({ node }: Result) => node.tenant.id), ...tenantMemberships.pageInfo };
    };
    const ids = tenants.map(tenantId);
    const first = await page({ first: 2 });
    expect(first).toMatchObject({ ids: ids.slice(0, 2), hasNextPage: true });
    expect(await page({ first: 2, after: first.endCursor })).toMatchObject({ ids: ids.slice(2), hasNextPage: false });
    expect(await page({ last: 1 })).toMatchObject({ ids: ids.slice(2), hasPreviousPage: true });
  });

  it('are read no further than the page, however many there are', async () => {
    const rows = Array.from({ length: 100 }, () => ({ externalId: unique('team'), name: 'Team' }));
    await succeed('importTenants', 'rows { id }', { rows });
    const [few, many] = [rows.slice(0, 20), rows].map((some) => some.map(({ externalId }) => ({ externalId })));
    const query = `query($id: ID!) { customer(customerId: $id) {
      tenantMemberships(first: 5) { edges { node { createdBy { __typename } tenant { id } } } } } }`;
    const rowsReadOf = async (tenantIdentifiers?: Variables[]) => {
      const customer = await newPerson({ tenantIdentifiers });
      const { rowsRead, data } = await call(query, { id: customerId(customer) });
      expect(data.customer.tenantMemberships.edges).toHaveLength(5);
      return rowsRead;
    };
    expect(await rowsReadOf(many)).toBe(await rowsReadOf(few));
  });

  it('show of tenants only the id and the name to who reaches one customer', async () => {
    const tenant = await newTenant();
    const customer = await newPerson({ tenantIdentifiers: [{ id: tenant.id }] });
    const { secret } = await newKey({ customer: customer.id });
    const asked = (fields: string) =>
      call(
        `query($id: ID!) { customer(customerId: $id) { tenantMemberships { edges { node { tenant { ${fields} } } } } } }`,
        { id: customerId(customer) },
        secret,
      );
    const { data } = await asked('id name');
    expect(data.customer.tenantMemberships.edges).toEqual([
      { node: { tenant: { id: tenantId(tenant), name: tenant.name } } },
    ]);
    for (const field of ['externalId', 'url', 'createdAt { iso8601 }', 'updatedBy { __typename }']) {
      expect(await asked(field), field).toMatchObject({ status: 403, errors: [{ extensions: { code: 'FORBIDDEN' } }] });
    }
  });
});
