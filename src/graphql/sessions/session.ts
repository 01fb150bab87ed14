import { requireUnlessOwn } from '../../directory/access/viewer.ts';
import { listSessions, listSessionsOfUsers, sessionsByIds } from '../../directory/sign-in/session-queries.ts';
import { tenantsByIds } from '../../directory/tenants/queries.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { builder } from '../shared/builder.ts';
import { nestedList, resolveConnection } from '../shared/connection.ts';
import { localId, requireIdOf } from '../shared/ids.ts';
import { entityNode } from '../shared/node.ts';
import { reference } from '../shared/per-record.ts';
import { Tenant } from '../tenants/tenant.ts';
import { User } from '../users/user.ts';

export const Session = entityNode('Session', sessionsByIds);

Session.implement({
  description:
    'Where a user is signed in, until the session ends: your own, or, with `user:edit`, that of a user who reaches nothing that you do not.',
  fields: (t) => ({
    user: t.field({
      type: User,
      nullable: true,
      description: 'Who is signed in. Needs `user:read`.',
      ...reference('userId', usersByIds),
    }),
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description:
        'The tenant that the session reaches; null if it reaches what the user’s own role does, or the tenant is out of your reach. Needs `tenant:read`.',
      ...reference('tenantId', tenantsByIds),
    }),
    isCurrent: t.boolean({
      description: 'Whether it is the session that you are asking with.',
      resolve: ({ id }, _, { viewer }) => id === viewer.session?.id,
    }),
    userAgent: t.exposeString('userAgent', {
      nullable: true,
      description: 'What the client called itself when the user signed in, up to 256 characters; null if nothing.',
    }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the user signed in.' }),
    refreshedAt: t.expose('refreshedAt', {
      type: 'DateTime',
      description: 'When it last got an access token for its refresh token; at first, when the user signed in.',
    }),
    expiresAt: t.expose('expiresAt', {
      type: 'DateTime',
      description: 'When it ends, unless it is refreshed before: 30 days later, and at most 90 days after it began.',
    }),
  }),
});

const SessionConnection = builder.connectionObject(
  { type: Session, name: 'SessionConnection', description: 'One page of sessions.' },
  { name: 'SessionEdge', description: 'A session at its place in a list.' },
);

builder.objectField(User, 'sessions', (t) =>
  t.connection(
    {
      type: Session,
      description:
        'Where the user is signed in, the oldest session first; empty for another user who reaches what you do not. Another user’s need `user:edit`.',
      ...nestedList(listSessionsOfUsers, {
        requireOf: (viewer, id) => requireUnlessOwn(viewer, id, 'user:edit'),
      }),
    },
    SessionConnection,
  ),
);

builder.queryFields((t) => ({
  sessions: t.connection(
    {
      type: Session,
      description:
        'Where a user is signed in, the oldest session first: you, or, with `user:edit`, another user who reaches nothing that you do not. A key is signed in nowhere.',
      args: { userId: t.arg.id({ description: 'The global id of a user; your own if not given.' }) },
      resolve: (_, { userId, ...page }, caller, info) => {
        const sessions = listSessions(caller, userId == null ? null : localId('User', userId), page);
        requireIdOf('User', userId, 'userId');
        return resolveConnection(sessions, caller, info);
      },
    },
    SessionConnection,
  ),
}));
