import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { CLAIM_MILLISECONDS, MAX_SECRETS } from '../../../src/directory/api-keys/secret-commands.ts';
import { sha256 } from '../../../src/directory/kernel/secrets.ts';
import {
  globalId,
  type Key,
  mutate,
  newCustomer,
  newKey,
  newTenant,
  type Result,
  rawId,
  succeed,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const FIELDS = 'revokedAt lastUsedAt previousSecretExpiresAt secrets { id createdAt expiresAt lastUsedAt }';
const HOUR_SECONDS = 60 * 60;

const isGood = async (secret: string) => (await ask('{ viewer { type } }', {}, secret)).status === 200;
const goodOnes = (secrets: readonly string[]) => Promise.all(secrets.map(isGood));
const rotate = (id: string, overlapSeconds = HOUR_SECONDS, by?: string) =>
  mutate('rotateApiKey', `secret apiKey { ${FIELDS} }`, { id, overlapSeconds }, by);
const rotated = async (id: string, overlapSeconds?: number) => {
  const result = await rotate(id, overlapSeconds);
  expect(result.__typename, JSON.stringify(result)).toBe('RotateApiKeyPayload');
  return result as Result & { secret: string };
};
const end = (id: string, secretId: string, by?: string) =>
  mutate('revokeApiKeySecret', `apiKey { ${FIELDS} }`, { id, secretId }, by);
const read = async (id: string): Promise<Result> =>
  (await ask(`query($id: ID!) { node(id: $id) { ... on ApiKey { ${FIELDS} } } }`, { id })).data.node;

/** The events about a key, the oldest first. */
async function eventsOf(id: string): Promise<Result[]> {
  const { data } = await ask(
    'query($s: ID!) { events(first: 100, filter: { subjectId: $s }) { nodes { type before after actor { type } } } }',
    { s: id },
  );
  return data.events.nodes;
}

const idsOf = ({ secrets }: Result): string[] => secrets.map(({ id }: { id: string }) => id);

/** Lets so much time go by since the secrets of a key were made, but for what was said of them. */
const age = (id: string, milliseconds: number) =>
  env.DB.prepare(
    `UPDATE api_key_secret SET created_at = created_at - ?2, unclaimed_until = unclaimed_until - ?2 WHERE api_key_id = ?1`,
  )
    .bind(rawId(id), milliseconds)
    .run();

describe('a second rotation within an overlap', () => {
  it('leaves alone the secret that everybody uses, and nothing of one whose answer was lost', async () => {
    const { id, secret } = await newKey();
    await isGood(secret);
    const lost = await rotated(id);
    const found = await rotated(id, 2 * HOUR_SECONDS);
    expect(await goodOnes([secret, found.secret])).toEqual([true, true]);
    const [old, unclaimed] = found.apiKey.secrets;
    expect(old).toMatchObject({ id: idsOf(lost.apiKey)[0], expiresAt: lost.apiKey.previousSecretExpiresAt });
    expect(Date.parse(unclaimed.expiresAt)).toBe(Date.parse(unclaimed.createdAt) + CLAIM_MILLISECONDS);
    await age(id, CLAIM_MILLISECONDS);
    expect(await goodOnes([secret, lost.secret, found.secret])).toEqual([true, false, true]);
    expect(idsOf(await read(id))).toEqual([old.id, idsOf(found.apiKey)[2]]);
  });

  it('replaces at once one that nobody used in ten minutes', async () => {
    const { id, secret } = await newKey();
    const lost = await rotated(id);
    await age(id, CLAIM_MILLISECONDS);
    const found = await rotated(id);
    expect(await goodOnes([secret, lost.secret, found.secret])).toEqual([true, false, true]);
    expect(idsOf(found.apiKey)).toHaveLength(2);
  });

  it('ends the newest one at once if that is said, and no older one', async () => {
    const { id, secret } = await newKey();
    const newest = await rotated(id);
    await isGood(newest.secret);
    const only = await rotated(id, 0);
    expect(await goodOnes([secret, newest.secret, only.secret])).toEqual([true, false, true]);
  });

  it('lets each secret live that was used, for as long as was said then, and no more of them than there may be', async () => {
    const { id, secret } = await newKey();
    const secrets = [secret];
    const ends: string[] = [];
    while (secrets.length < MAX_SECRETS) {
      expect(await isGood(secrets.at(-1) ?? '')).toBe(true);
      const { apiKey, secret } = await rotated(id, secrets.length * HOUR_SECONDS);
      secrets.push(secret);
      ends.push(apiKey.secrets.at(-2).expiresAt);
    }
    expect(await goodOnes(secrets)).toEqual(secrets.map(() => true));
    const full = await read(id);
    expect(full.secrets.map(({ expiresAt }: { expiresAt: string }) => expiresAt)).toEqual([...ends, null]);
    expect(full.previousSecretExpiresAt).toBe(ends.at(-1));
    expect(await rotate(id)).toMatchObject({ __typename: 'TooManySecretsError', code: 'too_many_secrets' });
    expect(await goodOnes(secrets)).toEqual(secrets.map(() => true));
    expect(idsOf(await read(id))).toEqual(idsOf(full));
    await end(id, idsOf(full)[1] ?? '');
    secrets.push((await rotated(id)).secret);
    expect(await goodOnes(secrets)).toEqual(secrets.map((_, place) => place !== 1));
  });

  it('is told until when older ones are good, and forgets those that have ended', async () => {
    const { id, secret } = await newKey();
    const { apiKey } = await rotated(id);
    await env.DB.prepare('UPDATE api_key_secret SET expires_at = ? WHERE api_key_id = ? AND id = ?')
      .bind(Date.now() - 1, rawId(id), idsOf(apiKey)[0])
      .run();
    expect(await isGood(secret)).toBe(false);
    expect(await read(id)).toMatchObject({ previousSecretExpiresAt: null, secrets: [{ expiresAt: null }] });
    expect(await end(id, idsOf(apiKey)[0] ?? '')).toMatchObject({ __typename: 'NotFoundError' });
    await rotated(id);
    const { results } = await env.DB.prepare('SELECT id FROM api_key_secret WHERE api_key_id = ?')
      .bind(rawId(id))
      .all<{ id: string }>();
    expect(results.map(({ id }) => id)).not.toContain(idsOf(apiKey)[0]);
  });
});

describe('rotations at the same time', () => {
  const atOnce = async (count: number, overlapSeconds: number, by: 'root' | 'itself') => {
    const { id, secret } = await newKey();
    await isGood(secret);
    const key = by === 'itself' ? secret : undefined;
    const results = await Promise.all(Array.from({ length: count }, () => rotate(id, overlapSeconds, key)));
    const answered = results.flatMap(({ secret }) => (secret ? [secret as string] : []));
    expect(await goodOnes(answered)).toEqual(answered.map(() => true));
    await age(id, CLAIM_MILLISECONDS);
    expect(await goodOnes(answered), 'later').toEqual(answered.map(() => true));
    expect(await isGood(secret)).toBe(overlapSeconds > 0);
    return { id, answered, refused: results.filter(({ secret }) => !secret) };
  };

  it.each(['root', 'itself'] as const)('by %s answer secrets that are good, as many as there may be', async (by) => {
    const { answered, refused } = await atOnce(MAX_SECRETS + 2, HOUR_SECONDS, by);
    expect(answered).toHaveLength(MAX_SECRETS - 1);
    for (const result of refused) expect(result).toMatchObject({ __typename: 'TooManySecretsError' });
  });

  it('without an overlap, by root, answer one that is good', async () => {
    const { id, answered, refused } = await atOnce(4, 0, 'root');
    expect(answered).toHaveLength(1);
    const error = { __typename: 'VersionConflictError', current: { __typename: 'ApiKey', id } };
    for (const result of refused) expect(result).toMatchObject(error);
    expect((await rotated(id, 0)).secret).toMatch(/^tenantry_/);
  });

  it('are so in one request, too', async () => {
    const { id, secret } = await newKey();
    const field = `rotateApiKey(input: { id: "${id}" }) { ... on RotateApiKeyPayload { secret } ... on MutationError { code } }`;
    const { data } = await ask(`mutation { one: ${field} other: ${field} }`);
    expect(await goodOnes([secret, data.one.secret, data.other.secret])).toEqual([true, true, true]);
  });
});

describe('what is said about a secret', () => {
  it('never goes beyond the key', async () => {
    const expiresAt = new Date(Date.now() + 60_000).toISOString();
    const { id } = await newKey({ expiresAt });
    expect((await rotated(id)).apiKey.previousSecretExpiresAt).toBe(expiresAt);
  });

  it('is when it was last used; of the key, when any was', async () => {
    const { id, secret } = await newKey();
    const { apiKey, secret: newest } = await rotated(id);
    expect(apiKey.secrets).toMatchObject([{ lastUsedAt: null }, { lastUsedAt: null }]);
    await isGood(secret);
    const first = await read(id);
    expect(first.secrets).toMatchObject([{ lastUsedAt: first.lastUsedAt }, { lastUsedAt: null }]);
    await isGood(newest);
    const both = await read(id);
    expect(both.secrets[0]).toEqual(first.secrets[0]);
    expect(Math.abs(Date.parse(both.secrets[1].lastUsedAt) - Date.now())).toBeLessThan(60_000);
    const earlier = Date.now() - 6 * 60_000;
    await env.DB.batch([
      env.DB.prepare('UPDATE api_key_secret SET last_used_at = ? WHERE api_key_id = ?').bind(earlier, rawId(id)),
      env.DB.prepare('UPDATE api_key SET last_used_at = ? WHERE id = ?').bind(earlier, rawId(id)),
    ]);
    await isGood(newest);
    const later = await read(id);
    expect(later.secrets.map(({ lastUsedAt }: { lastUsedAt: string }) => Date.parse(lastUsedAt) > earlier)).toEqual([
      false,
      true,
    ]);
    expect(later.lastUsedAt).toBe(later.secrets[1].lastUsedAt);
  });

  it('is never the secret, nor its hash, in an answer or an event', async () => {
    const { id, secret } = await newKey();
    const { secret: newest } = await rotated(id);
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    const { text } = await ask(
      `query($id: ID!) { node(id: $id) { ... on ApiKey { ${FIELDS} } } events(filter: { subjectId: $id }) { nodes { before after } } }`,
      { id },
    );
    for (const each of [secret, newest]) {
      expect(text).not.toContain(each.split('_')[2]);
      expect(text).not.toContain(sha256(each));
    }
  });
});

describe('an old secret', () => {
  it('is ended alone, from the next request on, also where it was just used', async () => {
    const { id, secret } = await newKey();
    const { apiKey, secret: newest } = await rotated(id);
    for (let use = 0; use < 3; use += 1) expect(await goodOnes([secret, newest])).toEqual([true, true]);
    const [old, other] = idsOf(apiKey);
    const ended = await end(id, old ?? '');
    expect(ended.apiKey).toMatchObject({ revokedAt: null, previousSecretExpiresAt: null, secrets: [{ id: other }] });
    expect(await goodOnes([secret, newest])).toEqual([false, true]);
    expect(await end(id, old ?? '')).toMatchObject({ __typename: 'NotFoundError', references: [{ path: 'secretId' }] });
  });

  it('is not the newest one, nor one of another key', async () => {
    const [key, other] = [await newKey(), await newKey()];
    const { apiKey } = await rotated(key.id);
    const [, newest] = idsOf(apiKey);
    expect(await end(key.id, newest ?? '')).toMatchObject({
      __typename: 'ValidationError',
      issues: [{ path: 'secretId', kind: 'INVALID' }],
    });
    await rotated(other.id);
    const foreign = await end(key.id, idsOf(await read(other.id))[0] ?? '');
    expect(foreign).toMatchObject({ __typename: 'NotFoundError', references: [{ path: 'secretId' }] });
    expect(await end(key.id, crypto.randomUUID())).toEqual(foreign);
    expect(idsOf(await read(key.id))).toEqual(idsOf(apiKey));
  });

  it('of a key that holds more than one does is left alone', async () => {
    const [key, weaker] = [await newKey(), await newKey({ permissions: ['apiKey:edit'] })];
    const { apiKey } = await rotated(key.id);
    expect(await end(key.id, idsOf(apiKey)[0] ?? '', weaker.secret)).toMatchObject({
      __typename: 'ForbiddenError',
      code: 'insufficient_permissions',
    });
    expect(await isGood(key.secret)).toBe(true);
  });
});

describe('the events of a key', () => {
  it('say what it was before, and what it is afterwards', async () => {
    const { id } = await newKey();
    const { apiKey } = await rotated(id);
    const [first, second] = idsOf(apiKey);
    await end(id, first ?? '');
    await succeed('revokeApiKey', 'apiKey { id }', { id });
    const [created, ...changed] = await eventsOf(id);
    expect(created).toMatchObject({ type: 'apiKey.created', before: null, after: { secrets: [{ id: first }] } });
    const secrets = ({ secrets }: Result) => secrets.map(({ id, expiresAt }: Result) => [id, expiresAt]);
    const { previousSecretExpiresAt } = apiKey;
    const both = [
      [first, previousSecretExpiresAt],
      [second, null],
    ];
    expect(changed.map(({ type, before, after }) => [type, secrets(before), secrets(after)])).toEqual([
      ['apiKey.rotated', [[first, null]], both],
      ['apiKey.secretRevoked', both, [[second, null]]],
      ['apiKey.revoked', [[second, null]], []],
    ]);
    expect(changed[0]).toMatchObject({ before: { previousSecretExpiresAt: null }, after: { previousSecretExpiresAt } });
    expect(changed[2]).toMatchObject({ before: { revokedAt: null }, after: { revokedAt: expect.any(String) } });
  });
});

describe('a key whose last place is erased', () => {
  const erase = (type: 'Tenant' | 'Customer', id: string) =>
    succeed(`delete${type}`, '__typename', { id, permanently: true });
  const revoked = ({ id, secret }: Key) =>
    Promise.all([read(id).then(({ revokedAt }) => revokedAt !== null), isGood(secret)]);

  it('is revoked, with an event that names its tenant; one that has another place stays', async () => {
    const [gone, hidden, kept] = [await newTenant(), await newTenant(), await newTenant()];
    const [last, waiting, lasting, ended] = [
      await newKey({ tenants: [gone.id] }),
      await newKey({ tenants: [gone.id, hidden.id] }),
      await newKey({ tenants: [gone.id, kept.id] }),
      await newKey({ tenants: [gone.id] }),
    ];
    await isGood(last.secret);
    await succeed('revokeApiKey', 'apiKey { id }', { id: ended.id });
    await succeed('deleteTenant', 'tenant { id }', { id: hidden.id });
    const before = await eventsOf(ended.id);
    await erase('Tenant', gone.id);
    expect(await revoked(last)).toEqual([true, false]);
    expect(await revoked(waiting)).toEqual([false, true]);
    expect(await revoked(lasting)).toEqual([false, true]);
    expect(await eventsOf(ended.id)).toEqual(before);
    expect((await eventsOf(last.id)).at(-1)).toMatchObject({
      type: 'apiKey.revoked',
      before: { revokedAt: null, tenantIds: [gone.id], secrets: [{ expiresAt: null }] },
      after: { revokedAt: expect.any(String), tenantIds: [], secrets: [] },
    });
    const { results } = await env.DB.prepare(
      "SELECT tenant_id FROM event_tenant JOIN event ON event.id = event_id WHERE subject_id = ? AND event.type = 'apiKey.revoked'",
    )
      .bind(rawId(last.id))
      .all();
    expect(results).toEqual([{ tenant_id: rawId(gone.id) }]);
    await erase('Tenant', hidden.id);
    expect(await revoked(waiting)).toEqual([true, false]);
  });

  it('is so with its customer, and not with one that is only hidden', async () => {
    const [gone, other] = [await newCustomer(), await newCustomer()];
    const [key, lasting] = [await newKey({ customer: gone.id }), await newKey({ customer: other.id })];
    await succeed('deleteCustomer', 'customer { id }', { id: gone.id });
    await succeed('deleteCustomer', 'customer { id }', { id: other.id });
    expect(await revoked(key)).toEqual([false, true]);
    await erase('Customer', gone.id);
    expect(await revoked(key)).toEqual([true, false]);
    expect(await revoked(lasting)).toEqual([false, true]);
    expect((await eventsOf(key.id)).at(-1)).toMatchObject({
      type: 'apiKey.revoked',
      before: { customerId: globalId('Customer', rawId(gone.id)), revokedAt: null },
      after: { customerId: null, revokedAt: expect.any(String) },
    });
  });
});
