import { exportJWK } from 'jose';
import { describe, expect, it } from 'vitest';
import { allBut, eventsAbout, mutate, newCustomer, newKey, newRole, succeed, unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';
import { AUDIENCE, ec, KINDS, newScene, rsa, update } from './scene.ts';

describe('a trusted issuer', () => {
  const issuesOf = async (input: Variables): Promise<Record<string, string>> => {
    const customer = await newCustomer();
    const result = await mutate('createTrustedIssuer', 'trustedIssuer { id }', {
      name: 'x',
      issuer: unique('issuer'),
      audience: AUDIENCE,
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
      ...input,
    });
    expect(result.__typename, JSON.stringify(result)).toBe('ValidationError');
    return Object.fromEntries(result.issues.map(({ path, message }: Record<string, string>) => [path, message]));
  };

  it('takes public keys that are strong enough, and no others', async () => {
    const { kid: _kid, ...nameless } = ec.jwk;
    const secret = await exportJWK(rsa.privateKey);
    const weak = { ...rsa.jwk, n: Buffer.alloc(128, 255).toString('base64url') };
    const zeros = Buffer.concat([Buffer.alloc(129), Buffer.alloc(128, 255)]).toString('base64url');
    const cases: [unknown[], string, RegExp][] = [
      [[secret], 'keys.0', /private or symmetric/],
      [[{ kty: 'oct', k: 'c2VjcmV0' }], 'keys.0', /private or symmetric/],
      [[{ ...ec.jwk, d: 'AAAA' }], 'keys.0', /private or symmetric/],
      [[{ kty: 'AES' }], 'keys.0.kty', /RSA, EC or OKP/],
      [[weak], 'keys.0.n', /2048 bits/],
      [[{ ...weak, n: zeros }], 'keys.0.n', /2048 bits/],
      [[{ ...rsa.jwk, e: 'AQ' }], 'keys.0.e', /AQAB/],
      [[{ ...rsa.jwk, use: 'enc' }], 'keys.0.use', /sig/],
      [[{ ...rsa.jwk, alg: 'HS256' }], 'keys.0.alg', /must be one of/],
      [[{ ...rsa.jwk, alg: 'ES256' }], 'keys.0.alg', /does not go with the key/],
      [[{ ...ec.jwk, y: ec.jwk.x }], 'keys.0', /is no key/],
      [[rsa.jwk, nameless], 'keys', /kid of its own/],
      [[rsa.jwk, rsa.jwk], 'keys', /kid of its own/],
      [[], 'keys', /at least one/],
      [Array.from({ length: 11 }, (_, index) => ({ ...ec.jwk, kid: String(index) })), 'keys', /at most 10/],
    ];
    for (const [keys, path, message] of cases) {
      const issues = await issuesOf({ keys });
      expect(issues[path], JSON.stringify(issues)).toMatch(message);
    }
    const { issuer } = await newScene({ keys: [{ ...rsa.jwk, x5t: 'left out', alg: 'PS384' }] });
    expect(issuer.algorithms).toEqual(['PS384']);
    expect(Object.keys(issuer.keys[0]).sort()).toEqual(['alg', 'e', 'kid', 'kty', 'n']);
  });

  it('takes keys or an https URL of a public host, and not both', async () => {
    expect(await issuesOf({})).toHaveProperty('keys');
    expect(await issuesOf({ keys: [rsa.jwk], jwksUrl: 'https://keys.example/jwks' })).toHaveProperty('keys');
    for (const jwksUrl of [
      'http://keys.example/jwks',
      'ftp://keys.example/jwks',
      'https://user:secret@keys.example/jwks',
      'https://127.0.0.1/jwks',
      'https://0x7f.1/jwks',
      'https://2130706433/jwks',
      'https://[::1]/jwks',
      'https://localhost/jwks',
      'https://localhost./jwks',
      'https://keys.localhost/jwks',
      'https://printer.local/jwks',
      'https://metadata.google.internal/jwks',
      'https://METADATA.INTERNAL./jwks',
      'https://intranet/jwks',
    ]) {
      expect((await issuesOf({ jwksUrl })).jwksUrl, jwksUrl).toMatch(/must be an http/);
    }
    for (const algorithms of [['HS256'], ['none'], ['RS256', 'HS512'], []])
      expect(Object.keys(await issuesOf({ keys: [rsa.jwk], algorithms }))[0]).toMatch(/^algorithms/);
    expect(await issuesOf({ keys: [rsa.jwk], roleIdentifiers: [] })).toHaveProperty('roleIdentifiers');
    expect(await issuesOf({ keys: [rsa.jwk], customerIdentifiers: [] })).toHaveProperty('customerIdentifiers');
  });

  it('names an issuer and an audience in its tokens, or, if it is embedded, neither', async () => {
    const embedded = { kind: 'EMBEDDED', keys: [rsa.jwk], issuer: undefined, audience: undefined };
    expect(await issuesOf({ keys: [rsa.jwk], issuer: undefined })).toEqual({ issuer: 'is required' });
    expect(await issuesOf({ keys: [rsa.jwk], audience: undefined, kind: 'STANDARD' })).toEqual({
      audience: 'is required',
    });
    const message = 'does not go with the kind EMBEDDED';
    expect(await issuesOf({ ...embedded, issuer: 'x', audience: 'x' })).toEqual({ issuer: message, audience: message });
    const [one, other] = [await KINDS.EMBEDDED.newScene(), await KINDS.EMBEDDED.newScene()];
    expect(one.issuer).toMatchObject({ kind: 'EMBEDDED', issuer: null, audience: null });
    expect(other.issuer.id).not.toBe(one.issuer.id);
    for (const path of ['issuer', 'audience']) {
      for (const given of [' x', 'x\n', '\u00a0x', 'x\ty']) {
        expect(Object.keys(await issuesOf({ keys: [rsa.jwk], [path]: given })), given).toEqual([path]);
      }
      const input = { id: one.issuer.id, name: 'Other', [path]: 'x' };
      expect(await mutate('updateTrustedIssuer', 'trustedIssuer { id }', input)).toMatchObject({
        __typename: 'ValidationError',
        issues: [{ path, message }],
      });
    }
    expect((await update(one.issuer, { name: 'Other' })).trustedIssuer).toMatchObject({ name: 'Other', issuer: null });
    const { data } = await ask('query($id: ID!) { events(filter: { subjectId: $id }) { nodes { before after } } }', {
      id: one.issuer.id,
    });
    expect(data.events.nodes[1].before).toMatchObject({ kind: 'EMBEDDED', issuer: null, audience: null });
    expect(data.events.nodes[1].after).toMatchObject({ kind: 'EMBEDDED', issuer: null, name: 'Other' });
    const standard = await newScene();
    expect(standard.issuer).toMatchObject({ kind: 'STANDARD', issuer: expect.any(String), audience: AUDIENCE });
  });

  it('is changed, with an event that says how, and one only if anything changes', async () => {
    const { issuer, customer } = await newScene();
    await update(issuer, {
      name: issuer.name,
      keys: issuer.keys,
      roleIdentifiers: [{ name: 'Member' }, { name: 'member' }],
      customerIdentifiers: [{ externalId: customer.externalId }],
    });
    await update(issuer, {});
    expect(await eventsAbout(issuer.id)).toEqual(['trustedIssuer.created']);
    const jwksUrl = 'https://keys.example/jwks.json';
    const { trustedIssuer } = await update(issuer, { jwksUrl, name: 'Other' });
    expect(trustedIssuer).toMatchObject({ name: 'Other', jwksUrl, keys: null, issuer: issuer.issuer });
    const back = await update(issuer, { keys: [ec.jwk], jwksUrl: null });
    expect(back.trustedIssuer).toMatchObject({ jwksUrl: null, algorithms: ['ES256'] });
    await succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id });
    const { data } = await ask(
      'query($id: ID!) { node(id: $id) { id } events(filter: { subjectId: $id }) { nodes { type before after } } }',
      { id: issuer.id },
    );
    expect(data.node).toBeNull();
    const { id: _id, createdAt: _createdAt, updatedAt: _updatedAt, ...shown } = issuer;
    expect(data.events.nodes[0]).toEqual({ type: 'trustedIssuer.created', before: null, after: shown });
    expect(data.events.nodes.map(({ type }: { type: string }) => type)).toEqual([
      'trustedIssuer.created',
      'trustedIssuer.updated',
      'trustedIssuer.updated',
      'trustedIssuer.deleted',
    ]);
    expect(data.events.nodes[3]).toMatchObject({ before: { algorithms: ['ES256'] }, after: null });
  });

  it('has a name in tokens that no other has, and lists roles of customers', async () => {
    const { issuer, customer } = await newScene();
    const input = {
      name: 'x',
      audience: AUDIENCE,
      keys: [rsa.jwk],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
    };
    expect(await mutate('createTrustedIssuer', '__typename', { ...input, issuer: issuer.issuer })).toMatchObject({
      __typename: 'AlreadyExistsError',
      path: 'issuer',
      existing: { __typename: 'TrustedIssuer', id: issuer.id },
    });
    const lost = {
      roleIdentifiers: [{ name: 'owner' }, { name: 'member' }, { name: 'view' }],
      customerIdentifiers: [{ email: 'nobody@x.example' }, { id: customer.id }, { externalId: 'nobody' }],
    };
    const result = await mutate('createTrustedIssuer', '__typename', { ...input, ...lost, issuer: unique('issuer') });
    expect(result.references?.map(({ path }: { path: string }) => path)).toEqual([
      'roleIdentifiers.0.name',
      'roleIdentifiers.2.name',
      'customerIdentifiers.0.email',
      'customerIdentifiers.2.externalId',
    ]);
  });

  it('is set up, changed and ended only by who holds what its roles allow', async () => {
    const { issuer, customer } = await newScene({ roleIdentifiers: [{ name: 'admin' }] });
    const { secret } = await newKey({ permissions: allBut('user:delete') });
    const refused = { code: 'insufficient_permissions', missingPermissions: ['user:delete'] };
    const member = { roleIdentifiers: [{ name: 'member' }] };
    const attempts: [string, Variables][] = [
      [
        'createTrustedIssuer',
        {
          name: 'x',
          issuer: unique('issuer'),
          audience: AUDIENCE,
          keys: [rsa.jwk],
          roleIdentifiers: [{ name: 'member' }, { name: 'admin' }],
          customerIdentifiers: [{ id: customer.id }],
        },
      ],
      ['updateTrustedIssuer', { id: issuer.id, ...member }],
      ['updateTrustedIssuer', { id: issuer.id, keys: [ec.jwk] }],
      ['deleteTrustedIssuer', { id: issuer.id }],
    ];
    for (const [name, input] of attempts)
      expect(await mutate(name, '__typename', input, secret)).toMatchObject(refused);
    await update(issuer, member);
    const raise = { id: issuer.id, roleIdentifiers: [{ name: 'admin' }] };
    expect(await mutate('updateTrustedIssuer', '__typename', raise, secret)).toMatchObject(refused);
    await succeed('updateTrustedIssuer', 'trustedIssuer { id }', { id: issuer.id, name: 'Theirs' }, secret);
  });

  it('keeps the roles that it lists', async () => {
    const role = await newRole({ scope: 'CUSTOMER' });
    const { issuer } = await newScene({ roleIdentifiers: [{ id: role.id }, { name: 'member' }] });
    expect(await mutate('deleteRole', 'role { id }', { id: role.id })).toMatchObject({
      __typename: 'RoleInUseError',
      userCount: 0,
    });
    await update(issuer, { roleIdentifiers: [{ name: 'member' }] });
    await succeed('deleteRole', 'role { id }', { id: role.id });
  });

  it('loses a customer that is erased, and shows its events to nobody without organization:edit', async () => {
    const { issuer, customer } = await newScene();
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id, permanently: true });
    const { data } = await ask('query($id: ID!) { node(id: $id) { ... on TrustedIssuer { customerIds } } }', {
      id: issuer.id,
    });
    expect(data.node.customerIds).toEqual([]);
    const { secret } = await newKey({ permissions: ['event:read'] });
    const events = await ask(
      'query($id: ID!) { events(filter: { subjectId: $id }) { nodes { type before after } } }',
      { id: issuer.id },
      secret,
    );
    expect(events.data.events.nodes).toEqual([{ type: 'trustedIssuer.created', before: null, after: null }]);
  });
});
