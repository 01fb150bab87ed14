import { MAX_INVITATIONS_PER_HOUR } from '../../directory/access/rate-limits.ts';
import { run } from '../../directory/commands/command.ts';
import { type InvitationRecord, invitationsOfUsers } from '../../directory/mail/mailed-links.ts';
import { inviteUser } from '../../directory/users/invite-user.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { foundPerId } from '../shared/per-record.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { HAND_OUT_LINK, invitationLink } from './mutations.ts';
import { User, UserIdentifier } from './user.ts';

const Invitation = builder.objectRef<InvitationRecord>('Invitation').implement({
  description: 'That a user was asked by mail to choose a password, and has not done so yet.',
  fields: (t) => ({
    sentAt: t.expose('sentAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the mail was sent; null while it was not.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when the link in it is good: 7 days after it was sent.',
    }),
    lastError: t.exposeString('lastError', {
      nullable: true,
      description:
        'Why the mail could not be sent when that was last tried; null if it was sent, or not tried yet. It says what the deployment lacks, or that the mail service did not take the mail: what the service answered is in the log of the deployment only.',
    }),
  }),
});

builder.objectField(User, 'invitation', (t) =>
  t.field({
    type: Invitation,
    nullable: true,
    description:
      'The invitation that was not accepted yet; null if there is none. Where the mail could not be sent, it is tried again for 7 days.',
    ...foundPerId(invitationsOfUsers),
  }),
);

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
      `Mails a user another invitation to choose a password. The link in the one before stops working. You must hold all that the user does. A credential may cause ${MAX_INVITATIONS_PER_HOUR.toLocaleString('en')} invitations an hour, in whatever way; one more fails the request with \`TOO_MANY_REQUESTS\`, and changes nothing.`,
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
