import { afterEach, beforeAll, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { LATER_MESSAGES, laterMessage, READ_TIMEOUT_MILLISECONDS } from '../../src/db/unavailable.ts';
import { UNAVAILABLE_RETRY_SECONDS } from '../../src/http/shared/failures.ts';
import { capig } from '../dialects/capig/table.ts';
import { plain } from '../dialects/plain/table.ts';
import { prismatic } from '../dialects/prismatic/table.ts';
import { userdocks } from '../dialects/userdocks/table.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { codeOf, mutationDocument, newKey, unique } from '../shared/fixtures.ts';
import { type Answer, graphqlRequest, meddled, PUBLIC_URL, ROOT_KEY, send } from '../shared/gateway.ts';
import { newWorld, type World } from '../shared/world.ts';
import type { DialectTable } from '../walks/dialects/table.ts';

/** What D1 and the runtime say as they say it, by whether it was turned away before anything was run. */
const MESSAGES: readonly [message: string, isRefusal: boolean][] = [
  ['D1_ERROR: D1 DB is overloaded. Requests queued for too long.', true],
  ['D1_ERROR: D1 DB is overloaded. Too many requests queued.', true],
  ['Requests queued for too long.', true],
  ['Too many requests queued.', true],
  ['D1_ERROR: Cannot resolve D1 DB due to transient issue on remote node.', true],
  ['D1_ERROR: Currently processing a long-running export.', true],
  ['D1_ERROR: D1 DB storage operation exceeded timeout which caused object to be reset.', false],
  ["D1_ERROR: D1 DB's isolate exceeded its memory limit and was reset.", false],
  ['Durable Object exceeded its CPU time limit and was reset.', false],
  ['D1_ERROR: D1 DB reset because its code was updated.', false],
  ['D1_ERROR: Internal error while starting up D1 DB storage caused object to be reset.', false],
  ['D1_ERROR: Network connection lost.', false],
  ['D1_ERROR: Replica disconnected from primary.', false],
  ["D1_ERROR: Can't read from request stream because client disconnected.", false],
  ['fetch failed', false],
  ['D1_ERROR: internal error; reference = 0123456789abcdef', false],
];

interface Api {
  name: string;
  read(): Request;
  write(): Request;
  /** The status of an answer where the database is not available. */
  unavailable: 503 | 500;
  /** Whether errors have a code. */
  hasCodes: boolean;
}

let world: World;

function apiOf({ dialect, operations }: DialectTable): Api {
  const [read, write] = [false, true].map((writes) => operations.find((one) => one.writes === writes && !one.as));
  if (!read || !write) throw new Error(`${dialect} reads or writes nothing`);
  return {
    name: dialect,
    read: () => read.request(world, ROOT_KEY),
    write: () => write.request(world, ROOT_KEY),
    unavailable: dialect === 'plain' ? 500 : 503,
    hasCodes: dialect !== 'userdocks',
  };
}

const createTenant = (key?: string) =>
  graphqlRequest(mutationDocument('createTenant', 'tenant { id }'), { input: { name: unique('Tenant') } }, key);

const own: Api = {
  name: '/graphql',
  read: () => graphqlRequest('{ customers { nodes { id } } }'),
  write: () => createTenant(),
  unavailable: 503,
  hasCodes: true,
};

const APIS = [own, ...[plain, prismatic, capig, userdocks].map(apiOf)];

/** D1 that fails with a message as often as this, and its number of calls. */
function failing(message: string, times = Number.POSITIVE_INFINITY) {
  const asked = { calls: 0 };
  const DB = meddled((call, run) => {
    asked.calls = call;
    return call <= times ? Promise.reject(new Error(message)) : run();
  });
  return { DB, asked };
}

function expectUnavailable({ status, text, headers, errors }: Answer, { unavailable, hasCodes }: Api, label: string) {
  expect(status, `${label}: ${text}`).toBe(unavailable);
  expect(headers.get('retry-after'), label).toBe(String(UNAVAILABLE_RETRY_SECONDS));
  if (hasCodes) expect(errors[0].extensions.code, label).toBe('SERVICE_UNAVAILABLE');
  else expect(JSON.parse(text), label).toMatchObject({ success: false, data: null });
}

let log: MockInstance<typeof console.error>;
beforeAll(async () => {
  world = await newWorld();
  await countChanges();
});
beforeEach(() => {
  log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => vi.restoreAllMocks());

describe('the messages that mean "later"', () => {
  it('are all sent below, and whether nothing was run is known of each', () => {
    const known = MESSAGES.map(([message]) => laterMessage(new Error(message)));
    expect(known.map((later) => later?.isRefusal)).toEqual(MESSAGES.map(([, isRefusal]) => isRefusal));
    expect(new Set(known)).toEqual(new Set(LATER_MESSAGES));
  });

  it('are no others', () => {
    for (const message of ['D1_ERROR: no such column: a', 'D1_ERROR: UNIQUE constraint failed: tenant.id', '']) {
      expect(laterMessage(new Error(message))).toBeUndefined();
    }
  });
});

for (const api of APIS) {
  describe(`a database that fails in passing, at ${api.name}`, () => {
    it('is got over by a read, whatever it says', () =>
      Promise.all(
        MESSAGES.map(async ([message]) => {
          const { DB, asked } = failing(message, 1);
          const answer = await send(api.read(), { DB });
          expect(answer.status, `${message}: ${answer.text}`).toBe(200);
          expect(answer.errors, message).toEqual([]);
          expect(asked.calls, message).toBeGreaterThan(1);
        }),
      ));

    it('is told a reader with a time to come back, once it fails again and again', () =>
      Promise.all(
        MESSAGES.map(async ([message]) => {
          const { DB, asked } = failing(message);
          expectUnavailable(await send(api.read(), { DB }), api, message);
          expect(asked.calls, message).toBe(3);
        }),
      ));

    it('has no write done twice, and only one that was turned away is invited to come back', async () => {
      const before = await changes();
      for (const [message, isRefusal] of MESSAGES) {
        const { DB, asked } = failing(message);
        const answer = await send(api.write(), { DB });
        expect(asked.calls, message).toBe(1);
        if (isRefusal) {
          expectUnavailable(answer, api, message);
        } else {
          expect(answer.status, `${message}: ${answer.text}`).toBe(api.unavailable);
          expect(answer.text, message).toMatch(/not known whether this was done/);
          expect(answer.headers.has('retry-after'), message).toBe(false);
          expect(answer.text, message).not.toMatch(/again/i);
        }
      }
      expect(await changes()).toBe(before);
    });
  });
}

describe('a database that fails in passing', () => {
  it('fails only the parts of an answer that need it', async () => {
    const { DB } = failing('D1_ERROR: Network connection lost.');
    const query = 'query($id: ID!) { viewer { type } customer(id: $id) { name } }';
    const answer = await send(graphqlRequest(query, { id: world.customer.id }), { DB });
    expect(answer.data).toEqual({ viewer: { type: 'ROOT' }, customer: null });
    const requestId = answer.headers.get('x-request-id');
    expect(answer.errors).toMatchObject([
      { path: ['customer'], extensions: { code: 'SERVICE_UNAVAILABLE', requestId } },
    ]);
    expect(answer.headers.get('retry-after')).toBe(String(UNAVAILABLE_RETRY_SECONDS));
  });

  it('tells nothing of a credential that it could not check', async () => {
    const { secret } = await newKey();
    const query = '{ viewer { type } customer(id: "01900000-0000-7000-8000-00000000dead") { name } }';
    await send(graphqlRequest(query, {}, secret));
    for (const asked of [query, '{ viewer { type } }', '{ viewer { type } customers { nodes { id } } }']) {
      const answer = await send(graphqlRequest(asked, {}, secret), failing('D1_ERROR: Network connection lost.'));
      expect([answer.status, answer.data, codeOf(answer)], asked).toEqual([503, null, 'SERVICE_UNAVAILABLE']);
    }
  });

  it('is said likewise where nobody is known yet', async () => {
    const { DB } = failing('D1_ERROR: D1 DB is overloaded. Requests queued for too long.');
    const { id, secret } = await newKey();
    const client = { grant_type: 'client_credentials', client_id: id, client_secret: secret };
    for (const request of [
      new Request(`${PUBLIC_URL}/health`),
      new Request(`${PUBLIC_URL}/clients/token`, { method: 'POST', body: new URLSearchParams(client) }),
      new Request(`${PUBLIC_URL}/auth/sign-in`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ email: 'a@x.example', password: 'x' }),
      }),
    ]) {
      expectUnavailable(await send(request, { DB }), own, request.url);
    }
  });

  it('stands in the log by what it says, and by nothing that the caller sent', async () => {
    await send(own.read(), { DB: failing(`fetch failed for ${unique('secret')}`).DB });
    const [line] = log.mock.calls.map(([text]) => JSON.parse(String(text)));
    expect(line).toMatchObject({ name: 'UnavailableError', message: 'The database failed in passing: fetch failed' });
    expect(log).toHaveBeenCalledTimes(1);
  });
});

describe('a database that does not answer', () => {
  afterEach(() => vi.useRealTimers());

  /** Time that can be made to pass, and passes by itself for all that is not waited for. */
  const holdTime = () => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'], shouldAdvanceTime: true });
  const never = () => new Promise<never>(() => undefined);

  for (const api of APIS) {
    it(`holds a reader at ${api.name} for ${READ_TIMEOUT_MILLISECONDS} ms`, async () => {
      holdTime();
      const called = Promise.withResolvers<void>();
      const DB = meddled(() => {
        called.resolve();
        return never();
      });
      let isAnswered = false;
      const answer = send(api.read(), { DB }).finally(() => {
        isAnswered = true;
      });
      await called.promise;
      await vi.advanceTimersByTimeAsync(READ_TIMEOUT_MILLISECONDS / 2);
      expect(isAnswered).toBe(false);
      await vi.advanceTimersByTimeAsync(READ_TIMEOUT_MILLISECONDS / 2);
      expectUnavailable(await answer, api, 'stalled');
      expect(vi.getTimerCount()).toBe(0);
    });
  }

  it('holds nobody for longer by failing in between', async () => {
    holdTime();
    const [first, second] = [Promise.withResolvers<never>(), Promise.withResolvers<void>()];
    const firstCalled = Promise.withResolvers<void>();
    const DB = meddled((call) => {
      if (call > 1) second.resolve();
      else firstCalled.resolve();
      return call > 1 ? never() : first.promise;
    });
    const answer = send(own.read(), { DB });
    await firstCalled.promise;
    await vi.advanceTimersByTimeAsync(READ_TIMEOUT_MILLISECONDS * 0.6);
    first.reject(new Error('D1_ERROR: Network connection lost.'));
    await vi.advanceTimersByTimeAsync(READ_TIMEOUT_MILLISECONDS * 0.1);
    await second.promise;
    await vi.advanceTimersByTimeAsync(READ_TIMEOUT_MILLISECONDS * 0.3);
    expectUnavailable(await answer, own, 'stalled at the second attempt');
  });

  it('does not leave behind a timer of a read that was answered', async () => {
    holdTime();
    expect((await send(own.read())).status).toBe(200);
    expect(vi.getTimerCount()).toBe(0);
  });
});
