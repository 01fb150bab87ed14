import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import readme from '../../../README.md?raw';
import { ROUTES } from '../../../src/dialects/userdocks/routes.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  eventsAbout,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  TENANT_FIELDS,
  unique,
} from '../../shared/fixtures.ts';
import { ask, ROOT_KEY, send } from '../../shared/gateway.ts';
import { tokenOf } from '../../shared/people.ts';
import bodyOfTheDocument from './body.txt?raw';
import answerToFailure from './error.txt?raw';
import exampleOfTheDocument from './example.txt?raw';
import answerToSuccess from './success.txt?raw';

type Headers = Record<string, string>;
type Json = Record<string, unknown>;

const ORIGIN = 'https://tenantry.test';
const uuidOf = ({ id }: Result): string => atob(id).split(':')[1] ?? '';
const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
const ROOT = bearer(ROOT_KEY);

let organizationId = '';
/** The document's three headers. */
const byKey = (secret: string, type = 'write'): Headers => ({
  'X-API-KEY': secret,
  'X-API-KEY-TYPE': type,
  'X-CLIENT-ID': organizationId,
});

/** Sends a request to a path below /v1. */
async function call(
  method: string,
  path: string,
  headers: Headers,
  body?: BodyInit | Json,
  overrides: Partial<Environment> = {},
) {
  const sent = body === undefined || typeof body === 'string' || body instanceof ReadableStream;
  const request = new Request(`${ORIGIN}/v1${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: sent ? body : JSON.stringify(body) }),
  });
  const answer = await send(request, overrides);
  const json: Json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(answer.text) : {};
  return { ...answer, json };
}

const get = (id: string, headers: Headers) => call('GET', `/tenants/${id}`, headers);
const put = (id: string, headers: Headers, body: Json) => call('PUT', `/tenants/${id}`, headers, body);

const FAILED = { success: false, error: expect.any(String), message: null, data: null };
const DONE = { success: true, message: expect.any(String), error: null, data: null };

async function byGraphQL(id: string): Promise<Result> {
  const { data } = await ask(`query($id: ID!) { tenant(id: $id) { ${TENANT_FIELDS} } }`, { id });
  return data.tenant;
}

beforeAll(async () => {
  const { data } = await ask('{ organization { id } }');
  organizationId = uuidOf(data.organization);
  await countChanges();
});

/** What stands in the document in place of values, by the name of the field. */
const VALUES: Record<string, unknown> = {
  companyTaxExempt: 'reverse',
  isBusinessCustomer: true,
  isInvoicePending: true,
  test: true,
  deleted: false,
  country: 'DE',
};

/** An object of the document as JSON: its comments, question marks and last commas gone, and values for its types. */
function objectOf(source: string, values: Json): Json {
  const text = source
    .replaceAll(/\/\/.*$/gm, '')
    .replaceAll(/^(\w+):/gm, '"$1":')
    .replaceAll('?"', '"')
    .replaceAll(/: (String|Boolean)/g, ': "$1"')
    .replaceAll(/,(\s*})/g, '$1');
  const filled = (value: unknown, name: string, parent: string): unknown => {
    if (typeof value === 'object' && value !== null) {
      return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, filled(part, key, name)]));
    }
    if (value !== 'String' && value !== 'Boolean') return value;
    return values[name] ?? VALUES[name] ?? `the ${name} of ${parent || 'it'}`;
  };
  return Object.fromEntries(Object.entries(JSON.parse(text)).map(([name, value]) => [name, filled(value, name, '')]));
}

/** The answer that the document shows: its keys, and the types of what is not null. */
const shapeOf = (source: string) =>
  Object.fromEntries(
    Object.entries(objectOf(source.replace(/^\/\/.*\n/, ''), { success: expect.any(Boolean) })).map(([name, value]) => [
      name,
      value === null || name === 'success' ? value : expect.any(String),
    ]),
  );

const addressOf = (field: string, more: Json = {}) => ({
  name: `the name of ${field}`,
  line1: `the line1 of ${field}`,
  line2: `the line2 of ${field}`,
  city: `the city of ${field}`,
  postalCode: `the postal_code of ${field}`,
  state: `the state of ${field}`,
  country: 'DE',
  type: null,
  ...more,
});

const BILLING = (parent: string) => ({
  companyName: `the companyName of ${parent}`,
  vatId: `the companyVATId of ${parent}`,
  taxType: `the companyTaxType of ${parent}`,
  taxExempt: 'REVERSE',
  isBusinessCustomer: true,
  isInvoicePending: true,
  oneTimePaymentValidThrough: `the stripeOneTimePaymentValidThru of ${parent}`,
});

describe('the requests of the document', () => {
  it('are answered: the body by itself', async () => {
    const tenant = await newTenant();
    const body = objectOf(bodyOfTheDocument, {});
    expect(Object.keys(body)).toHaveLength(13);
    const answer = await put(uuidOf(tenant), ROOT, body);
    expect(answer.status, answer.text).toBe(200);
    expect(answer.json).toEqual(shapeOf(answerToSuccess));
    expect(await byGraphQL(tenant.id)).toMatchObject({
      name: 'the name of it',
      description: 'the description of it',
      test: true,
      billing: {
        ...BILLING('it'),
        shippingAddress: addressOf('shippingAddress'),
        billingAddress: addressOf('billingAddress'),
      },
    });
  });

  it('are answered: the example', async () => {
    const tenant = await newTenant();
    const id = uuidOf(tenant);
    const { secret } = await newKey();
    const [, url = '', method = '', headerSource = '', bodySource = ''] =
      /fetch\('([^']+)', \{\nmethod: '(\w+)',\nheaders: (\{.*?\n\}),\nbody: JSON\.stringify\((\{.*\n\})\);\n\}\);/s.exec(
        exampleOfTheDocument,
      ) ?? [];
    const headers: Headers = byKey(secret);
    for (const [, name = '', value = ''] of headerSource.matchAll(/^'([\w-]+)': (.*),$/gm)) {
      if (value !== 'String') headers[name] = value.replaceAll("'", '');
      expect(headers[name], name).toBeDefined();
    }
    const { pathname } = new URL(url.replace(':tenantId', id));
    const request = new Request(`${ORIGIN}${pathname}`, {
      method,
      headers,
      body: JSON.stringify(objectOf(bodySource, { id })),
    });
    const { status, text } = await send(request);
    expect(status, text).toBe(200);
    expect(JSON.parse(text)).toEqual(shapeOf(answerToSuccess));
    expect(Object.keys(JSON.parse(text))).toEqual(['success', 'message', 'error', 'data']);
    const of = (field: string) => addressOf(field, { type: `the type of ${field}` });
    expect((await byGraphQL(tenant.id)).billing).toEqual({
      ...BILLING('tenant'),
      shippingAddress: of('shippingAddress'),
      billingAddress: of('billingAddress'),
    });
  });

  it('change nothing as they stand, types for values, which JSON leaves out', async () => {
    const tenant = await newTenant();
    const before = await changes();
    const answer = await put(uuidOf(tenant), ROOT, { tenant: { shippingAddress: {}, billingAddress: {} } });
    expect(answer.json).toEqual(DONE);
    expect(await changes()).toBe(before);
  });

  it('fail as the document says', async () => {
    const answer = await put(newId(), ROOT, { kind: 'tenant' });
    expect(answer.json).toEqual(shapeOf(answerToFailure));
    expect(Object.keys(answer.json)).toEqual(['success', 'error', 'message', 'data']);
  });
});

const ADDRESS = {
  name: 'Ada',
  city: 'Bonn',
  country: 'DE',
  line1: 'Am Hof 1',
  line2: 'II',
  postal_code: '53113',
  state: 'NRW',
  type: 'office',
};
const { postal_code: postalCode, ...REST_OF_ADDRESS } = ADDRESS;
const OWN_ADDRESS = { ...REST_OF_ADDRESS, postalCode };

/** Field of the document, value there; and the same in the input and the answer of /graphql. */
const FIELDS: [string, unknown, (value: unknown) => Json, unknown?][] = [
  ['name', 'Acme', (name) => ({ name })],
  ['description', 'Makes things', (description) => ({ description })],
  ['test', true, (test) => ({ test })],
  ['companyName', 'Acme Inc.', (companyName) => ({ billing: { companyName } })],
  ['companyVATId', 'DE123', (vatId) => ({ billing: { vatId } })],
  ['companyTaxType', 'eu_vat', (taxType) => ({ billing: { taxType } })],
  ['companyTaxExempt', 'exempt', (taxExempt) => ({ billing: { taxExempt } }), 'EXEMPT'],
  ['isBusinessCustomer', true, (isBusinessCustomer) => ({ billing: { isBusinessCustomer } })],
  ['isInvoicePending', true, (isInvoicePending) => ({ billing: { isInvoicePending } })],
  [
    'stripeOneTimePaymentValidThru',
    '2027-01-01',
    (oneTimePaymentValidThrough) => ({ billing: { oneTimePaymentValidThrough } }),
  ],
  ['shippingAddress', ADDRESS, (shippingAddress) => ({ billing: { shippingAddress } }), OWN_ADDRESS],
  ['billingAddress', ADDRESS, (billingAddress) => ({ billing: { billingAddress } }), OWN_ADDRESS],
];

describe('a field', () => {
  for (const [field, value, own, ownValue = value] of FIELDS) {
    it(`means the same here and at /graphql: ${field}`, async () => {
      const [one, other] = [await newTenant(), await newTenant()];
      const untouched = await byGraphQL(one.id);
      expect((await put(uuidOf(one), ROOT, { [field]: value })).json).toEqual(DONE);
      const written = await byGraphQL(one.id);
      expect(written).toMatchObject(own(ownValue));
      const { billing, ...change } = own(ownValue);
      expect(written).toEqual({
        ...untouched,
        ...change,
        billing: { ...untouched.billing, ...(billing as object) },
        version: 2,
        updatedAt: written.updatedAt,
      });

      await succeed('updateTenant', 'tenant { id }', { id: other.id, ...own(ownValue) });
      const { json } = await get(uuidOf(other), ROOT);
      expect((json.data as Json)[field]).toEqual(value);
      const events = ['tenant.created', 'tenant.updated'];
      expect(await eventsAbout(one.id)).toEqual(events);
      expect(await eventsAbout(other.id)).toEqual(events);
    });
  }

  it('is cleared by null and by an empty string, and an address by `deleted`', async () => {
    const tenant = await newTenant();
    const id = uuidOf(tenant);
    const full = Object.fromEntries(FIELDS.map(([field, value]) => [field, value]));
    await put(id, ROOT, full);
    await put(id, ROOT, { description: '', companyName: null, companyVATId: ' ', shippingAddress: { line2: '' } });
    await put(id, ROOT, { tenant: { billingAddress: { deleted: true, name: 'whoever' } } });
    expect((await get(id, ROOT)).json.data).toEqual({
      kind: 'tenant',
      id,
      ...full,
      description: null,
      companyName: null,
      companyVATId: null,
      shippingAddress: { ...ADDRESS, line2: null },
      billingAddress: null,
    });
  });

  it('that is read can be sent back: a tenant is not changed by itself', async () => {
    const id = uuidOf(await newTenant({ billing: { billingAddress: { city: 'Bonn' } } }));
    const { json } = await get(id, ROOT);
    const before = await changes();
    for (const body of [json.data as Json, { tenant: json.data }, { kind: 'tenant', tenant: json.data }]) {
      expect((await put(id.toUpperCase(), ROOT, body)).json).toEqual(DONE);
    }
    expect(await changes()).toBe(before);
  });

  const long = 'x'.repeat(257);
  const DEEP = `${'{"deep":'.repeat(50_000)}1${'}'.repeat(50_000)}`;
  const REFUSED: [string, unknown, string][] = [
    ['a body that is a list', '[]', 'not a JSON object'],
    ['a body that is no JSON', '{', 'not a JSON object'],
    ['a body of many levels', DEEP, 'must not have deep'],
    ['a field of many levels', `{"name":${DEEP}}`, 'name must be a string'],
    ['another kind', { kind: 'user' }, 'kind must be "tenant"'],
    ['a tenant that is none', { tenant: 'x' }, 'tenant must be an object'],
    ['a tenant that is null', { tenant: null }, 'tenant must be an object'],
    ['fields beside the tenant', { tenant: {}, name: 'x' }, 'name must stand inside of tenant'],
    ['an unknown field', { companyVatId: 'x' }, 'must not have companyVatId'],
    ['an unknown part of an address', { billingAddress: { zip: 'x' } }, 'billingAddress must not have zip'],
    ['another id', { id: newId() }, 'id must be the one in the path'],
    ['an empty name', { name: '' }, 'name is required'],
    ['a name that is null', { name: null }, 'name is required'],
    ['a number', { companyName: 1 }, 'companyName must be a string'],
    ['a word for a flag', { test: 'true' }, 'test must be true or false'],
    ['another exemption', { companyTaxExempt: 'NONE' }, 'companyTaxExempt must be one of none, exempt, reverse'],
    ['an address that is a string', { shippingAddress: 'x' }, 'shippingAddress must be an object'],
    ['a word for deleted', { shippingAddress: { deleted: 'yes' } }, 'shippingAddress.deleted must be true or false'],
    ...['name', 'description', 'companyName', 'companyVATId', 'companyTaxType', 'stripeOneTimePaymentValidThru'].map(
      (field): [string, unknown, string] => [
        `257 characters of ${field}`,
        { [field]: long },
        `${field} must be at most`,
      ],
    ),
    ...Object.keys(ADDRESS).map((part): [string, unknown, string] => [
      `257 characters of ${part} in an address`,
      { tenant: { billingAddress: { [part]: long } } },
      `billingAddress.${part} must be at most 256 characters`,
    ]),
  ];
  for (const [what, body, message] of REFUSED) {
    it(`is refused with 400, and nothing changed: ${what}`, async () => {
      const id = uuidOf(await newTenant());
      const before = await changes();
      const answer = await call('PUT', `/tenants/${id}`, ROOT, body as Json);
      expect(answer.status, answer.text).toBe(400);
      expect(answer.json).toEqual(FAILED);
      expect(answer.json.error).toContain(message);
      expect(await changes()).toBe(before);
    });
  }
});

describe('a credential', () => {
  it('is the same 401, whatever is wrong with it', async () => {
    const id = uuidOf(await newTenant());
    const { secret } = await newKey();
    const revoked = await newKey();
    await succeed('revokeApiKey', 'apiKey { id }', { id: revoked.id });
    const good = byKey(secret);
    const { 'X-CLIENT-ID': _client, ...withoutClient } = good;
    const { 'X-API-KEY-TYPE': _type, ...withoutType } = good;
    const wrong: Record<string, Headers> = {
      nothing: {},
      'a wrong key': byKey('tenantry_wrong'),
      'an empty key': byKey(''),
      'a revoked key': byKey(revoked.secret),
      'the root key as an API key': byKey(ROOT_KEY),
      'no client': withoutClient,
      'an empty client': { ...good, 'X-CLIENT-ID': '' },
      'another client': { ...good, 'X-CLIENT-ID': newId() },
      'no type': withoutType,
      'another type': byKey(secret, 'admin'),
      'a property of every object as type': byKey(secret, 'constructor'),
      'a wrong token': bearer('wrong'),
      'a wrong key beside a good token': { ...ROOT, ...byKey('tenantry_wrong') },
    };
    const before = await changes();
    const first = await get(id, {});
    expect(first.status).toBe(401);
    expect(first.json).toEqual(FAILED);
    expect(first.headers.get('www-authenticate')).toContain('Bearer');
    // Before and after this isolate knows the key.
    for (const round of [1, 2]) {
      for (const [what, headers] of Object.entries(wrong)) {
        for (const answer of [await get(id, headers), await put(id, headers, { name: 'Mallory' })]) {
          expect({ status: answer.status, text: answer.text }, `${what}, ${round}`).toEqual({
            status: 401,
            text: first.text,
          });
        }
      }
      expect((await get(id, good)).status).toBe(200);
      expect((await get(id, { ...good, 'X-CLIENT-ID': organizationId.toUpperCase() })).status).toBe(200);
    }
    expect(await changes()).toBe(before);
  });

  it('is good as any bearer token, too', async () => {
    const tenant = await newTenant();
    const id = uuidOf(tenant);
    const { secret } = await newKey();
    const { id: user } = await newTenantUser(tenant.id);
    for (const token of [ROOT_KEY, secret, await tokenOf(user, tenant.id)]) {
      expect((await get(id, bearer(token))).status).toBe(200);
    }
  });

  it('only reads as X-API-KEY-TYPE: read, and a READ key writes by no type', async () => {
    const id = uuidOf(await newTenant());
    const { secret } = await newKey();
    const reader = await newKey({ access: 'READ' });
    const before = await changes();
    for (const headers of [byKey(secret, 'read'), byKey(reader.secret), byKey(reader.secret, 'read')]) {
      expect((await get(id, headers)).status).toBe(200);
      const answer = await put(id, headers, { name: 'Mallory' });
      expect(answer).toMatchObject({ status: 403, json: FAILED });
    }
    expect(await changes()).toBe(before);
    expect((await put(id, byKey(secret), { name: 'Ada' })).status).toBe(200);
  });

  it('whose reach has changed since is read again, and the request with it', async () => {
    const [kept, gone] = [await newTenant(), await newTenant()];
    const headers = byKey((await newKey({ tenants: [kept.id, gone.id] })).secret);
    expect((await get(uuidOf(gone), headers)).status).toBe(200);
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    expect((await put(uuidOf(kept), headers, { name: 'Kept' })).json).toEqual(DONE);
    expect((await byGraphQL(kept.id)).name).toBe('Kept');
    expect((await get(uuidOf(gone), headers)).status).toBe(403);
  });

  it('is none any more when the tenant that it was for is deleted', async () => {
    const tenant = await newTenant();
    const { id } = await newTenantUser(tenant.id);
    const headers = bearer(await tokenOf(id, tenant.id));
    expect((await get('me', headers)).status).toBe(200);
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    for (const path of ['me', uuidOf(tenant)])
      expect(await get(path, headers)).toMatchObject({ status: 401, json: FAILED });
  });

  it('is asked for as little as at /graphql: as many D1 calls, or fewer', async () => {
    const tenant = await newTenant();
    const id = uuidOf(tenant);
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const [one, other] = [(await newKey()).secret, (await newKey()).secret];
    const [first, second] = [await tokenOf(user.id, tenant.id), await tokenOf(user.id, tenant.id)];
    const read = 'query($id: ID!) { tenant(id: $id) { id name billing { vatId } } }';
    const write = mutationDocument('updateTenant', 'tenant { id }');
    const pairs: [Headers, string][] = [
      [ROOT, ROOT_KEY],
      [byKey(one), other],
      [bearer(first), second],
    ];
    for (const [headers, key] of pairs) {
      for (const round of ['unknown', 'known']) {
        const reads = [await get(id, headers), await ask(read, { id: tenant.id }, key)];
        const writes = [
          await put(id, headers, { name: unique('a') }),
          await ask(write, { input: { id: tenant.id, name: unique('b') } }, key),
        ];
        for (const [ours, theirs] of [reads, writes]) {
          expect(ours?.status, ours?.text).toBe(200);
          expect(theirs?.errors).toEqual([]);
          expect(ours?.calls, round).toBeLessThanOrEqual(theirs?.calls ?? 0);
        }
      }
    }
  });
});

describe('a tenant out of reach', () => {
  const ids = { a: '', b: '', deleted: '', absent: newId() };
  type State = keyof typeof ids;
  const viewers: { name: string; headers: Headers; reads: State[]; writes: State[]; own?: State }[] = [];

  beforeAll(async () => {
    const [a, b, deleted] = [await newTenant(), await newTenant(), await newTenant()];
    Object.assign(ids, { a: uuidOf(a), b: uuidOf(b), deleted: uuidOf(deleted) });
    const customer = await newCustomer({ tenantIdentifiers: [{ id: a.id }] });
    const keys = {
      'a key of the organization': [{}, ['a', 'b'], ['a', 'b']],
      'a READ key': [{ access: 'READ' }, ['a', 'b'], []],
      'a key of a': [{ tenants: [a.id] }, ['a'], ['a']],
      'a key of a and b': [{ tenants: [a.id, b.id] }, ['a', 'b'], ['a', 'b']],
      'a READ key of a': [{ access: 'READ', tenants: [a.id] }, ['a'], []],
      'a key of the deleted': [{ tenants: [deleted.id] }, [], []],
      'a key of a customer in a': [{ customer: customer.id }, [], []],
    } satisfies Record<string, [Parameters<typeof newKey>[0], State[], State[]]>;
    for (const [name, [options, reads, writes]] of Object.entries(keys)) {
      viewers.push({ name, headers: byKey((await newKey(options)).secret), reads, writes });
    }
    const role = (name: string) => ({ roleIdentifier: { name } });
    const signedIn = async (name: string, user: Result, tenant: Result | null, reads: State[], writes: State[]) => {
      const headers = bearer(await tokenOf(user.id, tenant?.id));
      viewers.push({ name, headers, reads, writes, ...(tenant && { own: reads[0] ?? 'deleted' }) });
    };
    viewers.push({ name: 'root', headers: ROOT, reads: ['a', 'b'], writes: ['a', 'b'] });
    await signedIn('an admin of a', await newTenantUser(a.id, role('admin')), a, ['a'], ['a']);
    await signedIn('who views a', await newTenantUser(a.id), a, ['a'], []);
    await signedIn('an owner', await newTeamMember(role('owner')), null, ['a', 'b'], ['a', 'b']);
    await signedIn('a viewer of the organization', await newTeamMember(), null, ['a', 'b'], []);
    const ofCustomer = await newCustomerUser(customer.id, role('admin'));
    await signedIn('an admin of a customer in a', ofCustomer, null, [], []);
    await succeed('deleteTenant', 'tenant { id }', { id: deleted.id });
  });

  it('is the same 403 as one that does not exist, for everyone, and nothing changes', async () => {
    expect(viewers).toHaveLength(13);
    for (const { name, headers, reads, writes } of viewers) {
      const absent = [await get(ids.absent, headers), await put(ids.absent, headers, { name: 'x' })];
      for (const state of Object.keys(ids) as State[]) {
        const where = `${name}, ${state}`;
        const read = await get(ids[state], headers);
        if (reads.includes(state)) {
          expect(read.json, where).toMatchObject({ success: true, data: { kind: 'tenant', id: ids[state] } });
        } else {
          expect([read.status, read.text], where).toEqual([403, absent[0]?.text]);
          expect(read.json, where).toEqual(FAILED);
        }
        const before = await changes();
        const written = await put(ids[state], headers, { name: unique('n') });
        if (writes.includes(state)) {
          expect([written.status, written.json], where).toEqual([200, DONE]);
          expect(await changes(), where).toBeGreaterThan(before);
        } else {
          expect([written.status, written.text], where).toEqual([403, absent[1]?.text]);
          expect(await changes(), where).toBe(before);
        }
      }
    }
  });

  it('is never `me`, which is where a user is signed in', async () => {
    for (const { name, headers, own } of viewers) {
      const { status, json } = await get('me', headers);
      expect(status, name).toBe(own ? 200 : 403);
      expect(json, name).toEqual(
        own ? expect.objectContaining({ data: expect.objectContaining({ id: ids[own] }) }) : FAILED,
      );
    }
    expect(viewers.filter(({ own }) => own)).toHaveLength(2);
  });
});

describe('without the permission', () => {
  const cases: [string, Permission][] = [
    ['GET', 'tenant:read'],
    ['PUT', 'tenant:edit'],
  ];
  for (const [method, permission] of cases) {
    it(`${permission}, ${method} is 403, and nothing changes`, async () => {
      const tenant = await newTenant();
      const body = method === 'PUT' ? { name: 'x' } : undefined;
      const [lacking, enough] = [
        (await newKey({ permissions: allBut(permission) })).secret,
        (await newKey({ permissions: [permission] })).secret,
      ];
      const before = await changes();
      const answer = await call(method, `/tenants/${uuidOf(tenant)}`, byKey(lacking), body);
      expect(answer).toMatchObject({ status: 403, json: FAILED });
      expect(answer.json.error).toContain(permission);
      expect(await changes()).toBe(before);
      expect((await call(method, `/tenants/${uuidOf(tenant)}`, byKey(enough), body)).status).toBe(200);
    });
  }
});

describe('a request that fails', () => {
  afterEach(() => vi.restoreAllMocks());

  it('has the same envelope, whatever is wrong', async () => {
    const id = uuidOf(await newTenant());
    const long = JSON.stringify({ kind: 'tenant', padding: 'x'.repeat(MAX_BODY_BYTES) });
    const text = { ...ROOT, 'content-type': 'text/plain' };
    const before = await changes();
    const failures: [number, Awaited<ReturnType<typeof call>>][] = [
      [400, await get('42', ROOT)],
      [400, await put('42', ROOT, { name: 'x' })],
      [400, await get('%F0%9F', ROOT)],
      [404, await call('GET', '', ROOT)],
      [404, await call('GET', '/tenants', ROOT)],
      [404, await call('GET', `/tenants/${id}/`, ROOT)],
      [404, await call('PUT', `/users/${id}`, {}, {})],
      [405, await call('POST', `/tenants/${id}`, ROOT, {})],
      [405, await call('DELETE', `/tenants/${id}`, ROOT)],
      [405, await call('PUT', '/tenants/me', ROOT, { name: 'x' })],
      [413, await call('PUT', `/tenants/${id}`, ROOT, long)],
      [415, await call('PUT', `/tenants/${id}`, text, '{}')],
      [503, await call('GET', `/tenants/${id}`, ROOT, undefined, { ROOT_KEY: 'short' })],
    ];
    for (const [status, answer] of failures) {
      expect([answer.status, answer.json], answer.text).toEqual([status, FAILED]);
      expect(answer.headers.get('x-request-id')).toMatch(/^[0-9a-f-]{36}$/);
    }
    expect(failures[7]?.[1].headers.get('allow')).toBe('GET, PUT');
    expect(await changes()).toBe(before);
  });

  it('through our own fault is masked, and stands in the log under the request id of the header', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (message: string) => {
      const batch = () => Promise.reject(new Error(message));
      return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
    };
    const secret = 'D1_ERROR: no such column: secret_column';
    for (const [method, body] of [['GET', undefined] as const, ['PUT', { name: 'x' }] as const]) {
      log.mockClear();
      const answer = await call(method, `/tenants/${newId()}`, ROOT, body, broken(secret));
      expect(answer).toMatchObject({ status: 500, json: FAILED });
      expect(answer.text).not.toContain('secret_column');
      expect(log).toHaveBeenCalledTimes(1);
      expect(log.mock.calls[0]?.[0]).toContain(answer.headers.get('x-request-id'));
    }
    const busy = await call('GET', `/tenants/${newId()}`, ROOT, undefined, broken('D1 DB is overloaded.'));
    expect(busy).toMatchObject({ status: 503, json: FAILED });
  });
});

describe('the README', () => {
  const section = readme.slice(readme.indexOf('### Userdocks'), readme.indexOf('## Permissions'));
  const row = (heading: string) =>
    section.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;

  it('has every operation, and no other', () => {
    const named = [...row('operations').matchAll(/`([A-Z]+) (\/\S+)`/g)].map(([, method, path]) => `${method} ${path}`);
    const served = ROUTES.flatMap(({ path, operations }) =>
      [...operations.keys()].map((method) => `${method} ${path.source.replaceAll('\\', '').slice(1, -1)}`),
    );
    expect(named.sort()).toEqual(served.map((name) => name.replace(/\(.*\)/, ':tenantId')).sort());
  });

  it('has fields by the names that /graphql has', () => {
    const pairs = [...row('fields').matchAll(/`(\w+)`(?: is)? `(?:billing\.)?(\w+)`/g)];
    expect(pairs).toHaveLength(5);
    const known = Object.fromEntries(
      FIELDS.map(([field, value, own]) => [field, Object.keys((own(value).billing ?? {}) as object)[0]]),
    );
    for (const [, field = '', name = ''] of pairs) expect(known[field] ?? 'postalCode', field).toBe(name);
  });

  it('shows a request that works', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey();
    const values: Headers = { TENANT_ID: uuidOf(tenant), API_KEY: secret, ORGANIZATION_ID: organizationId };
    const filled = section.replaceAll('\\\n', '').replaceAll(/\$([A-Z_]+)/g, (_, name) => values[name] ?? '');
    const [, method = '', path = '', options = ''] = /^curl -sS -X (\w+) \/v1(\S+) (.*)$/m.exec(filled) ?? [];
    const headers = [...options.matchAll(/-H (["'])(\S+): (.*?)\1/g)].map(([, , name, value]) => [name, value]);
    const [, body] = /-d '(.*)'$/.exec(options) ?? [];
    expect((await call(method, path, Object.fromEntries(headers), body)).json).toEqual(DONE);
    expect((await byGraphQL(tenant.id)).billing).toMatchObject({
      vatId: 'DE123456789',
      billingAddress: { city: 'Bonn' },
    });
  });
});

describe('a page of another origin', () => {
  it('may change a tenant, if the origin is allowed', async () => {
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' };
    const overrides = { ALLOWED_ORIGINS: 'https://app.example' };
    const { status, headers: answered } = await call('OPTIONS', `/tenants/${newId()}`, headers, undefined, overrides);
    expect(status).toBe(204);
    expect(answered.get('access-control-allow-methods')).toBe('GET, PUT');
  });
});
