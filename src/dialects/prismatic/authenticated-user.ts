import type { Caller } from '../../directory/access/viewer.ts';
import { ForbiddenError } from '../../directory/kernel/errors.ts';
import { onlyRow } from '../../directory/lists/found.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { type Asked, readAhead } from '../../graphql/shared/ahead.ts';
import { builder } from './builder.ts';
import { recordNotFound } from './errors.ts';
import { organizationOf } from './organization.ts';
import { type ShownUser, User } from './user.ts';

/** The organization is read along with the user: whoever asks who they are asks where, too. */
async function authenticatedUser(caller: Caller, asked: Asked): Promise<ShownUser> {
  const { actor } = caller.viewer;
  if (actor.type !== 'USER') throw ForbiddenError.notSignedIn();
  const found = usersByIds(caller, [actor.id]);
  const note = readAhead(caller, found, asked);
  const [user, organization] = await Promise.all([onlyRow(found), organizationOf(caller)]);
  if (!user) throw recordNotFound();
  const shown = { ...user, organization };
  note([shown]);
  return shown;
}

builder.queryField('authenticatedUser', (t) =>
  t.field({
    type: User,
    description: 'The user who signed in and asks. Fails for a key, which is nobody. Needs `user:read`.',
    resolve: (_, _args, caller, info) => authenticatedUser(caller, info),
  }),
);
