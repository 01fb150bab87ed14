import type { SQL } from 'drizzle-orm';
import type * as z from 'zod';
import type { users } from '../../db/schema/users.ts';
import type { Values } from '../../db/statement.ts';
import { choice, comparable, emailAddress, text, webAddress } from '../kernel/input.ts';

/** What a user is described by, beside the e-mail address. */
export const userDetails = {
  name: text.nullish(),
  phone: text.nullish(),
  avatarUrl: webAddress.nullish(),
  externalId: text.nullish(),
};

/** What a status can be set to: INVITED is how users begin, and nobody gets back there. */
export const settableStatus = choice(['ACTIVE', 'DEACTIVATED']);

export const newUserDetails = { ...userDetails, email: emailAddress };

export interface UserPatch extends z.output<z.ZodObject<typeof userDetails>> {
  email?: string | undefined;
  status?: 'ACTIVE' | 'DEACTIVATED' | undefined;
}

type UserValues = Values<typeof users>;

/** The columns that a patch sets: a field left out is untouched, null clears it. */
export function patchedUser({ email, name, externalId, ...patch }: UserPatch): UserValues {
  return {
    ...patch,
    ...(email !== undefined && { email, emailKey: comparable(email) }),
    ...(name !== undefined && { name, nameKey: comparable(name ?? '') }),
    ...(externalId !== undefined && { externalId, externalIdKey: externalId && comparable(externalId) }),
  };
}

/** Where a new user has its own role. */
export type Home =
  | { kind: 'ORGANIZATION'; roleId: SQL }
  | { kind: 'CUSTOMER'; roleId: SQL; customerId: SQL }
  | { kind: 'TENANT' };

/** The columns of a new user: invited, until somebody signs in. */
export const newUser = (details: UserPatch & { email: string }, home: Home): UserValues => ({
  status: 'INVITED',
  nameKey: '',
  ...patchedUser(details),
  ...home,
});
