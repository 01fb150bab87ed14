import { sql } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { sessions } from '../../db/schema/sign-in.ts';
import { watched } from '../../db/watched.ts';
import type { AccessTokens, Grant, Granted } from '../access/access-tokens.ts';
import { credentialName } from '../access/actor.ts';
import { type Authenticated, type CacheUse, credentialCache } from '../access/credential-cache.ts';
import type { Token } from '../kernel/secrets.ts';
import { effectiveRoleIn, grantOf, MAY_GO_ON, permissionsIn, reachOfGrant } from './effective-role.ts';

/** Reads everything that decides what an access token is good for, beside the token itself. */
const credentialOf = ({ sessionId, userId, tenantId }: Grant) =>
  watched(
    { ...effectiveRoleIn(sql`${tenantId}`), expiresAt: sessions.expiresAt },
    // Whenever a token is renewed, its session lasts longer. That changes nothing about who is signed in.
    ['expiresAt'],
  )(
    sql`FROM session JOIN user ON user.id = session.user_id
      WHERE session.id = ${sessionId} AND session.user_id = ${userId} AND ${MAY_GO_ON}`,
  );

type Credential = ReturnType<ReturnType<typeof credentialOf>['decode']>;

const authenticate = credentialCache<Credential>();

/**
 * Returns who holds an access token; null when the token is not ours or has expired. Null, too, once its session has
 * ended or its user has lost the role there: a token stops working with the next request.
 */
export async function authenticateUser(
  db: Database,
  tokens: AccessTokens,
  token: Token,
  now: Date,
  how: CacheUse,
): Promise<Authenticated | null> {
  const grant = await tokens.read(token.text);
  if (grant === null) return null;
  return authenticate(
    db,
    token,
    () => ({ statement: credentialOf(grant), admit: (credential) => admit(grant, credential, now) }),
    how,
  );
}

/** Whether a token names exactly the reach that its user's role gives now. One that names another is refused. */
const isSameReach = (one: Grant, other: Grant): boolean =>
  one.reach === other.reach && one.tenantId === other.tenantId && one.customerId === other.customerId;

function admit(grant: Granted, credential: Credential, now: Date): Authenticated | null {
  const current = grantOf(grant.sessionId, credential);
  if (current === null || !isSameReach(current, grant) || credential.expiresAt <= now) return null;
  return {
    viewer: {
      actor: { type: 'USER', id: grant.userId },
      permissions: permissionsIn(credential),
      access: 'WRITE',
      reach: reachOfGrant(current),
      rateLimitTier: 'DEFAULT',
      countsAs: credentialName({ type: 'USER', id: grant.userId }),
      expiresAt: null,
      session: { id: grant.sessionId, tokenExpiresAt: grant.expiresAt },
    },
    noteUse: null,
  };
}
