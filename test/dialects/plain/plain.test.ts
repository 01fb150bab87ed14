import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import readme from '../../../README.md?raw';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { schema } from '../../../src/dialects/plain/schema.ts';
import { newId } from '../../../src/directory/kernel/ids.ts';
import { MAX_BODY_BYTES } from '../../../src/http/shared/body.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import { eventsAbout, mutate, newCustomer, newCustomerUser, newKey, newTenant, unique } from '../../shared/fixtures.ts';
import { type Answer, ask, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { call, change, customerId, email, newPerson } from './asked.ts';
import documentOfTheDocument from './mutation.txt?raw';
import { ERROR, PATH, plain } from './table.ts';
import variablesOfTheDocument from './variables.txt?raw';

beforeAll(countChanges);

describe('the document', () => {
  it('is answered as it stands, with its own variables', async () => {
    const { input } = JSON.parse(variablesOfTheDocument);
    const customer = await newPerson({ email: { address: input.customerIdentifier.emailAddress } });
    for (const { externalId } of input.tenantIdentifiers) await newTenant({ externalId });
    const body = `{"query": ${JSON.stringify(documentOfTheDocument)}, "variables": ${variablesOfTheDocument}}`;
    const sent = (key: string) =>
      send(
        new Request(`${PUBLIC_URL}${PATH}`, {
          method: 'POST',
          headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
          body,
        }),
      );
    const { status, text } = await sent(ROOT_KEY);
    expect([status, text]).toEqual([200, '{"data":{"addCustomerToTenants":{"error":null}}}']);
    const { data } = await ask('query($id: ID!) { customer(id: $id) { tenants { nodes { externalId } } } }', customer);
    expect(data.customer.tenants.nodes).toEqual(input.tenantIdentifiers);
    expect(await eventsAbout(customer.id)).toEqual(['customer.created', 'membership.created', 'membership.created']);

    const { secret } = await newKey({ permissions: ['customerTenantMembership:create'] });
    expect((await sent(secret)).data.addCustomerToTenants.error).toEqual({
      message: 'Insufficient permissions, missing "customer:edit".',
      type: 'FORBIDDEN',
      code: 'forbidden',
      fields: [],
    });
  });
});

/** Paths of the input, and kinds of mistakes. */
type Field = [field: string, type: 'VALIDATION' | 'REQUIRED' | 'NOT_FOUND'];

const world = { tenant: '', customer: '', email: '', taken: '', takenId: '', takenTenant: '', company: '' };

beforeAll(async () => {
  const [tenant, customer, other, company] = [
    await newTenant(),
    await newPerson(),
    await newPerson(),
    await newCustomer(),
  ];
  Object.assign(world, {
    tenant: tenant.externalId,
    customer: customerId(customer),
    email: customer.email.address,
    taken: other.email.address,
    takenId: other.externalId,
    takenTenant: (await newTenant()).externalId,
    company: company.externalId,
  });
});

const onCreate = (more: Variables = {}) => ({ fullName: 'x', email: { email: email(), isVerified: true }, ...more });
const member = (more: Variables) => ({
  customerIdentifier: { customerId: world.customer },
  tenantIdentifiers: [],
  ...more,
});
const upserting = (more: Variables) => ({
  identifier: { customerId: world.customer },
  onCreate: onCreate(),
  onUpdate: {},
  ...more,
});
const tenant = (more: Variables) => ({
  identifier: { externalId: world.tenant },
  externalId: world.tenant,
  name: 'x',
  ...more,
});
const long = 'x'.repeat(257);
const none = toPlainId('Customer', newId());

const REFUSALS: [condition: string, mutation: string, input: () => Variables, code: string, fields: Field[]][] = [
  [
    'an unknown customer by e-mail',
    'addCustomerToTenants',
    () => member({ customerIdentifier: { emailAddress: email() } }),
    'not_found',
    [['customerIdentifier.emailAddress', 'NOT_FOUND']],
  ],
  [
    'an unknown customer by id, and tenants',
    'setCustomerTenants',
    () =>
      member({
        customerIdentifier: { customerId: none },
        tenantIdentifiers: [{ externalId: 'nobody' }, { tenantId: newId() }],
      }),
    'not_found',
    [
      ['customerIdentifier.customerId', 'NOT_FOUND'],
      ['tenantIdentifiers.0.externalId', 'NOT_FOUND'],
      ['tenantIdentifiers.1.tenantId', 'NOT_FOUND'],
    ],
  ],
  [
    'a malformed id',
    'removeCustomerFromTenants',
    () => member({ customerIdentifier: { customerId: 'c_1' } }),
    'input_validation',
    [['customerIdentifier.customerId', 'VALIDATION']],
  ],
  [
    'two identifiers at once',
    'addCustomerToTenants',
    () => member({ tenantIdentifiers: [{ externalId: world.tenant, tenantId: newId() }] }),
    'input_validation',
    [['tenantIdentifiers.0', 'VALIDATION']],
  ],
  [
    'no identifier',
    'upsertTenant',
    () => tenant({ identifier: {} }),
    'input_validation',
    [['identifier', 'VALIDATION']],
  ],
  [
    'too many tenants',
    'setCustomerTenants',
    () => member({ tenantIdentifiers: Array(101).fill({ externalId: 'x' }) }),
    'input_validation',
    [['tenantIdentifiers', 'VALIDATION']],
  ],
  [
    'an e-mail address that is none',
    'addCustomerToTenants',
    () => member({ customerIdentifier: { emailAddress: 'x' } }),
    'input_validation',
    [['customerIdentifier.emailAddress', 'VALIDATION']],
  ],
  [
    'a page that is none',
    'upsertTenant',
    () => tenant({ url: { value: 'ftp://x' } }),
    'input_validation',
    [['url.value', 'VALIDATION']],
  ],
  ['an empty name', 'upsertTenant', () => tenant({ name: ' ' }), 'input_validation', [['name', 'VALIDATION']]],
  [
    'an external id of another tenant',
    'upsertTenant',
    () => tenant({ externalId: world.takenTenant }),
    'input_validation',
    [['externalId', 'VALIDATION']],
  ],
  [
    'an unknown tenant by id',
    'upsertTenant',
    () => tenant({ identifier: { tenantId: newId() } }),
    'not_found',
    [['identifier.tenantId', 'NOT_FOUND']],
  ],
  [
    'an unknown tenant to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: { externalId: 'nobody' } }),
    'not_found',
    [['tenantIdentifier.externalId', 'NOT_FOUND']],
  ],
  [
    'an unknown id to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: { tenantId: newId() } }),
    'not_found',
    [['tenantIdentifier.tenantId', 'NOT_FOUND']],
  ],
  [
    'no tenant to delete',
    'deleteTenant',
    () => ({ tenantIdentifier: {} }),
    'input_validation',
    [['tenantIdentifier', 'VALIDATION']],
  ],
  [
    'an unknown customer to delete',
    'deleteCustomer',
    () => ({ customerId: none }),
    'not_found',
    [['customerId', 'NOT_FOUND']],
  ],
  [
    'a malformed id to delete',
    'deleteCustomer',
    () => ({ customerId: 'x' }),
    'input_validation',
    [['customerId', 'VALIDATION']],
  ],
  [
    'an unknown customer to change',
    'upsertCustomer',
    () => upserting({ identifier: { customerId: none } }),
    'not_found',
    [['identifier.customerId', 'NOT_FOUND']],
  ],
  [
    'unknown tenants of a new customer',
    'upsertCustomer',
    () =>
      upserting({
        identifier: { externalId: unique('x') },
        onCreate: onCreate({ tenantIdentifiers: [{ externalId: world.tenant }, { tenantId: newId() }] }),
      }),
    'not_found',
    [['onCreate.tenantIdentifiers.1.tenantId', 'NOT_FOUND']],
  ],
  [
    'values that are not allowed',
    'upsertCustomer',
    () =>
      upserting({
        onCreate: onCreate({ fullName: '', externalId: long }),
        onUpdate: { fullName: { value: long }, email: { email: 'x', isVerified: true } },
      }),
    'input_validation',
    [
      ['onCreate.fullName', 'VALIDATION'],
      ['onCreate.externalId', 'VALIDATION'],
      ['onUpdate.fullName.value', 'VALIDATION'],
      ['onUpdate.email.email', 'VALIDATION'],
    ],
  ],
  [
    'an identifier that would be cleared',
    'upsertCustomer',
    () => upserting({ identifier: { externalId: world.takenId }, onUpdate: { externalId: { value: null } } }),
    'input_validation',
    [['onUpdate.externalId.value', 'VALIDATION']],
  ],
  [
    'the e-mail address of another, for a new customer',
    'upsertCustomer',
    () =>
      upserting({
        identifier: { externalId: unique('x') },
        onCreate: onCreate({ email: { email: world.taken, isVerified: true } }),
      }),
    'customer_already_exists_with_email',
    [['onCreate.email.email', 'VALIDATION']],
  ],
  [
    'the external id of another, for a new customer',
    'upsertCustomer',
    () => upserting({ identifier: { emailAddress: email() }, onCreate: onCreate({ externalId: world.takenId }) }),
    'customer_already_exists_with_external_id',
    [['onCreate.externalId', 'VALIDATION']],
  ],
  [
    'the external id of another, for one who exists',
    'upsertCustomer',
    () => upserting({ onUpdate: { externalId: { value: world.takenId } } }),
    'customer_already_exists_with_external_id',
    [['onUpdate.externalId.value', 'VALIDATION']],
  ],
  [
    'the e-mail address of another, where both are given',
    'upsertCustomer',
    () => upserting({ onUpdate: { email: { email: world.taken, isVerified: true } } }),
    'customer_already_exists_with_email',
    [
      ['onCreate.email.email', 'VALIDATION'],
      ['onUpdate.email.email', 'VALIDATION'],
    ],
  ],
  [
    'the name of another company',
    'upsertCustomer',
    () => upserting({ identifier: { externalId: world.company }, onUpdate: { fullName: { value: 'Only One Inc.' } } }),
    'input_validation',
    [['onUpdate.fullName.value', 'VALIDATION']],
  ],
];

describe('a mutation that is refused', () => {
  for (const [condition, name, input, code, fields] of REFUSALS) {
    it(`${name}: ${condition} is ${code}, with 200, and changes nothing`, async () => {
      if (condition.startsWith('the name of another')) await newCustomer({ name: 'Only One Inc.' });
      const before = await changes();
      const { error, ...payload } = await change(name, '__typename', input());
      expect(error).toEqual({
        type: 'VALIDATION',
        code,
        message: expect.any(String),
        fields: fields.map(([field, type]) => ({ field, type, message: expect.any(String) })),
      });
      for (const [field] of fields) expect(error.message).toContain(field);
      expect(payload).toEqual({ __typename: `${name.charAt(0).toUpperCase()}${name.slice(1)}Output` });
      expect(await changes()).toBe(before);
    });
  }

  it('for want of a permission, or of reach, is FORBIDDEN, and says which', async () => {
    const owned = await newTenant();
    const shared = await newPerson({ tenantIdentifiers: [{ id: owned.id }, { externalId: world.tenant }] });
    const reading = await newKey({ access: 'READ' });
    const ofTenant = await newKey({ tenants: [owned.id] });
    const lacking = await newKey({ permissions: ['tenant:read'] });
    const cases: [string, string, Variables, string][] = [
      [
        lacking.secret,
        'deleteCustomer',
        { customerId: 'junk' },
        'Insufficient permissions, missing "customer:delete".',
      ],
      [lacking.secret, 'upsertTenant', tenant({}), 'Insufficient permissions, missing "tenant:create", "tenant:edit".'],
      [reading.secret, 'setCustomerTenants', member({}), 'This API key may only read.'],
      [
        ofTenant.secret,
        'deleteTenant',
        { tenantIdentifier: { externalId: owned.externalId } },
        'the whole organization',
      ],
      [ofTenant.secret, 'deleteCustomer', { customerId: customerId(shared) }, 'out of reach'],
      [ofTenant.secret, 'upsertCustomer', upserting({}), 'tenantIdentifiers'],
    ];
    const before = await changes();
    for (const [key, name, input, message] of cases) {
      const { error } = await change(name, '', input, key);
      expect(error).toEqual({
        type: 'FORBIDDEN',
        code: 'forbidden',
        fields: [],
        message: expect.stringContaining(message),
      });
    }
    expect(await changes()).toBe(before);
  });

  it('for a customer out of reach tells no more than that a value is taken', async () => {
    const near = await newTenant();
    const { secret } = await newKey({ tenants: [near.id] });
    const joining = { tenantIdentifiers: [{ externalId: near.externalId }] };
    const cases: [Variables, string][] = [
      [{ emailAddress: world.taken }, 'customer_already_exists_with_email'],
      [{ externalId: world.takenId }, 'customer_already_exists_with_external_id'],
    ];
    const before = await changes();
    for (const [identifier, code] of cases) {
      const input = { identifier, onCreate: onCreate(joining), onUpdate: { fullName: { value: 'x' } } };
      const { customer, error } = await change('upsertCustomer', 'customer { id }', input, secret);
      const [name] = Object.keys(identifier);
      expect([customer, error]).toMatchObject([null, { code, fields: [{ field: `identifier.${name}` }] }]);
    }
    expect(await changes()).toBe(before);
  });

  it('because a tenant would lose its last admin says so', async () => {
    const [place, customer] = [await newTenant(), await newPerson()];
    const user = await newCustomerUser(customer.id);
    await mutate('assignTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: place.id },
      roleIdentifier: { name: 'admin' },
    });
    const { error } = await change('deleteCustomer', '', { customerId: customerId(customer) });
    expect(error).toEqual({
      type: 'VALIDATION',
      code: 'input_validation',
      message: expect.stringContaining('last admin'),
      fields: [],
    });
  });
});

const broken = (message: string) => {
  const batch = () => Promise.reject(new Error(message));
  return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
};
const raw = (init: RequestInit & { path?: string }) => {
  const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json', ...init.headers };
  return send(new Request(`${PUBLIC_URL}${init.path ?? PATH}`, { method: 'POST', ...init, headers }));
};
const text = { 'content-type': 'text/plain' };
const tooLarge = JSON.stringify({ query: '{ myPermissions { permissions } }', padding: 'x'.repeat(MAX_BODY_BYTES) });
const aliases = Array.from({ length: 31 }, (_, index) => `a${index}: __typename`).join(' ');
const actor = 'createdBy { ... on UserActor { user { id email fullName } } }';
const dear = `{ ${[1, 2].map((n) => `t${n}: customers(first: 100) { edges { node { tenantMemberships(first: 100) { edges { node { tenant { id ${actor} } } } } } } }`).join(' ')} }`;
let limited = '';
let readsCustomers = '';
beforeAll(async () => {
  limited = (await newKey({ permissions: ['role:read'] })).secret;
  readsCustomers = (await newKey({ permissions: ['customer:read'] })).secret;
});
const lacking = (query: string) => call(query, {}, limited);
const insert = `mutation { deleteCustomer(input: { customerId: "${newId()}" }) { ${ERROR} } }`;

const FAILURES: [condition: string, request: () => Promise<Answer>, status: number, code: string, message?: string][] =
  [
    ['no credential', () => raw({ headers: { authorization: '' } }), 401, 'UNAUTHENTICATED'],
    ['a wrong key', () => call('{ myPermissions { permissions } }', {}, 'tenantry_wrong'), 401, 'UNAUTHENTICATED'],
    [
      'a query without permission',
      () => lacking('{ customers { totalCount } }'),
      403,
      'FORBIDDEN',
      'Insufficient permissions, missing "customer:read".',
    ],
    [
      'a part of a query without permission',
      () => lacking('{ myPermissions { permissions } tenants { edges { cursor } } }'),
      403,
      'FORBIDDEN',
      'Insufficient permissions, missing "tenant:read".',
    ],
    [
      'the memberships of a customer without permission',
      () => call('{ customers { edges { node { tenantMemberships { edges { cursor } } } } } }', {}, readsCustomers),
      403,
      'FORBIDDEN',
      'Insufficient permissions, missing "tenant:read".',
    ],
    ['another path', () => raw({ path: '/plain/graphql/v2', body: '{}' }), 400, 'NOT_FOUND'],
    ['another method', () => raw({ method: 'PUT', body: '{}' }), 400, 'METHOD_NOT_ALLOWED'],
    ['a query by GET', () => raw({ method: 'GET', path: `${PATH}?query={__typename}` }), 400, 'METHOD_NOT_ALLOWED'],
    ['a body of another type', () => raw({ headers: text, body: '{}' }), 400, 'BAD_REQUEST'],
    ['a body that is no JSON', () => raw({ body: '{' }), 400, 'BAD_REQUEST'],
    ['a body that is a list', () => raw({ body: '[]' }), 400, 'BAD_REQUEST'],
    ['a body without a query', () => raw({ body: '{}' }), 400, 'BAD_REQUEST'],
    ['too large a body', () => raw({ body: tooLarge }), 400, 'PAYLOAD_TOO_LARGE'],
    ['a document that is none', () => call('{'), 400, 'GRAPHQL_PARSE_FAILED'],
    ['a document that is too long', () => call(`{ ${'__typename '.repeat(2000)} }`), 400, 'GRAPHQL_PARSE_FAILED'],
    [
      'what is not in the contract',
      () => call('{ threads { totalCount } }'),
      400,
      'GRAPHQL_VALIDATION_FAILED',
      '"threads"',
    ],
    ['too many aliases', () => call(`{ ${aliases} }`), 400, 'GRAPHQL_VALIDATION_FAILED', '30 aliases'],
    ['too dear an operation', () => call(dear), 400, 'BAD_USER_INPUT', 'cost at most'],
    [
      'an operation that is not in the document',
      () => raw({ body: '{"query": "query A { __typename }", "operationName": "B"}' }),
      400,
      'OPERATION_RESOLUTION_FAILURE',
    ],
    [
      'a variable that is not given',
      () => call('query($id: ID!) { tenant(tenantId: $id) { id } }'),
      400,
      'BAD_USER_INPUT',
      '$id',
    ],
    [
      'a part of an input that there is not',
      () =>
        call('query($f: CustomersFilter) { customers(filters: $f) { totalCount } }', {
          f: { customerGroupIds: ['x'] },
        }),
      400,
      'BAD_USER_INPUT',
      'customerGroupIds',
    ],
    [
      'first with before',
      () => call('{ tenants(first: 5, before: "x") { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'first cannot be combined',
    ],
    [
      'last with after',
      () => call('{ customers(last: 5, after: "x") { totalCount edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'after cannot be combined',
    ],
    [
      'a page of more than 100',
      () => call('{ tenants(first: 101) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'between 1 and 100',
    ],
    [
      'a page of nothing',
      () => call('{ tenants(last: 0) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'between 1 and 100',
    ],
    [
      'a cursor that is none',
      () => call('{ tenants(after: "junk") { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'not a cursor',
    ],
    [
      'a search for one character',
      () => call('{ searchTenants(searchQuery: { term: " x " }) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'searchQuery.term must be at least 2 characters',
    ],
    [
      'a search for nobody',
      () => call('{ searchCustomers(searchQuery: { or: [] }) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'searchQuery.or must not be empty',
    ],
    [
      'a search without conditions',
      () => call('{ searchCustomers(searchQuery: {}) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'searchQuery.or is required',
    ],
    [
      'a search for two texts',
      () =>
        call(
          '{ searchCustomers(searchQuery: { or: [{ email: { caseInsensitiveContains: "ab" } }, { fullName: { caseInsensitiveContains: "cd" } }] }) { edges { cursor } } }',
        ),
      400,
      'BAD_USER_INPUT',
      'searchQuery.or.1.fullName',
    ],
    [
      'a search for two things at once',
      () =>
        call(
          '{ searchCustomers(searchQuery: { or: [{ email: { caseInsensitiveContains: "ab" }, fullName: { caseInsensitiveContains: "ab" } }] }) { edges { cursor } } }',
        ),
      400,
      'BAD_USER_INPUT',
      'exactly one of fullName, email, externalId',
    ],
    [
      'a filter for spam',
      () => call('{ customers(filters: { isMarkedAsSpam: true }) { totalCount } }'),
      400,
      'BAD_USER_INPUT',
      'filters.isMarkedAsSpam',
    ],
    [
      'a filter by a time that is none',
      () => call('{ tenants(filters: { updatedAt: { after: "yesterday" } }) { edges { cursor } } }'),
      400,
      'BAD_USER_INPUT',
      'filters.updatedAt.after',
    ],
    [
      'a deployment that must not serve',
      () => call('{ myPermissions { permissions } }', {}, ROOT_KEY, { ROOT_KEY: 'short' }),
      500,
      'MISCONFIGURED',
    ],
    [
      'a bug in a query',
      () => call('{ tenants { edges { cursor } } }', {}, ROOT_KEY, broken('D1_ERROR: no such column: secret_column')),
      500,
      'INTERNAL_SERVER_ERROR',
    ],
    [
      'a bug in a mutation',
      () => call(insert, {}, ROOT_KEY, broken('D1_ERROR: no such column: secret_column')),
      500,
      'INTERNAL_SERVER_ERROR',
    ],
    [
      'a database that is busy',
      () => call(insert, {}, ROOT_KEY, broken('D1 DB is overloaded.')),
      500,
      'SERVICE_UNAVAILABLE',
    ],
  ];

describe('a request that fails', () => {
  afterEach(() => vi.restoreAllMocks());

  for (const [condition, request, status, code, message] of FAILURES) {
    it(`for ${condition} is ${status}, in the one envelope, with ${code}`, async () => {
      const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const before = await changes();
      const answer = await request();
      expect(answer.status, answer.text).toBe(status);
      expect(answer.errors.length).toBeGreaterThan(0);
      // All that the client asks of every error before it passes on what it says.
      for (const error of answer.errors) {
        expect(error).toMatchObject({
          message: expect.any(String),
          locations: [{ line: expect.any(Number), column: expect.any(Number) }],
          extensions: { code: expect.any(String) },
        });
        expect(Array.isArray(error.path ?? [])).toBe(true);
        expect(error.extensions.http).toBeUndefined();
      }
      expect(answer.errors.map(({ extensions }) => extensions.code)).toContain(code);
      if (message) expect(answer.errors[0].message).toContain(message);
      expect(answer.headers.get('content-type')).toContain('application/json');
      expect(answer.headers.get('apigw-requestid')).toMatch(/^[0-9a-f-]{36}$/);
      expect(answer.headers.get('apigw-requestid')).toBe(answer.headers.get('x-request-id'));
      expect(answer.text).not.toContain('secret_column');
      expect(log).toHaveBeenCalledTimes(code === 'INTERNAL_SERVER_ERROR' || code === 'SERVICE_UNAVAILABLE' ? 1 : 0);
      expect(await changes()).toBe(before);
    });
  }

  it('is the same whatever the caller accepts', async () => {
    for (const accept of ['application/graphql-response+json', 'application/json', '*/*']) {
      const answer = await raw({
        headers: { accept },
        body: JSON.stringify({ query: '{ tenants(first: 0) { edges { cursor } } }' }),
      });
      expect([answer.status, answer.errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
    }
  });

  it('tells a page of another origin its id', async () => {
    const overrides = { ALLOWED_ORIGINS: 'https://app.example' };
    const request = posted(PATH, '{ __typename }', {}, ROOT_KEY);
    request.headers.set('origin', 'https://app.example');
    const { headers, status } = await send(request, overrides);
    expect(status).toBe(200);
    expect(headers.get('access-control-expose-headers')).toBe('x-request-id, apigw-requestid, retry-after');
    expect(headers.get('apigw-requestid')).toBe(headers.get('x-request-id'));
    const own = await ask('{ __typename }');
    expect(own.headers.get('apigw-requestid')).toBeNull();
  });
});

describe('the README', () => {
  const section = readme.slice(readme.indexOf('### Plain'), readme.indexOf('### Userdocks'));
  const row = (heading: string) =>
    section.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const namesIn = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);

  it('has the path, the statuses and the codes', () => {
    expect(row('URL')).toContain(`\`${PATH}\``);
    const statuses = new Set(FAILURES.map(([, , status]) => status));
    const stated = [...row('a request that fails').matchAll(/\b[1-5]\d\d\b/g)].map(([status]) => Number(status));
    expect(new Set(stated)).toEqual(new Set([...statuses, 200]));
    const codes = new Set([...REFUSALS.map(([, , , code]) => code), 'forbidden']);
    const named = namesIn(row('a mutation that fails')).filter((name) => /^[a-z]+(_[a-z]+)*$/.test(name));
    expect(new Set(named)).toEqual(new Set([...codes, 'error', 'fields']));
  });

  it('has every operation with the permissions that it needs', () => {
    const stated = new Map<string, string[]>();
    for (const part of row('operations').split('; ')) {
      const names = namesIn(part);
      const needed = names.filter((name) => name.includes(':'));
      for (const name of names) if (!name.includes(':')) stated.set(name, needed);
    }
    const known = plain.operations.map(({ name, permissions }): [string, string[]] => [
      name,
      // What the users of the customer hold is said by the README elsewhere.
      name === 'deleteCustomer' ? ['customer:delete'] : [...permissions],
    ]);
    expect([...stated].sort()).toEqual([...known, ['Customer.tenantMemberships', ['tenant:read']]].sort());
  });

  it('has every field that is always the same, and every filter', () => {
    const constant = Object.values(schema.getTypeMap()).flatMap((type) =>
      'getFields' in type
        ? Object.values(type.getFields()).flatMap(({ name, description }) =>
            description?.startsWith('Always') ? [`${type.name}.${name}`] : [],
          )
        : [],
    );
    expect(
      namesIn(row('always empty'))
        .filter((name) => name.includes('.'))
        .sort(),
    ).toEqual(constant.sort());
    const filters = ['CustomersFilter', 'TenantsFilter'].flatMap((name) => {
      const type = schema.getType(name);
      return type && 'getFields' in type ? Object.keys(type.getFields()).map((field) => `${name}.${field}`) : [];
    });
    expect(
      namesIn(row('filters'))
        .filter((name) => name.includes('.'))
        .sort(),
    ).toEqual(filters.sort());
  });
});
