import { exportSPKI, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { step } from '../../shared/people.ts';
import { AUDIENCE, arrive, come, encoded, expectRefusal, newPair, newScene, rsa, seconds, sign } from './scene.ts';

describe('a token that is not good', () => {
  it('is refused whatever is wrong with it, in the same words', async () => {
    const { claims } = await newScene();
    const now = seconds();
    const day = 24 * 60 * 60;
    const stranger = { ...(await newPair()), kid: rsa.kid };
    const good = await sign(claims);
    const [head, body, signature] = good.split('.');
    const answers = [
      await come('junk'),
      await come(`${head}.${encoded({ ...claims, exp: now + 60, sub: 'other' })}.${signature}`),
      await come(`${head}.${body}.`),
      await come(await sign(claims, stranger)),
      await come(await sign(claims, { ...rsa, kid: 'unknown' })),
      await come(await sign({ ...claims, iss: 'https://nobody.example' })),
      await come(await sign({ ...claims, iss: `${claims.iss}/` })),
      await come(await sign({ ...claims, aud: 'https://other.example' })),
      await come(await sign({ ...claims, aud: undefined })),
      await come(await sign({ ...claims, exp: now - 10, iat: now - 60 })),
      await come(await sign({ ...claims, exp: undefined })),
      await come(await sign({ ...claims, exp: now + day + 60 })),
      await come(await sign({ ...claims, exp: now + 60, iat: now - day })),
      await come(await sign({ ...claims, exp: now + day + 60, iat: undefined })),
      await come(await sign({ ...claims, exp: now + day, iat: now + 3600 })),
      await come(await sign({ ...claims, nbf: now + 60 })),
      await come(await sign({ ...claims, sub: undefined })),
      await come(await sign({ ...claims, sub: ' padded ' })),
      await come(await sign({ ...claims, more: 'x'.repeat(8192) })),
    ];
    for (const [index, { status, text }] of answers.entries()) expect(status, `${index}: ${text}`).toBe(401);
    const said = answers.map(({ errors }) => JSON.stringify(errors));
    expect(new Set(said).size).toBe(1);
    expect(said[0]).toMatch('The token is not valid');
    expect((await come(good)).status).toBe(200);
    expect((await step('token', {})).status).toBe(400);
  });

  it('is allowed a few seconds of difference, several audiences, and a day', async () => {
    const { claims } = await newScene();
    await arrive({ ...claims, exp: seconds() - 2, aud: ['https://other.example', AUDIENCE] });
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
    }
  });

  it('is one that we have made ourselves', async () => {
    const { claims } = await newScene();
    const { accessToken } = await arrive(claims);
    await expectRefusal(accessToken);
  });
});

describe('a network address', () => {
  it('may try fifty tokens that are not good, and any number that are', async () => {
    const { claims } = await newScene();
    const from = { 'cf-connecting-ip': '203.0.113.77' };
    const good = await sign(claims);
    const bad = await sign({ ...claims, aud: 'other' });
    for (let count = 0; count < 5; count += 1) expect((await step('token', { token: good }, from)).status).toBe(200);
    for (let count = 0; count < 50; count += 1) expect((await step('token', { token: bad }, from)).status).toBe(401);
    const { status, errors } = await step('token', { token: good }, from);
    expect(status).toBe(429);
    expect(errors[0].extensions.code).toBe('TOO_MANY_REQUESTS');
  });
});
