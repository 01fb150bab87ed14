import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import type { Check } from '../commands/checks.ts';
import { ValidationError } from '../kernel/errors.ts';

/*
 * Whoever is DEACTIVATED is let in nowhere: such a user is added to no tenant, invited by nobody, and made the admin of no new
 * tenant, because none of it would give them access, or tell them. Somebody has to reactivate them first. What they are
 * already stays theirs to change: a role that they have in a tenant can be exchanged for another, and be taken away. Each
 * command that lets a user in who exists carries the check of this file, or says the same of each row of an import.
 */

/** Returns the error of a value at `path` that names a deactivated user. */
export const deactivatedAt = (path: string): ValidationError => {
  const namesUser = path.startsWith('userIdentifier');
  const user = namesUser ? 'is deactivated' : 'belongs to a user who is deactivated';
  return ValidationError.at(path, `${user}: reactivate the user first`);
};

/**
 * A check that the user who meets the condition `target` over the table `user` is not deactivated. It comes behind all that
 * says whether the viewer reaches the user.
 *
 * @param path of what names the user
 * @throws ValidationError
 */
export const isNotDeactivated = (target: SQL, path: string): Check<unknown> => ({
  problem: sql`(SELECT 'off' FROM user WHERE ${target} AND user.status = 'DEACTIVATED')`,
  error: () => deactivatedAt(path),
});
