import { env } from 'cloudflare:workers';
import { expect } from 'vitest';
import { accessTokens, type Grant } from '../../src/directory/access/access-tokens.ts';
import { parseSigningKeys, signerWith } from '../../src/directory/access/signer.ts';
import { newId } from '../../src/directory/kernel/ids.ts';
import type { Environment } from '../../src/http/shared/environment.ts';
import type { Result } from './fixtures.ts';
import { rawId } from './fixtures.ts';
import { type Answer, mailbox, PUBLIC_URL, SIGNING_KEYS, send } from './gateway.ts';

export const PASSWORD = 'correct horse, battery staple';

type Body = Record<string, unknown>;

// biome-ignore lint/suspicious/noExplicitAny: what a step answers depends on the step
type StepAnswer = Answer & { body: any };

/** Posts to one of the paths by which people sign in. */
export async function step(
  path: string,
  body: Body,
  headers: Record<string, string> = {},
  overrides: Partial<Environment> = {},
): Promise<StepAnswer> {
  const request = new Request(`${PUBLIC_URL}/auth/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });
  const answer = await send(request, overrides);
  return { ...answer, body: JSON.parse(answer.text) };
}

/** The token of the link that was mailed to this address last. */
export function mailedToken(email: string): string {
  const mail = mailbox.findLast(({ to }) => to === email);
  const [, token] = /#token=(\S+)/.exec(mail?.text ?? '') ?? [];
  if (token === undefined) throw new Error(`No link was mailed to ${email}`);
  return token;
}

/** Accepts the invitation that was mailed to a user. */
export async function join({ email }: Result, password = PASSWORD): Promise<void> {
  const { status, text } = await step('accept-invitation', { token: mailedToken(email), password });
  expect(status, text).toBe(200);
}

/** The hash of the usual password, once for all: hashing is what takes its time. */
const HASH = '$scrypt$ln=14,r=8,p=5$7kCU112Bt86JRUf2xbCjgg$7vmcLBtfSOg7C9wUt9OEU/32P+iCDZ+PdUb9Nu8GgKE';

/** A statement that gives a user the usual password, by which the user is ACTIVE. */
const givePassword = (userId: string) =>
  env.DB.prepare('INSERT OR IGNORE INTO password (user_id, hash, changed_at) VALUES (?, ?, 1)').bind(userId, HASH);

/** Gives a user the usual password without a mail. */
export async function enter({ id }: Result): Promise<void> {
  await env.DB.batch([
    env.DB.prepare('DELETE FROM mailed_link WHERE user_id = ?').bind(rawId(id)),
    givePassword(rawId(id)),
  ]);
}

/** Signs in, and answers what a client goes on with. */
export async function signIn(email: string, more: Body = {}) {
  const { status, text, body } = await step('sign-in', { email, password: PASSWORD, ...more });
  expect(status, text).toBe(200);
  return body;
}

export const TOKENS = accessTokens(signerWith(parseSigningKeys(SIGNING_KEYS), PUBLIC_URL));

/**
 * A session of a user, begun without showing the password, which takes its time. The tenant is what it reaches; without one, it
 * reaches what the user's own role does.
 */
export async function sessionOf(globalUserId: string, globalTenantId?: string): Promise<Grant> {
  const userId = rawId(globalUserId);
  const tenantId = globalTenantId === undefined ? null : rawId(globalTenantId);
  const sessionId = newId();
  const now = Date.now();
  const [user] = await env.DB.batch<{ kind: Grant['reach'] | 'TENANT'; customer_id: string | null }>([
    env.DB.prepare('SELECT kind, customer_id FROM user WHERE id = ?').bind(userId),
    givePassword(userId),
    env.DB.prepare(
      `INSERT INTO session (id, user_id, tenant_id, family_hash, refresh_hash, created_at, refreshed_at, expires_at)
       VALUES (?1, ?2, ?3, '', '', ?4, ?4, ?4 + 86400000)`,
    ).bind(sessionId, userId, tenantId, now),
  ]);
  const [row] = user?.results ?? [];
  if (!row || (row.kind === 'TENANT' && tenantId === null)) throw new Error('There is no such user to be signed in so');
  const reach = row.kind === 'TENANT' || tenantId !== null ? 'TENANTS' : row.kind;
  return { userId, sessionId, reach, tenantId, customerId: tenantId === null ? row.customer_id : null };
}

/** The access token of a user who is signed in so. */
export const tokenOf = async (globalUserId: string, globalTenantId?: string): Promise<string> =>
  TOKENS.issue(await sessionOf(globalUserId, globalTenantId));
