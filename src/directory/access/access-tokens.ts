import type { JWTPayload } from 'jose';
import * as z from 'zod';
import { lazily } from '../kernel/lazily.ts';
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import type { Signer, TokenKind } from './signer.ts';

/** How long an access token is good. It stops sooner if its session or role ends: every request checks them. */
export const ACCESS_TOKEN_SECONDS = 15 * 60;

/** What an access token says: who is signed in, and where. What the user may do there is read from the directory. */
export interface Grant {
  userId: string;
  sessionId: string;
  reach: 'ORGANIZATION' | 'TENANTS' | 'CUSTOMER';
  /** The one tenant that a reach of TENANTS has; null for any other reach. */
  tenantId: string | null;
  /** The customer of a reach of CUSTOMER. A reach of TENANTS never has one. */
  customerId: string | null;
}

/** What a new access token is to say. */
export interface Content extends Grant {
  /**
   * The permissions of the product that the session has where it is, by name, for services that verify tokens themselves.
   * Nothing is decided by them here.
   */
  productPermissions?: readonly string[];
}

/** How many permissions of the product an access token names: it is sent in a header, which must not be long. */
export const MAX_PERMISSIONS_IN_TOKEN = 50;

/** What an access token says, and when it expires. */
export interface Granted extends Grant {
  expiresAt: Date;
}

/** Makes and reads the access tokens of a deployment. */
export interface AccessTokens {
  /** Returns a token that is good for 15 minutes, or until the time given. */
  issue(content: Content, until?: Date): Promise<string>;
  /** Returns what a token says; null unless this deployment signed it and it has not expired. */
  read(token: string): Promise<Granted | null>;
  readonly publicKeys: Signer['publicKeys'];
  readonly keyedHash: Signer['keyedHash'];
}

const claims = lazily(() =>
  z.object({
    sub: z.guid(),
    sid: z.guid(),
    reach: z.enum(REACH_KINDS),
    tenant_id: z.guid().nullish(),
    customer_id: z.guid().nullish(),
    exp: z.number(),
  }),
);

/** Returns access tokens that are signed with this signer, and good for the whole deployment. */
export function accessTokens({ url, publicKeys, keyedHash, sign, verify }: Signer): AccessTokens {
  // The type that RFC 9068 gives to access tokens.
  const kind: TokenKind = { type: 'at+jwt', audience: url, claims: ['sub', 'sid'] };
  return {
    publicKeys,
    keyedHash,
    issue: ({ userId, sessionId, reach, tenantId, customerId, productPermissions }, until) =>
      sign(
        kind,
        {
          sub: userId,
          sid: sessionId,
          reach,
          ...(tenantId !== null && { tenant_id: tenantId }),
          ...(customerId !== null && { customer_id: customerId }),
          ...(productPermissions && permissionClaims(productPermissions)),
        },
        until ?? `${ACCESS_TOKEN_SECONDS}s`,
      ),
    async read(token) {
      const payload = await verify(kind, token);
      return payload && asGrant(payload);
    },
  };
}

const permissionClaims = (names: readonly string[]) => ({
  permissions: names.slice(0, MAX_PERMISSIONS_IN_TOKEN),
  ...(names.length > MAX_PERMISSIONS_IN_TOKEN && { permissions_truncated: true }),
});

function asGrant(payload: JWTPayload): Granted | null {
  const { success, data } = claims().safeParse(payload);
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
