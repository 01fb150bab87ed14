import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { rawId, unique } from '../../shared/fixtures.ts';
import { type Claims, ec, encoded, KINDS, rsa, sign } from './scene.ts';

for (const [kind, { newScene, come, arrive, reasonOf, expectRefusal, statusWith }] of Object.entries(KINDS)) {
  describe(`keys at a URL, of an issuer of the kind ${kind},`, () => {
    afterEach(() => {
      vi.restoreAllMocks();
      vi.useRealTimers();
    });

    /** Answers whoever asks for keys, as servers of others do. */
    const serve = (answer: (url: string, init: RequestInit | undefined) => Response | Promise<Response>) =>
      vi.spyOn(globalThis, 'fetch').mockImplementation(async (input, init) => answer(String(input), init));
    const keySet = (...jwks: unknown[]) => Response.json({ keys: jwks });
    const newUrl = () => `https://${unique('keys')}.example/jwks.json`;

    async function expectUnavailable(claims: Claims, reason: RegExp): Promise<void> {
      const token = await sign(claims);
      const answer = await come(token);
      expect(reasonOf(answer)).toMatch(/^The keys of the issuer could not be read: /);
      expect(reasonOf(answer)).toMatch(reason);
      expect(answer.status).toBe(503);
      expect(answer.text).toMatch(/"(SERVICE_UNAVAILABLE|temporarily_unavailable)"/);
      expect(answer.headers.get('retry-after')).toBe('10');
      expect(await statusWith(token)).toBe(kind === 'EMBEDDED' ? 503 : 401);
    }

    it('are read once, and without following anybody', async () => {
      const { issuer, claims } = await newScene({ jwksUrl: newUrl() });
      expect(issuer).toMatchObject({ keys: null, algorithms: ['RS256', 'PS256', 'ES256', 'EdDSA'] });
      const fetch = serve(() =>
        keySet({ kty: 'oct', k: 'c2VjcmV0', kid: 'secret' }, { ...ec.jwk, use: 'enc' }, rsa.jwk),
      );
      for (let count = 0; count < 3; count += 1) await arrive(claims);
      expect(fetch).toHaveBeenCalledTimes(1);
      expect(fetch.mock.calls[0]?.[0]).toBe(issuer.jwksUrl);
      expect(fetch.mock.calls[0]?.[1]).toMatchObject({ redirect: 'manual' });
      // Keys for something else sign no tokens.
      await expectRefusal(await sign(claims, ec));
    });

    it('are not read from a private host, also of an issuer that had one before that was known', async () => {
      const { issuer, claims } = await newScene({ jwksUrl: newUrl() });
      const fetch = serve(() => keySet(rsa.jwk));
      await env.DB.prepare('UPDATE trusted_issuer SET jwks_url = ? WHERE id = ?')
        .bind('https://keys.corp/jwks.json', rawId(issuer.id))
        .run();
      await expectUnavailable(claims, /not at a public host/);
      expect(fetch).not.toHaveBeenCalled();
    });

    it('are read again for an unknown key, every 30 seconds at most, and after ten minutes', async () => {
      vi.useFakeTimers({ toFake: ['Date'] });
      const { claims } = await newScene({ jwksUrl: newUrl() });
      let keys = [rsa.jwk];
      const fetch = serve(() => keySet(...keys));
      await arrive(claims);
      await expectRefusal(await sign(claims, ec));
      expect(fetch).toHaveBeenCalledTimes(1);
      keys = [ec.jwk];
      vi.setSystemTime(Date.now() + 29_000);
      await expectRefusal(await sign(claims, ec));
      expect(fetch).toHaveBeenCalledTimes(1);
      vi.setSystemTime(Date.now() + 2000);
      await arrive(claims, ec);
      expect(fetch).toHaveBeenCalledTimes(2);
      // The key that was taken away is not good any more.
      await expectRefusal(await sign(claims));
      vi.setSystemTime(Date.now() + 599_000);
      await arrive(claims, ec);
      expect(fetch).toHaveBeenCalledTimes(2);
      vi.setSystemTime(Date.now() + 2000);
      await arrive(claims, ec);
      expect(fetch).toHaveBeenCalledTimes(3);
    });

    const FAULTS: Record<string, [answer: () => Response, reason: RegExp]> = {
      'a server that is down': [() => new Response('no', { status: 500 }), /answered 500/],
      'a redirect': [
        () => new Response(null, { status: 302, headers: { location: 'https://elsewhere.example' } }),
        /answered 302/,
      ],
      'what is too large': [() => keySet(rsa.jwk, { junk: 'x'.repeat(64 * 1024) }), /more than 64 KB/],
      'what is no key set': [() => new Response('<html>'), /no JSON Web Key Set/],
      'keys that are all private': [() => keySet({ ...rsa.jwk, d: 'AQAB' }), /no JSON Web Key Set/],
      'nobody at all': [
        () => {
          throw new TypeError('Network connection lost.');
        },
        /did not answer/,
      ],
    };
    for (const [name, [answer, reason]] of Object.entries(FAULTS)) {
      it(`are refused from ${name}, which is left alone for some seconds`, async () => {
        vi.useFakeTimers({ toFake: ['Date'] });
        const { claims } = await newScene({ jwksUrl: newUrl() });
        const fetch = serve(answer);
        await expectUnavailable(claims, reason);
        await expectUnavailable(claims, reason);
        expect(fetch).toHaveBeenCalledTimes(1);
        fetch.mockImplementation(async () => keySet(rsa.jwk));
        vi.setSystemTime(Date.now() + 11_000);
        await arrive(claims);
      });
    }

    // It is read in one place, whatever the kind, and three seconds are long.
    if (kind === 'STANDARD') {
      it('are waited for 3 seconds and no longer, for headers and body together', async () => {
        const hanging: [string, () => Response | Promise<Response>][] = [
          ['headers', () => new Promise<Response>(() => {})],
          [
            'body',
            () => new Response(new ReadableStream({ start: (body) => body.enqueue(new TextEncoder().encode('{')) })),
          ],
        ];
        await Promise.all(
          hanging.map(async ([name]) => {
            const { claims } = await newScene({ jwksUrl: `https://${unique(name)}.example/jwks.json` });
            return claims;
          }),
        ).then(async (scenes) => {
          const signals: unknown[] = [];
          serve((url, init) => {
            signals.push(init?.signal);
            return (hanging.find(([name]) => url.includes(name))?.[1] ?? (() => new Response()))();
          });
          const started = Date.now();
          await Promise.all(scenes.map((claims) => expectUnavailable(claims, /longer than 3 seconds/)));
          expect(Date.now() - started).toBeLessThan(4500);
          expect(Date.now() - started).toBeGreaterThan(2500);
          for (const signal of signals) expect(signal).toMatchObject({ aborted: true });
        });
      }, 10_000);
    }

    it('are not asked for by a token that could not be good', async () => {
      const { claims } = await newScene({ jwksUrl: newUrl() });
      const fetch = serve(() => keySet(rsa.jwk));
      await expectRefusal(`${encoded({ alg: 'none' })}.${encoded(claims)}.`);
      await expectRefusal(await sign({ ...claims, iss: 'https://nobody.example', organization: crypto.randomUUID() }));
      expect(fetch).not.toHaveBeenCalled();
    });
  });
}
