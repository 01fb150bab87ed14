import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { KEYS_RETRY_SECONDS } from '../../src/directory/kernel/authentication-errors.ts';
import { newScene, rsa, sign } from '../directory/trusted-issuers/scene.ts';
import { Dice } from '../shared/dice.ts';
import { unique } from '../shared/fixtures.ts';
import { ask, PUBLIC_URL, send } from '../shared/gateway.ts';
import { FAILURES, type Fault, faultyD1 } from './faulty-d1.ts';
import { eventsAbout } from './feed.ts';
import { hastenRetries } from './hastened.ts';

/** How an issuer's server may fail to answer its keys. */
const KEY_FAULTS: Record<string, Keys> = {
  'is not reached': async () => {
    throw new TypeError('Network connection lost.');
  },
  'answers an error': async () => new Response('no', { status: 500 }),
  'does not answer': (signal) =>
    new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason))),
};

beforeEach(() => {
  hastenRetries();
  vi.useFakeTimers({ toFake: ['Date'] });
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

/** Signs in with a token; null if it is to be tried again. */
async function come(token: string, DB: D1Database) {
  const request = new Request(`${PUBLIC_URL}/auth/token`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ token }),
  });
  const { status, text } = await send(request, { DB });
  if (status === 200) return JSON.parse(text);
  expect([500, 503], text).toContain(status);
  return null;
}

type Keys = (signal: AbortSignal | null | undefined) => Promise<Response>;

/** The most attempts that somebody makes: one meets with the fault. */
const MOST_ATTEMPTS = 2;

/**
 * Somebody comes for the first time, and again until it works. The keys of the issuer are read in this way at first.
 * Returns how many calls of D1 it took.
 */
async function arrive(faultOf: (call: number) => Fault | null, keys: Keys | null, label: string): Promise<number> {
  const { claims } = await newScene({ jwksUrl: `https://${unique('keys')}.example/jwks.json` });
  let failing = keys;
  vi.spyOn(globalThis, 'fetch').mockImplementation(async (_, init) => {
    const answer = failing?.(init?.signal) ?? Response.json({ keys: [rsa.jwk] });
    failing = null;
    return answer;
  });
  let calls = 0;
  const { DB } = faultyD1((call) => {
    calls = call;
    return faultOf(call);
  }, new Dice(1));
  let body = null;
  for (let attempt = 1; body === null && attempt <= MOST_ATTEMPTS; attempt += 1) {
    body = await come(await sign(claims), DB);
    vi.setSystemTime(Date.now() + (KEYS_RETRY_SECONDS + 1) * 1000);
  }
  expect(body, label).not.toBeNull();
  const { data } = await ask('query($i: UserIdentifier!) { userBy(identifier: $i) { id } }', {
    i: { email: claims.email },
  });
  const types = (await eventsAbout(data.userBy.id)).map(({ type }) => type);
  expect(types.filter((type) => !type.startsWith('session.')).sort(), label).toEqual(['user.created', 'user.linked']);
  return calls;
}

describe('somebody new who signs in with the token of a trusted issuer becomes one user', () => {
  it('whatever call of D1 fails', async () => {
    const calls = await arrive(() => null, null, 'without faults');
    for (let call = 1; call <= calls; call += 1) {
      for (const fault of FAILURES) {
        const label = `call ${call} of ${calls} ${fault}`;
        await arrive((number) => (number === call ? fault : null), null, label);
      }
    }
    expect(calls).toBeGreaterThan(1);
  });

  for (const [name, keys] of Object.entries(KEY_FAULTS)) {
    it(`if the server with the keys ${name}`, async () => {
      const calls = await arrive(() => null, keys, name);
      expect(calls).toBeGreaterThan(1);
    });
  }
});
