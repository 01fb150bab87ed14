import { run } from '../../directory/commands/command.ts';
import { revokeSession, type SwitchResult, signOut, switchTenant } from '../../directory/sign-in/session-commands.ts';
import { builder } from '../shared/builder.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { Session } from './session.ts';

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
