import { MAX_INVITATIONS_PER_HOUR } from '../../directory/access/rate-limits.ts';
import { run } from '../../directory/commands/command.ts';
import { inviteUser } from '../../directory/users/invite-user.ts';
import { revokeInvitation } from '../../directory/users/revoke-invitation.ts';
import { builder } from '../shared/builder.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { withCommas } from '../shared/numbers.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { invitationLink } from './mutations.ts';
import { User, UserIdentifier } from './user.ts';

builder.relayMutationField(
  inviteUser.name,
  {
    description: 'Whom to invite.',
    inputFields: (t) => ({
      userIdentifier: t.field({
        type: UserIdentifier,
        required: true,
        description: 'What names a user who has no password yet and is not deactivated.',
      }),
      tenantIdentifier: t.field({
        type: TenantIdentifier,
        description: 'What names a tenant: nobody is invited but who has a role there. Anybody, if not given.',
      }),
      teamMember: t.boolean({
        description: 'True to invite nobody but a team member. Only for callers who reach the whole organization.',
      }),
      handOutLink: t.boolean({ description: HAND_OUT_LINK }),
    }),
  },
  {
    ...commandField(
      inviteUser,
      `Mails a user another invitation to choose a password. The link in the one before stops working. You must hold all that the user does. A credential may cause ${withCommas(MAX_INVITATIONS_PER_HOUR)} invitations an hour, in whatever way; one more fails the request with \`TOO_MANY_REQUESTS\`, and changes nothing.`,
    ),
    resolve: (_, { input }, caller) =>
      run(caller, inviteUser, {
        ...input,
        userIdentifier: localIdentifier('User', input.userIdentifier),
        tenantIdentifier: input.tenantIdentifier && localIdentifier('Tenant', input.tenantIdentifier),
      }),
  },
  {
    description: 'The invitation is on its way.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }),
      invitationLink: invitationLink(t),
    }),
  },
);

builder.relayMutationField(
  revokeInvitation.name,
  {
    description: 'Whose invitation to take back.',
    inputFields: (t) => ({
      userIdentifier: t.field({ type: UserIdentifier, required: true, description: 'What names the user.' }),
    }),
  },
  {
    ...commandField(
      revokeInvitation,
      'Takes back the invitation that a user has not accepted yet: its links stop working, mailed or handed out, and a mail that waits is not sent. Doing so again changes nothing, and neither does doing so for a user who has joined. The user stays, with all roles, and can be invited again. You must hold all that the user does.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, revokeInvitation, { userIdentifier: localIdentifier('User', input.userIdentifier) }),
  },
  {
    description: 'The user has no open invitation.',
    outputFields: (t) => ({ user: t.field({ type: User, description: 'The user.', ...recordLeft('user') }) }),
  },
);
