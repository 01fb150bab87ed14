import type { SQL } from 'drizzle-orm';
import type * as z from 'zod';
import type { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import type { Values } from '../../db/statement.ts';
import { addressedAs, identifiedAs, namedAs } from '../kernel/derived-columns.ts';
import { choice, emailAddress, text, webAddress } from '../kernel/input.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { lazily } from '../kernel/lazily.ts';

/** The fields of a user's input, except the e-mail address. */
export const userDetails = lazily(() => ({
  name: text().nullish(),
  phone: text().nullish(),
  avatarUrl: webAddress().nullish(),
  externalId: text().nullish(),
}));

/**
 * Over the columns of `user`: the status of a user who is not deactivated. ACTIVE is who has accepted, by a password or by a
 * token of a trusted issuer, and INVITED who has not. It is kept with the user, for lists, and follows what it is derived
 * from without a version or an event: see the triggers `active_with_password`, `invited_without_password`,
 * `active_with_identity` and `invited_without_identity`.
 */
export const ACCEPTED_STATUS = sql<'ACTIVE' | 'INVITED'>`iif(
  EXISTS (SELECT 1 FROM password WHERE password.user_id = user.id)
  OR EXISTS (SELECT 1 FROM issued_identity WHERE issued_identity.user_id = user.id), 'ACTIVE', 'INVITED')`;

/**
 * A status that a user can be given: DEACTIVATED, or not. Whoever is to be ACTIVE and has not accepted is INVITED. Nobody can
 * be told to be INVITED.
 */
export const settableStatus = lazily(() => choice(['ACTIVE', 'DEACTIVATED']));

/** The fields of a new user's input. */
export const newUserDetails = lazily(() => ({ ...userDetails(), email: emailAddress() }));

/** A change to a user, once it has been validated. */
export interface UserPatch extends z.output<z.ZodObject<ReturnType<typeof userDetails>>> {
  email?: string | undefined;
  status?: 'ACTIVE' | 'DEACTIVATED' | undefined;
}

type UserValues = Values<typeof users>;

/** Returns the columns that a change sets. A field left out stays as it is, and null clears it. */
export function patchedUser({ email, name, externalId, status, ...patch }: UserPatch): UserValues {
  return {
    ...patch,
    ...(status !== undefined && { status: status === 'ACTIVE' ? ACCEPTED_STATUS : status }),
    ...(email !== undefined && addressedAs(email)),
    ...(name !== undefined && namedAs(name)),
    ...(externalId !== undefined && identifiedAs(externalId)),
  };
}

/** Where a new user has a role of their own. A user of the kind TENANT has none, only tenant roles. */
export type Home =
  | { kind: 'ORGANIZATION'; roleId: SQL }
  | { kind: 'CUSTOMER'; roleId: SQL; customerId: SQL }
  | { kind: 'TENANT' };

/** Returns the columns of a new user, who is invited until they choose a password or sign in with a token. */
export const newUser = (details: UserPatch & { email: string }, home: Home): UserValues => ({
  status: 'INVITED',
  ...namedAs(null),
  keyVersion: KEY_VERSION,
  ...patchedUser(details),
  ...home,
});
