import { MAX_INVITATIONS_PER_HOUR } from '../../directory/access/rate-limits.ts';
import { run } from '../../directory/commands/command.ts';
import {
  hasExpired,
  type InvitationRecord,
  invitationsByIds,
  listInvitations,
} from '../../directory/mail/invitations.ts';
import { inviteUser } from '../../directory/users/invite-user.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { revokeInvitation } from '../../directory/users/revoke-invitation.ts';
import { Actor } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { withCommas } from '../shared/numbers.ts';
import { recordLeft } from '../shared/payload.ts';
import { reference } from '../shared/per-record.ts';
import { reads } from '../shared/reads.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { invitationLink } from './mutations.ts';
import { User, UserIdentifier } from './user.ts';

const Invitation = builder.objectRef<InvitationRecord>('Invitation').implement({
  description: 'That a user was asked by mail to choose a password, and has not done so yet.',
  fields: (t) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: 'Who is invited. Needs `user:read`.',
      ...reference('id', usersByIds),
    }),
    invitedBy: t.field({
      type: Actor,
      nullable: true,
      description:
        'Who invited the user last; null where that was not kept, and where a user got another e-mail address who had a password before.',
      ...reads('invitedByType', 'invitedById'),
      resolve: ({ invitedByType: type, invitedById: id }) => type && { type, id },
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the user was invited last.' }),
    sentAt: t.expose('sentAt', {
      type: 'DateTime',
      nullable: true,
      description: 'When the mail was sent; null while it was not.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'Until when the link in it is good: 7 days after it was sent.',
    }),
    isExpired: t.boolean({
      description: 'Whether its link is good no more, and no mail with another one is on its way.',
      ...reads('dueAt', 'expiresAt'),
      resolve: hasExpired,
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
    ...reference('id', invitationsByIds),
  }),
);

const InvitationConnection = builder.connectionObject(
  { type: Invitation, name: 'InvitationConnection', description: 'One page of invitations.' },
  { name: 'InvitationEdge', description: 'An invitation at its place in a list.' },
);

builder.queryField('invitations', (t) =>
  t.connection(
    {
      type: Invitation,
      description:
        'The invitations of users in your reach that were not accepted yet, expired ones included, in the order of the users’ creation. Needs `user:read`.',
      resolve: (_, page, caller, info) => resolveConnection(listInvitations(caller, page), caller, info),
    },
    InvitationConnection,
  ),
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
