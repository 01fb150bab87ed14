import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { codeOf, newKey, unique } from '../shared/fixtures.ts';
import { ask, graphqlRequest, ROOT_KEY, send } from '../shared/gateway.ts';

describe('a failure of ours', () => {
  afterEach(() => vi.restoreAllMocks());

  const failing = (message: string) => ({
    prepare: env.DB.prepare.bind(env.DB),
    batch: () => Promise.reject(new Error(message)),
  });
  const fail = (message: string, query = '{ customers { nodes { id } } }', variables = {}) =>
    send(graphqlRequest(query, variables), { DB: failing(message) as unknown as D1Database });

  it('is masked, and stands in one log line under the request id of the answer', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await fail('D1_ERROR: no such column: secret_column: SQLITE_ERROR at offset 7: SQLITE_ERROR');
    expect(answer.status).toBe(500);
    expect(answer.text).not.toContain('secret_column');
    expect(answer.text).not.toContain('at ');
    const requestId = answer.headers.get('x-request-id');
    expect(answer.errors[0].extensions).toEqual({
      code: 'INTERNAL_SERVER_ERROR',
      documentation: '/docs/errors#INTERNAL_SERVER_ERROR',
      requestId,
    });
    expect(log).toHaveBeenCalledTimes(1);
    const line = JSON.parse(log.mock.calls[0]?.[0] as string);
    expect(line).toMatchObject({ level: 'error', requestId, message: expect.stringContaining('secret_column') });
  });

  it('leaves what stands beside it at the root as it is, whichever field fails', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const query = '{ organization { name } a: viewer { type } customers { nodes { id } } }';
    const { data, errors } = await fail('D1_ERROR: gone', query);
    expect(data).toEqual({ organization: null, a: { type: 'ROOT' }, customers: null });
    expect(errors.map(({ path }) => path)).toEqual([['organization'], ['customers', 'nodes']]);
    const ids = Array.from({ length: 101 }, () => 'x');
    const beside = await ask('query ($ids: [ID!]!) { nodes(ids: $ids) { id } viewer { type } }', { ids });
    expect([beside.status, beside.data]).toEqual([200, { nodes: null, viewer: { type: 'ROOT' } }]);
    expect(codeOf(beside)).toBe('BAD_USER_INPUT');
  });

  it('stands in the log once, however many fields it reaches, and by whichever way', async () => {
    const { secret } = await newKey();
    await ask('{ viewer { type } }', {}, secret);
    for (const key of [ROOT_KEY, secret]) {
      const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
      const request = graphqlRequest(
        '{ a: customers { nodes { id } } b: tenants { nodes { id } } organization { id } }',
        {},
        key,
      );
      const answer = await send(request, { DB: failing('D1_ERROR: gone') as unknown as D1Database });
      expect(answer.status).toBe(500);
      expect(answer.errors[0].extensions.requestId).toBe(answer.headers.get('x-request-id'));
      expect(log).toHaveBeenCalledTimes(1);
      log.mockRestore();
    }
  });

  it('writes no variable, secret or e-mail into any log', async () => {
    const lines = ['error', 'log', 'warn', 'info', 'debug'] as const;
    const logs = lines.map((level) => vi.spyOn(console, level).mockImplementation(() => undefined));
    const email = `${unique('private')}@x.example`;
    await fail(
      `something quotes ${email}`,
      'mutation($i: CreateCustomerInput!) { createCustomer(input: $i) { __typename } }',
      {
        i: { name: 'Secret Name', email: { address: email } },
      },
    );
    await ask('{ viewer { type } }', {}, 'tenantry_wrong');
    const written = JSON.stringify(logs.flatMap(({ mock }) => mock.calls));
    for (const secret of [email, 'Secret Name', ROOT_KEY, 'tenantry_wrong']) expect(written).not.toContain(secret);
  });

  it('can be tried again when the database is busy', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const answer = await fail('D1 DB is overloaded. Too many requests queued.');
    expect(answer.status).toBe(503);
    expect(codeOf(answer)).toBe('SERVICE_UNAVAILABLE');
  });

  it('is got over by reads when it passes, and never by trying a write again', async () => {
    vi.spyOn(console, 'error').mockImplementation(() => undefined);
    let calls = 0;
    const flaky = {
      prepare: env.DB.prepare.bind(env.DB),
      batch: (statements: D1PreparedStatement[]) => {
        calls += 1;
        return calls === 1 ? Promise.reject(new Error('D1_ERROR: Network connection lost.')) : env.DB.batch(statements);
      },
    } as unknown as D1Database;
    const read = await send(graphqlRequest('{ organization { name } }'), { DB: flaky });
    expect(read.errors).toEqual([]);
    expect(calls).toBe(2);
    calls = 0;
    const document = 'mutation { createTenant(input: { name: "Twice" }) { __typename } }';
    const write = await send(graphqlRequest(document), { DB: flaky });
    expect([write.status, write.errors[0].extensions.code]).toEqual([503, 'OUTCOME_UNKNOWN']);
    expect(calls).toBe(1);
  });

  it('has a request id of its own on every answer', async () => {
    const ids = [
      await ask('{ viewer { type } }'),
      await ask('{ nope }'),
      await ask('{ viewer { type } }', {}, null),
    ].map(({ headers }) => headers.get('x-request-id'));
    expect(new Set(ids).size).toBe(3);
    for (const id of ids) expect(id).toMatch(/^[0-9a-f-]{36}$/);
  });
});
