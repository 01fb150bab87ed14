import type { JWTPayload } from 'jose';
import * as z from 'zod';
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import type { Signer, TokenKind } from './signer.ts';

/** How long an access token is good, unless what it stands for ends sooner: it is asked for anew at every request. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/** What an access token says. Not what its holder may do: that is read from the directory. */
export interface Grant {
  userId: string;
  sessionId: string;
  reach: 'ORGANIZATION' | 'TENANTS' | 'CUSTOMER';
  /** The one tenant that it reaches, for a reach of TENANTS; null for another. */
  tenantId: string | null;
  /** For a reach of CUSTOMER. */
  customerId: string | null;
}

export interface Granted extends Grant {
  expiresAt: Date;
}

export interface AccessTokens {
  /** Good for 15 minutes, or until then. */
  issue(grant: Grant, until?: Date): Promise<string>;
  /** What a token says that is ours and has not expired; null for any other. */
  read(token: string): Promise<Granted | null>;
  readonly publicKeys: Signer['publicKeys'];
}

const uuid = z.guid();
const claims = z.object({
  sub: uuid,
  sid: uuid,
  reach: z.enum(REACH_KINDS),
  tenant_id: uuid.nullish(),
  customer_id: uuid.nullish(),
  exp: z.number(),
});

/** Access tokens that this signer signs, for the deployment as a whole. */
export function accessTokens({ url, publicKeys, sign, verify }: Signer): AccessTokens {
  // RFC 9068.
  const kind: TokenKind = { type: 'at+jwt', audience: url, claims: ['sub', 'sid'] };
  return {
    publicKeys,
    issue: ({ userId, sessionId, reach, tenantId, customerId }, until) =>
      sign(
        kind,
        {
          sub: userId,
          sid: sessionId,
          reach,
          ...(tenantId !== null && { tenant_id: tenantId }),
          ...(customerId !== null && { customer_id: customerId }),
        },
        until ?? `${ACCESS_TOKEN_SECONDS}s`,
      ),
    async read(token) {
      const payload = await verify(kind, token);
      return payload && asGrant(payload);
    },
  };
}

function asGrant(payload: JWTPayload): Granted | null {
  const { success, data } = claims.safeParse(payload);
  if (!success) return null;
  const { sub, sid, reach, tenant_id, customer_id, exp } = data;
  return {
    userId: sub,
    sessionId: sid,
    reach,
    tenantId: tenant_id ?? null,
    customerId: customer_id ?? null,
    expiresAt: new Date(exp * 1000),
  };
}
