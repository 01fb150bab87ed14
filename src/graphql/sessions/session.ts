import { requireUnlessOwn } from '../../directory/access/viewer.ts';
import { run } from '../../directory/commands/command.ts';
import { revokeSession, type SwitchResult, signOut, switchTenant } from '../../directory/sign-in/session-commands.ts';
import { listSessions, listSessionsOfUsers, sessionsByIds } from '../../directory/sign-in/session-queries.ts';
import { tenantsByIds } from '../../directory/tenants/queries.ts';
import { usersByIds } from '../../directory/users/queries.ts';
import { builder } from '../shared/builder.ts';
import { nestedList, resolveConnection } from '../shared/connection.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier, requireIdOf } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { entityNode } from '../shared/node.ts';
import { reference } from '../shared/per-record.ts';
import { Tenant, TenantIdentifier } from '../tenants/tenant.ts';
import { User } from '../users/user.ts';

const Session = entityNode('Session', sessionsByIds);

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

builder.relayMutationField(
  signOut.name,
  {
    description: 'How much to end.',
    inputFields: (t) => ({
      everywhere: t.boolean({ description: 'All your sessions, and not only this one; false if not given.' }),
    }),
  },
  {
    ...commandField(
      signOut,
      'Ends your session: its tokens, this one included, are refused from the next request on. Only for users who signed in.',
    ),
    resolve: (_, { input }, caller) => run(caller, signOut, input),
  },
  {
    description: 'You are signed out.',
    outputFields: (t) => ({
      sessionCount: t.exposeInt('sessionCount', { description: 'How many sessions ended.' }),
    }),
  },
);

entityMutation(
  revokeSession,
  { type: 'Session', ref: Session, record: ({ session }) => session },
  {
    input: 'Which session to end.',
    id: 'The global id of a session.',
    field:
      'Ends a session: its tokens are refused from the next request on. Another user’s needs `user:edit`, and all that this user holds.',
    payload: 'The session has ended.',
    record: 'The session as it was.',
  },
);

builder.relayMutationField(
  switchTenant.name,
  {
    description: 'Where your session is to reach.',
    inputFields: (t) => ({
      tenantIdentifier: t.field({
        type: TenantIdentifier,
        description:
          'What names a tenant where you have a role. If not given, the session reaches what your own role in the organization or a customer does.',
      }),
    }),
  },
  {
    ...commandField(
      switchTenant,
      'Lets your session reach another tenant. The token that you ask with stays good for what it reaches, and the new one expires when it does. Only for users who signed in.',
    ),
    resolve: (_, { input: { tenantIdentifier } }, caller) =>
      run(caller, switchTenant, {
        tenantIdentifier: tenantIdentifier && localIdentifier('Tenant', tenantIdentifier),
      }),
  },
  {
    description: 'The session reaches what the input says, and so will the tokens that it is refreshed with.',
    outputFields: (t) => ({
      accessToken: t.string({
        nullable: true,
        description:
          'A token that reaches it, for `Authorization: Bearer`. It is answered once: null for a repetition under the same `Idempotency-Key`. Switch there again, under another key, to get one.',
        resolve: ({ content, expiresAt }: SwitchResult, _args, { tokens }) => {
          if (content === null) return null;
          if (!tokens) throw new Error('A user is signed in where nobody can');
          return tokens.issue(content, expiresAt);
        },
      }),
      expiresIn: t.int({
        description:
          'After how many seconds the token expires: when the one that you ask with does. Refresh it before.',
        resolve: ({ expiresAt }: SwitchResult) => Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000)),
      }),
    }),
  },
);
