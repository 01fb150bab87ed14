import { exportSPKI, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { globalId, newCustomer, rawId } from '../../shared/fixtures.ts';
import { step, TOKENS } from '../../shared/people.ts';
import { AUDIENCE, type Claims, encoded, KINDS, newPair, rsa, seconds, sign, type Tools } from './scene.ts';

/** What is wrong with how a token of each kind says who made it, and for whom. */
const MISNAMED: Record<keyof typeof KINDS, (claims: Claims) => Promise<Claims[]>> = {
  STANDARD: async (claims) => [
    { ...claims, iss: 'https://nobody.example' },
    { ...claims, iss: `${claims.iss}/` },
    { ...claims, iss: undefined },
    { ...claims, aud: 'https://other.example' },
    { ...claims, aud: undefined },
  ],
  EMBEDDED: async (claims) => [
    { ...claims, organization: globalId('Organization', crypto.randomUUID()) },
    { ...claims, organization: globalId('Tenant', atob(String(claims.organization)).split(':')[1] ?? '') },
    { ...claims, organization: [claims.organization] },
    { ...claims, organization: '' },
    { ...claims, organization: undefined },
    { ...claims, customer: (await newCustomer()).externalId },
    { ...claims, customer: 'nobody' },
    { ...claims, customer: '' },
    { ...claims, customer: undefined },
    // It is meant for somebody else.
    { ...claims, aud: AUDIENCE },
    { ...claims, aud: [] },
    { ...claims, iss: 'https://portal.example' },
    { ...claims, iss: null },
  ],
};

const wrongly = async (claims: Claims, kind: keyof typeof KINDS): Promise<string[]> => {
  const now = seconds();
  const day = 24 * 60 * 60;
  const stranger = { ...(await newPair()), kid: rsa.kid };
  const [head, body, signature] = (await sign(claims)).split('.');
  const wrong: Claims[] = [
    { ...claims, exp: now - 10, iat: now - 60 },
    { ...claims, exp: undefined },
    { ...claims, exp: now + day + 60 },
    { ...claims, exp: now + 60, iat: now - day },
    { ...claims, exp: now + day + 60, iat: undefined },
    { ...claims, exp: now + day, iat: now + 3600 },
    { ...claims, nbf: now + 60 },
    { ...claims, sub: undefined },
    { ...claims, sub: ' padded ' },
    { ...claims, more: 'x'.repeat(8192) },
    ...(await MISNAMED[kind](claims)),
  ];
  return [
    'junk',
    `${head}.${encoded({ ...claims, exp: now + 60, sub: 'other' })}.${signature}`,
    `${head}.${body}.`,
    await sign(claims, stranger),
    await sign(claims, { ...stranger, kid: undefined }),
    await sign(claims, { ...rsa, kid: 'unknown' }),
    ...(await Promise.all(wrong.map((given) => sign(given)))),
  ];
};

for (const [name, tools] of Object.entries(KINDS) as [keyof typeof KINDS, Tools][]) {
  const { newScene, come, reasonOf, arrive, statusWith, expectRefusal } = tools;

  describe(`a token of an issuer of the kind ${name} that is not good`, () => {
    it('is refused whatever is wrong with it, in the same words, and is no credential', async () => {
      const { claims } = await newScene();
      const said = new Set<string>();
      for (const [index, token] of (await wrongly(claims, name)).entries()) {
        const answer = await come(token);
        expect(answer.status, `${index}: ${answer.text}`).toBe(401);
        said.add(answer.text);
        expect(await statusWith(token), `${index} as a credential`).toBe(401);
      }
      expect(said.size).toBe(1);
      expect(reasonOf(await come('junk'))).toMatch('The token is not valid');
      expect((await come(await sign(claims))).status).toBe(200);
    });

    it('is allowed a few seconds of difference, and a day', async () => {
      const { claims } = await newScene();
      await arrive({ ...claims, exp: seconds() - 2 });
      await arrive({ ...claims, exp: seconds() + 24 * 60 * 60, iat: undefined });
    });

    it('is refused without a signature, and when a public key was used as a secret', async () => {
      const { claims } = await newScene();
      const payload = { ...claims, exp: seconds() + 60 };
      await expectRefusal(`${encoded({ alg: 'none' })}.${encoded(payload)}.`);
      await expectRefusal(`${encoded({ alg: 'none', kid: rsa.kid })}.${encoded(payload)}.`);
      const secrets = [await exportSPKI(rsa.publicKey), JSON.stringify(rsa.jwk), String(rsa.jwk.n)];
      for (const secret of secrets) {
        const bytes = new TextEncoder().encode(secret);
        await expectRefusal(await new SignJWT(payload).setProtectedHeader({ alg: 'HS256', kid: rsa.kid }).sign(bytes));
        await expectRefusal(await new SignJWT(payload).setProtectedHeader({ alg: 'HS256' }).sign(bytes));
      }
    });

    it('is one that we have made ourselves', async () => {
      const { claims } = await KINDS.STANDARD.newScene();
      const { accessToken } = await KINDS.STANDARD.arrive(claims);
      expect((await come(accessToken)).status).toBe(401);
      const ended = await TOKENS.issue(
        {
          userId: crypto.randomUUID(),
          sessionId: crypto.randomUUID(),
          reach: 'CUSTOMER',
          tenantId: null,
          customerId: null,
        },
        new Date(Date.now() - 1000),
      );
      await expectRefusal(ended);
    });

    it('is one of an issuer of another kind with the same keys', async () => {
      const { issuer, claims } = await newScene();
      for (const other of Object.values(KINDS).filter((candidate) => candidate !== tools)) {
        await other.expectRefusal(await sign(claims));
        // Nor one that is named as an embedded issuer is stored, nor one that says what both kinds do.
        const stored = `embedded:${rawId(issuer.id)}`;
        for (const aud of ['', AUDIENCE, undefined])
          await KINDS.STANDARD.expectRefusal(await sign({ ...claims, iss: stored, aud }));
        const both = { ...(await other.newScene()).claims, ...claims };
        const token = await sign(both);
        expect((await KINDS.EMBEDDED.come(token)).status).toBe(401);
        expect(await KINDS.EMBEDDED.statusWith(token)).toBe(401);
      }
    });
  });

  describe(`a network address, at an issuer of the kind ${name},`, () => {
    it('may try fifty tokens that are not good, and any number that are', async () => {
      const { claims } = await newScene();
      const from = { 'cf-connecting-ip': name === 'STANDARD' ? '203.0.113.77' : '203.0.113.78' };
      const good = await sign(claims);
      const bad = await sign({ ...claims, exp: 1 });
      for (let count = 0; count < 5; count += 1) expect((await come(good, from)).status).toBe(200);
      for (let count = 0; count < 50; count += 1) expect((await come(bad, from)).status).toBe(401);
      const answer = await come(good, from);
      expect(answer.status, answer.text).toBe(429);
      expect(reasonOf(answer)).toMatch('Too many attempts');
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0);
    });
  });
}

describe('the audience of a token', () => {
  it('may be one of several, and a token has to be given', async () => {
    const { claims } = await KINDS.STANDARD.newScene();
    await KINDS.STANDARD.arrive({ ...claims, aud: ['https://other.example', AUDIENCE] });
    expect((await step('token', {})).status).toBe(400);
  });
});
