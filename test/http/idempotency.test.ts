import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { KEPT_MILLISECONDS } from '../../src/directory/commands/idempotency.ts';
import { MAX_KEY_CHARACTERS } from '../../src/http/shared/idempotency-key.ts';
import {
  mutate,
  mutationDocument,
  newCustomer,
  newKey,
  newTenant,
  newTenantUser,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import {
  type Answer,
  ask,
  cron,
  graphqlRequest,
  meddled,
  overtaken,
  ROOT_KEY,
  send,
  under,
  type Variables,
} from '../shared/gateway.ts';
import { tokenOf } from '../shared/people.ts';

afterEach(() => vi.useRealTimers());

const CREATE = mutationDocument('createCustomer', 'customer { id name version }');
const UPSERT = mutationDocument('upsertCustomer', 'customer { id name } outcome');
const UPDATE = mutationDocument('updateCustomer', 'customer { id name version }');
const IMPORT = mutationDocument(
  'importCustomers',
  'rows { path outcome id changes errors { __typename code message ... on ValidationError { issues { path } } ... on AlreadyExistsError { path } } }',
);

interface Given {
  key?: string;
  secret?: string;
  DB?: D1Database;
}

const asked = (document: string, input: Variables, { key = unique('key'), secret = ROOT_KEY, DB }: Given = {}) =>
  send(under(graphqlRequest(document, { input }, secret), key), DB ? { DB } : {});

const customersNamed = async (name: string): Promise<string[]> => {
  const { data } = await ask('query($s: String!) { customers(filter: { search: $s }) { nodes { id } } }', { s: name });
  return data.customers.nodes.map(({ id }: { id: string }) => id);
};

const codeOf = ({ errors }: Answer) => errors[0]?.extensions.code;

describe('a key', () => {
  it('belongs to who asks: a program, or a person in the place where they are', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    await succeed('assignTenantRole', 'user { id }', {
      userIdentifier: { id: user.id },
      tenantIdentifier: { id: other.id },
      roleIdentifier: { name: 'admin' },
    });
    const secrets = [
      ROOT_KEY,
      (await newKey()).secret,
      (await newKey()).secret,
      await tokenOf(user.id, tenant.id),
      await tokenOf(user.id, other.id),
    ];
    const key = unique('key');
    const document = 'mutation($name: String!) { updateOrganization(input: { name: $name }) { __typename } }';
    const statuses = [];
    for (const secret of secrets) {
      const { status } = await send(under(graphqlRequest(document, { name: unique('O') }, secret), key));
      statuses.push(status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 200]);
    const again = await send(
      under(graphqlRequest(document, { name: unique('O') }, await tokenOf(user.id, tenant.id)), key),
    );
    // What the person was refused is not kept: it may be asked for anew, in whatever way.
    expect(again.data.updateOrganization.__typename).toBe('ForbiddenError');
  });

  it('is the same for all tokens of a person in one place', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const input = { id: tenant.id, name: unique('T') };
    const document = mutationDocument('updateTenant', 'tenant { version }');
    const key = unique('key');
    const versions = [];
    for (let session = 0; session < 2; session += 1) {
      const { data } = await asked(document, input, { key, secret: await tokenOf(user.id, tenant.id) });
      versions.push(data.updateTenant.tenant.version);
    }
    expect(versions).toEqual([2, 2]);
    const elsewhere = await asked(
      document,
      { ...input, name: unique('T') },
      { key, secret: await tokenOf(user.id, tenant.id) },
    );
    expect(codeOf(elsewhere)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('is the same for a program whose secret was rotated', async () => {
    const { id, secret } = await newKey();
    const key = unique('key');
    const first = await asked(CREATE, { name: unique('C') }, { key, secret });
    const { secret: next } = await mutate('rotateApiKey', 'secret', { id });
    const other = await asked(CREATE, { name: unique('C') }, { key, secret: next });
    expect([first.status, codeOf(other)]).toEqual([200, 'IDEMPOTENCY_KEY_REUSED']);
  });

  it('is some printable characters, else nothing is done', async () => {
    const name = unique('C');
    for (const key of [' ', 'é'.repeat(3), 'a\tb', 'x'.repeat(MAX_KEY_CHARACTERS + 1)]) {
      const request = graphqlRequest(CREATE, { input: { name } });
      request.headers.set('idempotency-key', key);
      const answer = await send(request);
      expect([answer.status, codeOf(answer)], key).toEqual([400, 'BAD_REQUEST']);
      // A query has no use for one.
      const query = graphqlRequest('{ viewer { type } }');
      query.headers.set('idempotency-key', key);
      expect((await send(query)).status).toBe(200);
    }
    expect(await customersNamed(name)).toEqual([]);
    for (const key of ['"quoted"', 'a key, with spaces', 'x'.repeat(MAX_KEY_CHARACTERS)]) {
      expect((await asked(UPSERT, { identifier: { externalId: name }, name }, { key })).status, key).toBe(200);
    }
  });

  it('is taken from a page of another origin', async () => {
    const request = new Request('https://tenantry.test/graphql', {
      method: 'OPTIONS',
      headers: { origin: 'https://app.example', 'access-control-request-method': 'POST' },
    });
    const { headers } = await send(request, { ALLOWED_ORIGINS: 'https://app.example' });
    expect(headers.get('access-control-allow-headers')).toContain('idempotency-key');
  });

  it('is forgotten after a day, and removed', async () => {
    const key = unique('key');
    const input = { name: unique('C'), kind: 'PERSON' };
    const first = await asked(CREATE, input, { key });
    const kept = () => env.DB.prepare('SELECT count(*) AS count FROM idempotency_key').first<number>('count');
    const before = (await kept()) ?? 0;
    vi.useFakeTimers({ now: Date.now() + KEPT_MILLISECONDS - 60_000, toFake: ['Date'] });
    expect((await asked(CREATE, input, { key })).data).toEqual(first.data);
    await cron();
    expect(await kept()).toBe(before);
    vi.setSystemTime(Date.now() + 120_000);
    const later = await asked(CREATE, input, { key });
    expect(later.data.createCustomer.customer.id).not.toBe(first.data.createCustomer.customer.id);
    expect((await asked(CREATE, input, { key })).data).toEqual(later.data);
    vi.setSystemTime(Date.now() + KEPT_MILLISECONDS + 60_000);
    await cron();
    expect(await kept()).toBe(0);
  });
});

describe('a repetition', () => {
  it('is the same request however its JSON is written', async () => {
    const key = unique('key');
    const name = unique('C');
    const body = (variables: string) =>
      under(
        new Request('https://tenantry.test/graphql', {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${ROOT_KEY}` },
          body: `{ "variables": ${variables}, "query": ${JSON.stringify(CREATE)} }`,
        }),
        key,
      );
    const first = await send(body(`{"input": {"name": "${name}", "labels": ["a", "b"]}}`));
    const again = await send(body(`{"input":{"labels":["a","b"],"name":"${name}"}}`));
    expect(again.text).toBe(first.text);
    const other = await send(body(`{"input":{"labels":["b","a"],"name":"${name}"}}`));
    expect(other.status).toBe(422);
    expect(await customersNamed(name)).toHaveLength(1);
  });

  it('is none where the variables cannot even be compared', async () => {
    const key = unique('key');
    const send2 = (name: string) => {
      const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
      const body = `{"query": ${JSON.stringify(CREATE)}, "variables": {"input": {"name": "${name}"}, "junk": ${deep}}}`;
      return send(under(new Request(graphqlRequest(CREATE), { body }), key));
    };
    expect((await send2(unique('C'))).status).toBe(200);
    expect((await send2(unique('C'))).status).toBe(422);
  });

  it('asks for what could not be asked for the first time by now', async () => {
    const key = unique('key');
    const document = mutationDocument('createApiKey', 'apiKey { id }');
    const expiresAt = new Date(Date.now() + 3_600_000).toISOString();
    const input = { name: unique('K'), permissions: ['tenant:read'], reach: 'ORGANIZATION', expiresAt };
    const first = await asked(document, input, { key });
    vi.useFakeTimers({ now: Date.now() + 7_200_000, toFake: ['Date'] });
    expect((await asked(document, input, { key })).data).toEqual(first.data);
    const anew = await asked(document, input);
    expect(anew.data.createApiKey.issues).toEqual([
      { path: 'expiresAt', message: 'must lie in the future', kind: 'INVALID' },
    ]);
  });

  it('can be asked for by a person in a tenant, with every field of an input', async () => {
    const tenant = await newTenant();
    const admin = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const [key, secret] = [unique('key'), await tokenOf(admin.id, tenant.id)];
    const document = mutationDocument('updateUser', 'user { name version }');
    const input = {
      id: user.id,
      email: `${unique('u')}@example.com`,
      name: unique('U'),
      phone: '+41 44 668 18 00',
      avatarUrl: 'https://example.com/a.png',
      externalId: unique('u'),
      status: 'ACTIVE',
      defaultTenantIdentifier: { id: tenant.id },
      expectedVersion: 1,
    };
    const first = await asked(document, input, { key, secret });
    expect(first.data.updateUser.user, first.text).toEqual({ name: input.name, version: 2 });
    expect((await asked(document, input, { key, secret })).text).toBe(first.text);
    // Of what such a person may not do, all the same.
    const refused = await asked(document, { ...input, roleIdentifier: { name: 'member' } }, { secret });
    expect([refused.status, refused.data.updateUser.code], refused.text).toEqual([200, 'not_found']);
  });

  it('reads the payload anew', async () => {
    const key = unique('key');
    const input = { name: unique('C') };
    const { id } = (await asked(CREATE, input, { key })).data.createCustomer.customer;
    await succeed('updateCustomer', 'customer { id }', { id, name: 'Another' });
    expect((await asked(CREATE, input, { key })).data.createCustomer.customer).toEqual({
      id,
      name: 'Another',
      version: 2,
    });
  });

  it('of what changed nothing changes nothing later', async () => {
    const externalId = unique('c');
    const { id, name: same } = await newCustomer({ externalId });
    const input = { identifier: { externalId }, name: same };
    const key = unique('key');
    expect((await asked(UPSERT, input, { key })).data.upsertCustomer.outcome).toBe('NOOP');
    const name = unique('Changed');
    await succeed('updateCustomer', 'customer { id }', { id, name });
    const again = await asked(UPSERT, input, { key });
    expect(again.data.upsertCustomer).toMatchObject({ outcome: 'NOOP', customer: { id, name } });
  });

  it('answers the record that it was, whatever its identifier names by now', async () => {
    const [one, other] = [unique('c'), unique('c')];
    const key = unique('key');
    const input = { identifier: { externalId: one }, name: unique('C') };
    const { id } = (await asked(UPSERT, input, { key })).data.upsertCustomer.customer;
    await succeed('updateCustomer', 'customer { id }', { id, externalId: other });
    await newCustomer({ externalId: one });
    expect((await asked(UPSERT, input, { key })).data.upsertCustomer).toMatchObject({
      outcome: 'CREATED',
      customer: { id },
    });
  });

  it('does not show what is out of reach by now, and says that it was done', async () => {
    const tenant = await newTenant();
    const { secret } = await newKey({ tenants: [tenant.id] });
    const key = unique('key');
    const input = { name: unique('C'), tenantIdentifiers: [{ id: tenant.id }] };
    const { id } = (await asked(CREATE, input, { key, secret })).data.createCustomer.customer;
    await succeed('removeCustomerFromTenants', 'customer { id }', {
      customerIdentifier: { id },
      tenantIdentifiers: [{ id: tenant.id }],
    });
    const again = await asked(CREATE, input, { key, secret });
    expect(again.data.createCustomer).toEqual({ __typename: 'CreateCustomerPayload', customer: null });
    expect(again.errors).toMatchObject([
      { path: ['createCustomer', 'customer'], extensions: { code: 'NOT_FOUND', committed: true, id } },
    ]);
  });

  it('by who may not do it any more does not say that nothing was changed', async () => {
    const { id, secret } = await newKey();
    const key = unique('key');
    const input = { name: unique('C') };
    const { id: made } = (await asked(CREATE, input, { key, secret })).data.createCustomer.customer;
    await env.DB.prepare("DELETE FROM api_key_permission WHERE permission = 'customer:create' AND api_key_id = ?")
      .bind(atob(id).split(':')[1])
      .run();
    const again = await asked(CREATE, input, { key, secret });
    expect(again.data).toEqual({ createCustomer: null });
    expect(again.errors).toMatchObject([{ extensions: { code: 'NOT_FOUND', committed: true, id: made } }]);
    expect(again.errors[0].message).toBe('This was done. You may not ask for it any more.');
    expect(codeOf(await asked(CREATE, { name: unique('C') }, { key, secret }))).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it('of what was refused is decided anew', async () => {
    const { name, id } = await newCustomer({ name: unique('C') });
    const key = unique('key');
    expect((await asked(CREATE, { name }, { key })).data.createCustomer.__typename).toBe('AlreadyExistsError');
    await succeed('updateCustomer', 'customer { id }', { id, name: unique('C') });
    expect((await asked(CREATE, { name }, { key })).data.createCustomer.__typename).toBe('CreateCustomerPayload');
  });

  it('of another request is refused even if that could not be done', async () => {
    const key = unique('key');
    await asked(CREATE, { name: unique('C') }, { key });
    const { name } = await newCustomer({ name: unique('C') });
    for (const input of [{ name }, { name: ' ' }]) {
      const answer = await asked(CREATE, input, { key });
      expect([answer.status, codeOf(answer), answer.errors.length]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED', 1]);
    }
  });

  it('does only those mutations of a request that were not done', async () => {
    const [name, second] = [unique('C'), unique('C')];
    const taken = await newCustomer({ name: second });
    const document = `mutation($a: CreateCustomerInput!, $b: CreateCustomerInput!) {
      a: createCustomer(input: $a) { ... on CreateCustomerPayload { customer { id } } }
      b: createCustomer(input: $b) { __typename ... on CreateCustomerPayload { customer { id } } } }`;
    const key = unique('key');
    const send2 = () => send(under(graphqlRequest(document, { a: { name }, b: { name: second } }), key));
    const first = await send2();
    expect(first.data.b.__typename).toBe('AlreadyExistsError');
    await succeed('updateCustomer', 'customer { id }', { id: taken.id, name: unique('C') });
    const again = await send2();
    expect(again.data).toMatchObject({ a: first.data.a, b: { __typename: 'CreateCustomerPayload' } });
    expect(await customersNamed(name)).toHaveLength(1);
  });

  it('at the same time waits for the other, and answers the same', async () => {
    const name = unique('C');
    const key = unique('key');
    const answers: Answer[] = [];
    const DB = overtaken(1, async () => answers.push(await asked(CREATE, { name }, { key })));
    answers.push(await asked(CREATE, { name }, { key, DB }));
    expect(answers[1]?.data).toEqual(answers[0]?.data);
    expect(await customersNamed(name)).toHaveLength(1);
  });

  it('by another request at the same time is refused', async () => {
    const key = unique('key');
    const name = unique('C');
    const DB = overtaken(1, () => asked(CREATE, { name: unique('C') }, { key }));
    expect((await asked(CREATE, { name }, { key, DB })).status).toBe(422);
    expect(await customersNamed(name)).toEqual([]);
  });
});

describe('an import', () => {
  it('keeps what became of each row, with its errors', async () => {
    const address = `${unique('t')}@example.com`;
    await newCustomer({ email: { address, isVerified: true } });
    const key = unique('key');
    const rows = [
      { externalId: unique('c'), name: unique('New') },
      { externalId: unique('c'), name: ' ' },
      { externalId: unique('c'), name: 'Taken', email: { address, isVerified: true } },
    ];
    const input = { rows, errorPolicy: 'SKIP_FAILED' };
    const first = await asked(IMPORT, input, { key });
    expect(first.data.importCustomers.rows.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      'CREATED',
      'FAILED',
      'FAILED',
    ]);
    await succeed('updateCustomer', 'customer { id }', {
      id: first.data.importCustomers.rows[0].id,
      name: unique('Changed'),
    });
    const again = await asked(IMPORT, input, { key });
    expect(again.text).toBe(first.text);
    expect(again.calls).toBe(1);
    expect((await asked(IMPORT, { rows }, { key })).status).toBe(422);
  });

  it('keeps it where nothing was to be changed, too, and not where all failed', async () => {
    const externalId = unique('c');
    const { id, name } = await newCustomer({ externalId });
    const key = unique('key');
    const input = { rows: [{ externalId, name }] };
    expect((await asked(IMPORT, input, { key })).data.importCustomers.rows[0].outcome).toBe('NOOP');
    await succeed('updateCustomer', 'customer { id }', { id, name: unique('Changed') });
    expect((await asked(IMPORT, input, { key })).data.importCustomers.rows[0].outcome).toBe('NOOP');
    const failing = unique('key');
    const failed = await asked(IMPORT, { rows: [{ externalId, name: ' ' }] }, { key: failing });
    expect(failed.data.importCustomers.rows[0].outcome).toBe('FAILED');
    expect((await asked(IMPORT, input, { key: failing })).data.importCustomers.rows[0].outcome).toBe('UPDATED');
  });

  it('that two ask for at once is done once', async () => {
    const key = unique('key');
    const input = { rows: [{ externalId: unique('c'), name: unique('New') }] };
    const answers: Answer[] = [];
    const DB = overtaken(2, async () => answers.push(await asked(IMPORT, input, { key })));
    answers.push(await asked(IMPORT, input, { key, DB }));
    expect(answers[1]?.data).toEqual(answers[0]?.data);
    expect(answers[0]?.data.importCustomers.rows[0].outcome).toBe('CREATED');
  });
});

describe('a write whose outcome is not known', () => {
  /** D1 that runs a call, or does not, and then fails. */
  const failing = (call: number, isRun: boolean, more = 0) =>
    meddled(async (number, run) => {
      if (number < call || number > call + more) return run();
      if (isRun && number === call) await run();
      throw new Error('D1_ERROR: Network connection lost.');
    });

  it('is looked up under its key, with all that it would have answered', async () => {
    const key = unique('key');
    const document = mutationDocument('createApiKey', 'apiKey { name } secret');
    const input = { name: unique('K'), permissions: ['tenant:read'], reach: 'ORGANIZATION' };
    const answer = await asked(document, input, { key, DB: failing(1, true) });
    const { secret } = answer.data.createApiKey;
    expect(answer.errors, answer.text).toEqual([]);
    expect((await ask('{ viewer { type } }', {}, secret)).data.viewer.type).toBe('API_KEY');
    expect((await asked(document, input, { key })).data.createApiKey.secret).toBeNull();
  });

  it('and was not done may be repeated', async () => {
    const key = unique('key');
    const name = unique('C');
    const answer = await asked(CREATE, { name }, { key, DB: failing(1, false) });
    expect([answer.status, codeOf(answer), answer.headers.has('retry-after')]).toEqual([503, 'OUTCOME_UNKNOWN', true]);
    expect(await customersNamed(name)).toEqual([]);
    expect((await asked(CREATE, { name }, { key })).status).toBe(200);
  });

  it('and cannot be looked up is called that, and may be repeated', async () => {
    const key = unique('key');
    const name = unique('C');
    const answer = await asked(CREATE, { name }, { key, DB: failing(1, true, 9) });
    expect([answer.status, codeOf(answer), answer.headers.has('retry-after')]).toEqual([503, 'OUTCOME_UNKNOWN', true]);
    expect(answer.errors[0].message).toMatch(/Repeat it with the same Idempotency-Key/);
    const again = await asked(CREATE, { name }, { key });
    expect(await customersNamed(name)).toEqual([again.data.createCustomer.customer.id]);
  });

  it('is looked up for an import, too', async () => {
    const key = unique('key');
    const input = { rows: [{ externalId: unique('c'), name: unique('New') }] };
    const answer = await asked(IMPORT, input, { key, DB: failing(2, true) });
    expect(answer.data.importCustomers.rows[0].outcome, answer.text).toBe('CREATED');
    expect((await asked(IMPORT, input, { key })).data).toEqual(answer.data);
  });

  it('has 200 beside another that was answered, and invites nobody to repeat it', async () => {
    const name = unique('C');
    const document = `mutation { a: createCustomer(input: { name: " " }) { __typename } b: createCustomer(input: { name: "${name}" }) { __typename } }`;
    const both = await send(graphqlRequest(document), { DB: failing(1, true) });
    expect([both.status, codeOf(both), both.data]).toEqual([
      200,
      'OUTCOME_UNKNOWN',
      { a: { __typename: 'ValidationError' }, b: null },
    ]);
    const alone = await send(graphqlRequest(CREATE, { input: { name: unique('C') } }), { DB: failing(1, true) });
    expect([alone.status, codeOf(alone), alone.headers.has('retry-after')]).toEqual([503, 'OUTCOME_UNKNOWN', false]);
    expect(alone.errors[0].message).toMatch(/Look before you repeat it\.$/);
    const lostThenBusy = meddled(async (call, run) => {
      if (call === 1) await run();
      throw new Error(call === 1 ? 'D1_ERROR: Network connection lost.' : 'D1_ERROR: D1 DB is overloaded.');
    });
    const two = `mutation { a: createCustomer(input: { name: "${unique('C')}" }) { __typename } b: createCustomer(input: { name: "${unique('C')}" }) { __typename } }`;
    const neither = await send(graphqlRequest(two), { DB: lostThenBusy });
    expect([neither.status, neither.headers.has('retry-after')]).toEqual([503, false]);
    expect(neither.text).not.toMatch(/again/i);
  });
});

describe('the expected version of a record', () => {
  it('does not fail the repetition of a change that made another', async () => {
    const { id } = await newCustomer();
    const key = unique('key');
    const input = { id, name: unique('C'), expectedVersion: 1 };
    const first = await asked(UPDATE, input, { key });
    expect(first.data.updateCustomer.customer.version).toBe(2);
    expect((await asked(UPDATE, input, { key })).data).toEqual(first.data);
  });
});
