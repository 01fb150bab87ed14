import {
  hasExpired,
  type InvitationRecord,
  invitationsByIds,
  listInvitations,
} from '../../directory/mail/invitations.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { Actor } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { resolveConnection } from '../shared/connection.ts';
import { reference } from '../shared/per-record.ts';
import { reads } from '../shared/reads.ts';
import { User } from './user.ts';

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
