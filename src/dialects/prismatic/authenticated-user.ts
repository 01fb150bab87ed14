import type { Caller } from '../../directory/access/viewer.ts';
import { ForbiddenError } from '../../directory/kernel/errors.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { builder } from './builder.ts';
import { recordNotFound } from './errors.ts';
import { organizationOf } from './organization.ts';
import { type ShownUser, User } from './user.ts';

/** The organization is read along with the user: whoever asks who they are asks where, too. */
async function authenticatedUser(caller: Caller): Promise<ShownUser> {
  const { actor } = caller.viewer;
  if (actor.type !== 'USER') throw ForbiddenError.notSignedIn();
  const [[user], organization] = await Promise.all([usersByIds(caller, [actor.id]), organizationOf(caller)]);
  if (!user) throw recordNotFound();
  return { ...user, organization };
}

builder.queryField('authenticatedUser', (t) =>
  t.field({
    type: User,
    description: 'The user who signed in and asks. Fails for a key, which is nobody. Needs `user:read`.',
    resolve: (_, _args, caller) => authenticatedUser(caller),
  }),
);
