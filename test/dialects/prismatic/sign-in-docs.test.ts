import { createPublicKey } from 'node:crypto';
import { exportSPKI } from 'jose';
import { describe, expect, it } from 'vitest';
import docs from '../../../docs/prismatic-sign-in.md?raw';
import { API_TOKEN_SECONDS } from '../../../src/directory/api-keys/client-tokens.ts';
import { MAX_IDENTIFIERS } from '../../../src/directory/kernel/input.ts';
import { MAX_FORM_BYTES } from '../../../src/http/shared/form.ts';
import { KINDS, newPair, seconds, sign } from '../../directory/trusted-issuers/scene.ts';
import { newCustomer, newKey } from '../../shared/fixtures.ts';
import { ask, PUBLIC_URL, send } from '../../shared/gateway.ts';
import { organizationId } from './sign-in.ts';

/** What a line of curl sends, once its variables are filled in. */
function curl(line: string, variables: Record<string, string>): Request {
  const filled = Object.entries(variables).reduce(
    (text, [name, value]) => text.replaceAll(`'$${name}'`, value).replaceAll(`$${name}`, value),
    line.replaceAll('\\\n', ''),
  );
  const [, path = ''] = /\$TENANTRY(\S+)/.exec(filled) ?? [];
  const headers = [...filled.matchAll(/-H (["'])(.*?): (.*?)\1/g)].map(
    ([, , name = '', value = '']): [string, string] => [name, value],
  );
  const [, json] = /-d '(\{.*\})'/.exec(filled) ?? [];
  const fields = [...filled.matchAll(/-d (\w+)=(\S+)/g)].map(([, name = '', value = '']): [string, string] => [
    name,
    value,
  ]);
  const body = json ?? (fields.length > 0 ? new URLSearchParams(fields) : null);
  return new Request(`${PUBLIC_URL}${path}`, { method: 'POST', headers, body });
}

const lines = [...docs.matchAll(/^curl (?:.*\\\n)*.*$/gm)].map(([line]) => line);

describe('the page about signing in as programs of Prismatic do', () => {
  it('shows how a key gets a token', async () => {
    const { secret } = await newKey();
    const shown = lines.filter((line) => line.includes('$API_KEY'));
    expect(shown).toHaveLength(2);
    for (const line of shown) {
      const { text } = await send(curl(line, { API_KEY: secret }));
      expect(JSON.parse(text), text).toMatchObject({ access_token: expect.any(String), expires_in: API_TOKEN_SECONDS });
    }
  });

  it('shows how a key in PEM is registered, and how a page signs in by it', async () => {
    const customer = await newCustomer({ externalId: 'driftline' });
    const pair = await newPair();
    const pem = await exportSPKI(pair.publicKey);
    const [, expression = ''] = /^node -p '(.*)'/m.exec(docs) ?? [];
    expect(expression).toBe(
      'JSON.stringify(require("node:crypto").createPublicKey(require("node:fs").readFileSync(0)).export({ format: "jwk" }))',
    );
    const jwk = createPublicKey(pem).export({ format: 'jwk' });
    const [, mutation = ''] = /```graphql\n(mutation [\s\S]*?)```/.exec(docs) ?? [];
    const document = mutation.replace('mutation {', 'mutation($key: JSONObject!) {').replace('$PUBLIC_KEY', '$key');
    const { data, text } = await ask(document, { key: jwk });
    expect(data?.createTrustedIssuer.trustedIssuer, text).toMatchObject({ kind: 'EMBEDDED', algorithms: ['RS256'] });
    const now = seconds();
    const claims = { organization: await organizationId(), customer: 'driftline', sub: 'u-1', name: 'Lisa', iat: now };
    const token = await sign({ ...claims, exp: now + 600 }, { ...pair, kid: undefined });
    const [post = '', query = ''] = lines.filter((line) => line.includes('$JWT'));
    expect((await send(curl(post, { JWT: token }))).text).toBe('{}');
    const me = await send(curl(query, { JWT: token }));
    const { id, name } = customer;
    expect(me.data.authenticatedUser).toEqual({ id: expect.any(String), name: 'Lisa', customer: { id, name } });
  });

  it('has every claim that is read, and the limits', async () => {
    const rows = docs.slice(docs.indexOf('| claim | what |')).split('\n\n')[0] ?? '';
    const claims = [...rows.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].flatMap(([, cell = '']) => cell.split(', '));
    expect(claims.map((name) => name.replaceAll('`', '')).sort()).toEqual(
      ['organization', 'customer', 'sub', 'external_id', 'name', 'email', 'role', 'iat', 'exp', 'nbf'].sort(),
    );
    expect(docs).toContain(`good for ${API_TOKEN_SECONDS / 60} minutes`);
    expect(docs).toContain(`a form has at most ${MAX_FORM_BYTES / 1024} KB`);
    expect(docs).toContain(`those that the issuer lists, up to ${MAX_IDENTIFIERS};`);
    const { claims: good } = await KINDS.EMBEDDED.newScene();
    await KINDS.EMBEDDED.refuse({ ...good, role: 'user' }, /the role that the token names/);
  });
});
