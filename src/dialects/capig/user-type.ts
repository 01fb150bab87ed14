import type { UserRecord } from '../../directory/users/queries.ts';
import { builder } from './builder.ts';

/** Tenants have users, and users tenants: what a user is, is said in `user.ts`. */
export const User = builder.objectRef<UserRecord>('User');
