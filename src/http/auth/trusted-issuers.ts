import type { Database } from '../../db/client.ts';
import type { Authenticated, CacheUse } from '../../directory/access/credential-cache.ts';
import { authenticateEmbedded } from '../../directory/trusted-issuers/embedded.ts';
import type { Outside } from '../../directory/trusted-issuers/sign-in.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { keysAt } from './trusted-keys.ts';

/** What the tokens of trusted issuers need from outside the directory. */
export const OUTSIDE: Outside = {
  keysAt,
  customerId: (given) => localId('Customer', given),
  organizationId: (given) => localId('Organization', given),
};

/** Returns who holds a token that an embedded issuer has signed; null if it is not good, or its user has not come before. */
export const authenticateEmbeddedToken = (
  db: Database,
  token: string,
  now: Date,
  how: CacheUse,
): Promise<Authenticated | null> => authenticateEmbedded(db, token, now, how, OUTSIDE);
