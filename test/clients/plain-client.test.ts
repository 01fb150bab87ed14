import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationError, ForbiddenError, NetworkError, PlainClient as Successor } from '@team-plain/graphql';
import { CustomersSortField, PlainClient, SortDirection } from '@team-plain/typescript-sdk';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { PERMISSIONS, type Permission } from '../../src/directory/kernel/permission-names.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';

/*
 * The published clients of the documented API, as they are, against the gateway as people start it. What they answer is
 * what their types promise, or `tsc` fails.
 */

const PAGE = readFileSync(new URL('../../docs/plain.md', import.meta.url), 'utf8');

const TENANTS = 250;

let directory: string;
let gateway: Started;
let apiUrl: string;
let plain: PlainClient;
let successor: Successor;

async function newKey(permissions: readonly Permission[]): Promise<string> {
  const { createApiKey } = await ask(
    gateway,
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeyPayload { secret } } }`,
    { input: { name: 'Plain', permissions, reach: 'ORGANIZATION' } },
    z.object({ createApiKey: z.object({ secret: z.string() }) }),
  );
  return createApiKey.secret;
}

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
  apiUrl = `${gateway.url}/plain/graphql/v1`;
  const apiKey = await newKey(PERMISSIONS);
  plain = new PlainClient({ apiKey, apiUrl });
  successor = new Successor({ apiKey, apiUrl });
  const rows = Array.from({ length: TENANTS }, (_, index) => ({ externalId: `team_${index}`, name: `Team ${index}` }));
  await ask(
    gateway,
    `mutation ($input: ImportTenantsInput!) { importTenants(input: $input) { ... on ImportTenantsPayload { rows { outcome } } } }`,
    { input: { rows } },
    z.object({
      importTenants: z.object({ rows: z.array(z.object({ outcome: z.literal('CREATED') })).length(TENANTS) }),
    }),
  );
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

const ID = (prefix: string) => expect.stringMatching(new RegExp(`^${prefix}_[0-7][0-9A-HJKMNP-TV-Z]{25}$`));

const DATE_TIME = {
  __typename: 'DateTime',
  iso8601: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
  unixTimestamp: expect.stringMatching(/^\d{13}$/),
};
const BY_KEY = { __typename: 'MachineUserActor', machineUserId: ID('mu') };
const BY_ROOT = { __typename: 'SystemActor', systemId: 'root' };
const BY_NOW = { createdAt: DATE_TIME, updatedAt: DATE_TIME };

/** The data of an answer, when there must be some. */
function dataOf<Data>(result: { data?: Data; error?: unknown }): Data {
  expect(result.error).toBeUndefined();
  if (result.data === undefined) throw new Error('There is neither data nor an error');
  return result.data;
}

let serial = 0;
const unique = (word: string) => `${word}-${++serial}`;

/** A person, as the client creates one. */
async function newPerson(teams: readonly number[] = [], client = plain) {
  const address = `${unique('jane')}@aol.example`;
  const externalId = unique('person');
  const { customer, result } = dataOf(
    await client.upsertCustomer({
      identifier: { emailAddress: address },
      onCreate: {
        fullName: 'Jane Fargate',
        shortName: 'Jane',
        email: { email: address, isVerified: true },
        externalId,
        tenantIdentifiers: teams.map((team) => ({ externalId: `team_${team}` })),
      },
      onUpdate: {},
    }),
  );
  expect(result).toBe('CREATED');
  return { ...customer, emailAddress: address, externalId };
}

async function teamsOf(customerId: string): Promise<string[]> {
  const { tenantMemberships } = dataOf(await plain.getCustomerTenantMemberships({ customerId }));
  return tenantMemberships.map(({ tenant }) => tenant.name);
}

const teams = (...numbers: number[]) => numbers.map((team) => ({ externalId: `team_${team}` }));

/** Runs an example as it is written, but for the lines that say which client, with which key. */
async function run(example: string) {
  const lines = example.split('\n').filter((line) => !/^(import|const client) /.test(line));
  const logged: unknown[][] = [];
  const log = (...values: unknown[]) => logged.push(values);
  const body = `return (async () => {${lines.join('\n')}\n})();`;
  await new Function('client', 'console', body)(plain, { log, error: log });
  return logged;
}

describe('@team-plain/typescript-sdk', () => {
  it('does the example of the document, as it is written, and says what is missing', async () => {
    const example = readFileSync(new URL('../dialects/plain/example.txt', import.meta.url), 'utf8');
    const email = { email: 'jane@aol.com', isVerified: true };
    await plain.upsertCustomer({
      identifier: { emailAddress: email.email },
      onCreate: { fullName: 'Jane', email },
      onUpdate: {},
    });
    expect(await run(example)).toMatchObject([[{ type: 'mutation_error', errorDetails: { code: 'not_found' } }]]);
    await plain.upsertTenant({ identifier: { externalId: 'team_456' }, externalId: 'team_456', name: 'Team 456' });
    expect(await run(example)).toEqual([[null]]);
    const { data: jane } = await plain.getCustomerByEmail({ email: email.email });
    expect(await teamsOf(jane?.id ?? '')).toEqual(['Team 123', 'Team 456']);
  });

  it('does the example of the page', async () => {
    const [, example = ''] = /^```ts\n(.*?)```/ms.exec(PAGE) ?? [];
    expect(example).toContain('apiUrl:');
    const [address = '', ...names] = [...example.matchAll(/(?:emailAddress|externalId): '([^']+)'/g)].map(
      ([, name]) => name ?? '',
    );
    expect(names).toHaveLength(2);
    expect(await run(example)).toEqual([
      ['mutation_error', expect.stringContaining('customerIdentifier.emailAddress')],
    ]);
    for (const externalId of names)
      await plain.upsertTenant({ identifier: { externalId }, externalId, name: externalId });
    const onCreate = { fullName: 'Driftline', email: { email: address, isVerified: true } };
    const made = dataOf(await plain.upsertCustomer({ identifier: { emailAddress: address }, onCreate, onUpdate: {} }));
    expect(await run(example)).toEqual([]);
    expect(await teamsOf(made.customer.id)).toEqual(names);
  });

  it('adds a customer, named in each of three ways, to two tenants, and doing so again changes nothing', async () => {
    const { id, emailAddress, externalId } = await newPerson();
    const ways = [{ emailAddress }, { externalId }, { customerId: id }];
    for (const [index, customerIdentifier] of ways.entries()) {
      const tenantIdentifiers = teams(2 * index, 2 * index + 1);
      const added = await plain.addCustomerToTenants({ customerIdentifier, tenantIdentifiers });
      expect(added).toEqual({ data: null });
      expect(await plain.addCustomerToTenants({ customerIdentifier, tenantIdentifiers })).toEqual({ data: null });
    }
    const { tenantMemberships } = dataOf(await plain.getCustomerTenantMemberships({ customerId: id, first: 100 }));
    expect(tenantMemberships.map(({ tenant }) => tenant.externalId)).toEqual(
      teams(0, 1, 2, 3, 4, 5).map((team) => team.externalId),
    );
    expect(tenantMemberships[0]).toEqual({
      __typename: 'CustomerTenantMembership',
      ...BY_NOW,
      createdBy: BY_KEY,
      updatedBy: BY_KEY,
      tenant: {
        __typename: 'Tenant',
        id: ID('te'),
        name: 'Team 0',
        externalId: 'team_0',
        url: null,
        tier: null,
        ...BY_NOW,
        createdBy: BY_ROOT,
        updatedBy: BY_ROOT,
      },
    });
  });

  it('removes a customer from tenants, and sets them', async () => {
    const { id: customerId } = await newPerson([7, 8, 9]);
    const customerIdentifier = { customerId };
    expect(await plain.removeCustomerFromTenants({ customerIdentifier, tenantIdentifiers: teams(8, 200) })).toEqual({
      data: null,
    });
    expect(await teamsOf(customerId)).toEqual(['Team 7', 'Team 9']);
    expect(await plain.setCustomerTenants({ customerIdentifier, tenantIdentifiers: teams(9, 10) })).toEqual({
      data: null,
    });
    expect(await teamsOf(customerId)).toEqual(['Team 9', 'Team 10']);
    expect(await plain.setCustomerTenants({ customerIdentifier, tenantIdentifiers: [] })).toEqual({ data: null });
    expect(await teamsOf(customerId)).toEqual([]);
  });

  it('creates a tenant, changes it, and leaves it as it is', async () => {
    const externalId = unique('company');
    const identifier = { externalId };
    const url = 'acme.com';
    const created = dataOf(await plain.upsertTenant({ identifier, externalId, name: 'Acme', url: { value: url } }));
    expect(created).toMatchObject({ id: ID('te'), name: 'Acme', externalId, url, createdBy: BY_KEY });
    const changed = dataOf(await plain.upsertTenant({ identifier, externalId, name: 'Acme Inc.' }));
    expect(changed).toMatchObject({ id: created.id, name: 'Acme Inc.', url });
    const again = dataOf(
      await plain.upsertTenant({ identifier: { tenantId: created.id }, externalId, name: 'Acme Inc.' }),
    );
    expect(again).toEqual(changed);
    expect(dataOf(await plain.getTenantById({ tenantId: created.id }))).toEqual(changed);
    const cleared = dataOf(
      await plain.upsertTenant({ identifier, externalId, name: 'Acme Inc.', url: { value: null } }),
    );
    expect(cleared.url).toBeNull();
    expect(await plain.getTenantById({ tenantId: 'te_01FN4BEVKY3EQQ5BFC24M8JTJH' })).toEqual({ data: null });
  });

  it('creates a customer, changes it, leaves it as it is, and deletes it', async () => {
    const { id, emailAddress, externalId } = await newPerson([3]);
    const upsert = (onUpdate: Parameters<PlainClient['upsertCustomer']>[0]['onUpdate']) =>
      plain.upsertCustomer({
        identifier: { externalId },
        onCreate: { fullName: 'Somebody else', email: { email: 'else@aol.example', isVerified: false } },
        onUpdate,
      });
    const created = dataOf(await plain.getCustomerById({ customerId: id }));
    expect(created).toEqual({
      __typename: 'Customer',
      id: ID('c'),
      fullName: 'Jane Fargate',
      shortName: 'Jane',
      externalId,
      email: { email: emailAddress, isVerified: true, verifiedAt: null },
      company: null,
      ...BY_NOW,
      createdBy: BY_KEY,
      markedAsSpamAt: null,
    });
    expect(dataOf(await upsert({}))).toEqual({ result: 'NOOP', customer: created });
    const email = { email: `new.${emailAddress}`, isVerified: false };
    const changes = { fullName: { value: 'Jane Doe' }, shortName: { value: null }, email };
    const changed = dataOf(await upsert(changes));
    expect(changed).toMatchObject({
      result: 'UPDATED',
      customer: { id, fullName: 'Jane Doe', shortName: null, email },
    });
    expect(dataOf(await upsert(changes))).toEqual({ result: 'NOOP', customer: changed.customer });
    expect(await teamsOf(id)).toEqual(['Team 3']);

    expect(dataOf(await plain.getCustomerByEmail({ email: email.email.toUpperCase() }))).toEqual(changed.customer);
    expect(dataOf(await plain.getCustomerByExternalId({ externalId }))).toEqual(changed.customer);
    expect(await plain.deleteCustomer({ customerId: id })).toEqual({ data: null });
    expect(await plain.getCustomerByEmail({ email: email.email })).toEqual({ data: null });
    expect(await plain.getCustomerByExternalId({ externalId })).toEqual({ data: null });
    expect(await plain.getCustomerById({ customerId: id })).toEqual({ data: null });
  });

  it(`reads ${TENANTS} tenants to the end and back, 100 at a time`, async () => {
    const forward: string[] = [];
    for (let after: string | null | undefined; ; ) {
      const page = dataOf(await plain.getTenants({ first: 100, after: after ?? null }));
      forward.push(...page.tenants.map(({ name }) => name));
      after = page.pageInfo.endCursor;
      if (!page.pageInfo.hasNextPage) break;
    }
    expect(forward.slice(0, TENANTS)).toEqual(Array.from({ length: TENANTS }, (_, index) => `Team ${index}`));
    expect(new Set(forward).size).toBe(forward.length);
    const backward: string[] = [];
    for (let before: string | null | undefined; ; ) {
      const page = dataOf(await plain.getTenants({ last: 100, before: before ?? null }));
      backward.unshift(...page.tenants.map(({ name }) => name));
      before = page.pageInfo.startCursor;
      if (!page.pageInfo.hasPreviousPage) break;
    }
    expect(backward).toEqual(forward);
    expect(dataOf(await plain.getTenants({})).tenants).toHaveLength(25);
  });

  it('lists customers, counts them, and searches tenants', async () => {
    await newPerson();
    await newPerson();
    const all = dataOf(
      await plain.getCustomers({
        first: 100,
        sortBy: { field: CustomersSortField.FullName, direction: SortDirection.Asc },
      }),
    );
    expect(all.totalCount).toBe(all.customers.length);
    expect(all.totalCount).toBeGreaterThan(1);
    const one = dataOf(await plain.getCustomers({ first: 1, filters: { isMarkedAsSpam: false } }));
    expect([one.totalCount, one.customers.length, one.pageInfo.hasNextPage]).toEqual([all.totalCount, 1, true]);
    const found = dataOf(await plain.searchTenants({ searchQuery: { term: 'eam 24' } }));
    expect(found.tenants.map(({ name }) => name)).toEqual(['Team 24', ...[...'0123456789'].map((d) => `Team 24${d}`)]);
    const byId = dataOf(await plain.searchTenants({ searchQuery: { term: 'team_17' } }));
    expect(byId.tenants.map(({ name }) => name)).toEqual(['Team 17']);
  });
});

describe('what @team-plain/typescript-sdk says of', () => {
  const requestId = expect.stringMatching(/^[0-9a-f-]{36}$/);
  const add = (client: PlainClient, input: Partial<Parameters<PlainClient['addCustomerToTenants']>[0]>) =>
    client.addCustomerToTenants({ customerIdentifier: {}, tenantIdentifiers: teams(1), ...input });

  it('a bad key: forbidden, to whatever is asked', async () => {
    const stranger = new PlainClient({ apiKey: 'tenantry_nobody', apiUrl });
    const error = { type: 'forbidden', message: expect.stringContaining('valid credential'), requestId };
    expect(await add(stranger, {})).toEqual({ error });
    expect(await stranger.getTenants({})).toEqual({ error });
  });

  it('a missing permission: forbidden, with the permission', async () => {
    const limited = new PlainClient({ apiKey: await newKey(['customer:read', 'customer:edit']), apiUrl });
    const { emailAddress } = await newPerson();
    expect(await add(limited, { customerIdentifier: { emailAddress } })).toEqual({
      error: {
        type: 'forbidden',
        message: 'Insufficient permissions, missing "customerTenantMembership:create".',
        requestId,
      },
    });
    expect(await limited.getTenants({})).toEqual({
      error: { type: 'forbidden', message: 'Insufficient permissions, missing "tenant:read".', requestId },
    });
  });

  it('an unknown tenant: a mutation error with its place, and nothing is changed', async () => {
    const { id, emailAddress } = await newPerson();
    const tenantIdentifiers = [...teams(1), { externalId: 'nobody' }];
    const message = 'There is no tenant with the identifier given at tenantIdentifiers.1.externalId.';
    expect(await add(plain, { customerIdentifier: { emailAddress }, tenantIdentifiers })).toEqual({
      error: {
        type: 'mutation_error',
        message,
        requestId,
        errorDetails: {
          __typename: 'MutationError',
          type: 'VALIDATION',
          code: 'not_found',
          message,
          fields: [{ field: 'tenantIdentifiers.1.externalId', message, type: 'NOT_FOUND' }],
        },
      },
    });
    expect(await teamsOf(id)).toEqual([]);
  });

  it('two identifiers at once, and none: a mutation error at the identifier, and nothing is changed', async () => {
    const { id, emailAddress } = await newPerson();
    for (const customerIdentifier of [{ emailAddress, customerId: id }, {}]) {
      const { error } = await add(plain, { customerIdentifier });
      expect(error).toMatchObject({
        type: 'mutation_error',
        errorDetails: {
          type: 'VALIDATION',
          code: 'input_validation',
          fields: [
            {
              field: 'customerIdentifier',
              message: 'must have exactly one of customerId, emailAddress, externalId',
              type: 'VALIDATION',
            },
          ],
        },
      });
    }
    expect(await teamsOf(id)).toEqual([]);
  });

  it('input that is not allowed: a mutation error with all that is wrong', async () => {
    const { error } = await plain.upsertCustomer({
      identifier: { emailAddress: 'nowhere' },
      onCreate: { fullName: ' ', email: { email: 'nowhere', isVerified: true } },
      onUpdate: { externalId: { value: 'x'.repeat(257) } },
    });
    expect(error).toMatchObject({
      type: 'mutation_error',
      errorDetails: { type: 'VALIDATION', code: 'input_validation' },
    });
    const { errorDetails } = z
      .object({ errorDetails: z.object({ fields: z.array(z.object({ field: z.string() })) }) })
      .parse(error);
    expect(errorDetails.fields.map(({ field }) => field)).toEqual([
      'identifier.emailAddress',
      'onCreate.fullName',
      'onCreate.email.email',
      'onUpdate.externalId.value',
    ]);
  });

  it('input of another shape: a bad request with the errors of GraphQL', async () => {
    const { error } = await add(plain, { customerIdentifier: { email: 'jane@aol.example' } as never });
    expect(error).toEqual({
      type: 'bad_request',
      message: expect.any(String),
      requestId,
      graphqlErrors: [
        {
          message: expect.stringContaining('customerIdentifier'),
          locations: [{ line: expect.any(Number), column: expect.any(Number) }],
          extensions: { code: 'BAD_USER_INPUT' },
        },
      ],
    });
    const { error: mixed } = await plain.getTenants({ first: 10, before: 'x' });
    expect(mixed).toMatchObject({
      type: 'bad_request',
      graphqlErrors: [{ message: expect.stringContaining('first cannot be combined') }],
    });
  });

  it('what there is not: a bad request that names the field', async () => {
    const { error } = await plain.getThread({ threadId: 'th_1' });
    expect(error).toMatchObject({
      type: 'bad_request',
      graphqlErrors: expect.arrayContaining([
        expect.objectContaining({ message: 'Cannot query field "thread" on type "Query".' }),
      ]),
    });
  });

  it('an e-mail address that is taken: the code of the document', async () => {
    const [one, other] = [await newPerson(), await newPerson()];
    const { error } = await plain.upsertCustomer({
      identifier: { customerId: one.id },
      onCreate: { fullName: 'x', email: { email: one.emailAddress, isVerified: true } },
      onUpdate: { email: { email: other.emailAddress, isVerified: true } },
    });
    expect(error).toMatchObject({
      type: 'mutation_error',
      errorDetails: { code: 'customer_already_exists_with_email', type: 'VALIDATION' },
    });
  });
});

describe('@team-plain/graphql', () => {
  it('adds, sets and removes, and upserts and deletes', async () => {
    const { query, mutation } = successor;
    const externalId = unique('company');
    const identifier = { externalId };
    const input = { identifier, externalId, name: 'Successor', url: { value: 'https://x.example' } };
    const upserted = await mutation.upsertTenant({ input });
    expect(upserted).toMatchObject({
      result: 'CREATED',
      error: null,
      tenant: { id: ID('te'), source: 'API', tier: null },
    });
    expect(await mutation.upsertTenant({ input })).toMatchObject({ result: 'NOOP', tenant: { name: 'Successor' } });

    const emailAddress = `${unique('john')}@aol.example`;
    const email = { email: emailAddress, isVerified: false };
    const made = await mutation.upsertCustomer({
      input: { identifier: { emailAddress }, onCreate: { fullName: 'John', email }, onUpdate: {} },
    });
    expect(made).toMatchObject({ result: 'CREATED', error: null });
    const customerIdentifier = { emailAddress };
    const added = await mutation.addCustomerToTenants({
      input: { customerIdentifier, tenantIdentifiers: [identifier, ...teams(1)] },
    });
    expect(added).toMatchObject({ error: null, customer: { id: made.customer?.id, fullName: 'John' } });
    for (const change of [mutation.removeCustomerFromTenants, mutation.setCustomerTenants]) {
      expect(await change({ input: { customerIdentifier, tenantIdentifiers: teams(1) } })).toMatchObject({
        error: null,
      });
    }
    const customer = await query.customerByEmail({ email: emailAddress });
    expect(customer).toMatchObject({ id: made.customer?.id, isAnonymous: false, assignedToUser: null });
    expect(customer.createdBy).toMatchObject({ __typename: 'MachineUserActor', machineUserId: ID('mu') });
    expect(customer.identities).toMatchObject([{ __typename: 'EmailCustomerIdentity', email: emailAddress }]);
    expect((await query.customer({ customerId: customer.id })).fullName).toBe('John');

    const missed = await mutation.deleteTenant({ input: { tenantIdentifier: { externalId: 'nobody' } } });
    expect(missed).toMatchObject({
      tenant: null,
      error: { code: 'not_found', fields: [{ field: 'tenantIdentifier.externalId', type: 'NOT_FOUND' }] },
    });
    const gone = await mutation.deleteTenant({ input: { tenantIdentifier: identifier } });
    expect(gone).toMatchObject({ error: null, tenant: { id: upserted.tenant?.id } });
    expect(await mutation.deleteCustomer({ input: { customerId: customer.id } })).toEqual({ error: null });
    await expect(query.customer({ customerId: customer.id })).rejects.toThrow('not found');
    await expect(query.tenant({ tenantId: upserted.tenant?.id ?? '' })).rejects.toThrow('not found');
  });

  it('reads every page by fetchNext, and searches', async () => {
    const names: string[] = [];
    let page = await successor.query.tenants({ first: 100, filters: { isDeleted: false } });
    for (;;) {
      names.push(...page.nodes.map(({ name }) => name));
      const next = await page.fetchNext();
      if (!next) break;
      page = next;
    }
    expect(names.slice(0, TENANTS)).toEqual(Array.from({ length: TENANTS }, (_, index) => `Team ${index}`));
    expect(new Set(names).size).toBe(names.length);

    const { emailAddress } = await newPerson();
    const people = await successor.query.searchCustomers({
      searchQuery: { or: [{ email: { caseInsensitiveContains: emailAddress.slice(0, -8).toUpperCase() } }] },
      first: 5,
    });
    expect(people.nodes.map(({ fullName }) => fullName)).toEqual(['Jane Fargate']);
    const { totalCount } = await successor.query.customers({ first: 1 });
    expect(totalCount).toBeGreaterThan(0);
    const found = await successor.query.searchTenants({ searchQuery: { term: 'team_9' } });
    expect(found.edges.map(({ node }) => node.tenant.name)).toEqual(['Team 9']);
    expect((await successor.query.myPermissions()).permissions).toEqual([...PERMISSIONS].sort());
  });

  it('throws what it has for each failure', async () => {
    const stranger = new Successor({ apiKey: 'tenantry_nobody', apiUrl });
    await expect(stranger.query.myPermissions()).rejects.toThrow(AuthenticationError);
    const limited = new Successor({ apiKey: await newKey(['customer:read']), apiUrl });
    const refused = limited.query.tenants({});
    await expect(refused).rejects.toThrow(ForbiddenError);
    await expect(refused).rejects.toThrow('missing "tenant:read"');
    const malformed = successor.query.searchTenants({ searchQuery: { term: 'x' } });
    await expect(malformed).rejects.toThrow(NetworkError);
    await expect(malformed).rejects.toThrow('400');
    await expect(successor.query.threads({})).rejects.toThrow('"threads"');
    const { error } = await limited.mutation.deleteCustomer({ input: { customerId: 'c_1' } });
    expect(error).toMatchObject({
      type: 'FORBIDDEN',
      code: 'forbidden',
      message: expect.stringContaining('customer:delete'),
    });
  });
});
