import type { SQL } from 'drizzle-orm';
import type { Database } from '../../db/client.ts';
import { sessions } from '../../db/schema/sign-in.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, select } from '../../db/statement.ts';
import { watched } from '../../db/watched.ts';
import type { AccessTokens, Grant, Granted } from '../access/access-tokens.ts';
import { credentialName } from '../access/actor.ts';
import { type Authenticated, type CacheUse, credentialCache } from '../access/credential-cache.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Token } from '../kernel/secrets.ts';
import {
  type EffectiveRole,
  effectiveRoleIn,
  grantOf,
  MAY_GO_ON,
  permissionsIn,
  reachOfGrant,
} from './effective-role.ts';

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
type TokenRow = EffectiveRole & Pick<Credential, 'expiresAt'>;

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

/** Who holds an access token. */
interface TokenHolder {
  viewer: Viewer;
  /** When the token ends if nothing ends it before. */
  endsAt: Date;
}

/** Returns who holds an access token, unless its session has ended or its user has lost the role that it was made for. */
export function tokenHolder(grant: Granted, credential: TokenRow, now: Date): TokenHolder | null {
  const current = grantOf(grant.sessionId, credential);
  if (current === null || !isSameReach(current, grant) || credential.expiresAt <= now) return null;
  const viewer: Viewer = {
    actor: { type: 'USER', id: grant.userId },
    permissions: permissionsIn(credential),
    access: 'WRITE',
    reach: reachOfGrant(current),
    rateLimitTier: 'DEFAULT',
    countsAs: credentialName({ type: 'USER', id: grant.userId }),
    expiresAt: null,
    session: { id: grant.sessionId, tokenExpiresAt: grant.expiresAt },
  };
  return { viewer, endsAt: credential.expiresAt < grant.expiresAt ? credential.expiresAt : grant.expiresAt };
}

function admit(grant: Granted, credential: Credential, now: Date): Authenticated | null {
  const admitted = tokenHolder(grant, credential, now);
  return admitted && { viewer: admitted.viewer, noteUse: null };
}

/** A part of what a token says, in the list of all that are asked about. */
const given = (name: keyof Grant): SQL => sql.raw(`given.value ->> '${name}'`);

/** Reads, in one statement, what decides about these access tokens, each at its position, to be judged by `tokenHolder`. */
export const tokensWith = (grants: readonly Grant[]) =>
  select(
    {
      ...effectiveRoleIn(given('tenantId')),
      position: sql<number>`given.key`,
      expiresAt: sessions.expiresAt,
      name: users.name,
      email: users.email,
    },
    sql`FROM json_each(${jsonList(grants)}) given
      CROSS JOIN session ON session.id = ${given('sessionId')} AND session.user_id = ${given('userId')}
      CROSS JOIN user ON user.id = session.user_id AND ${MAY_GO_ON}`,
  );
