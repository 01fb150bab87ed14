import type { Viewer as DirectoryViewer } from '../../directory/access/viewer.ts';
import { apiKeysByIds } from '../../directory/api-keys/queries.ts';
import { run } from '../../directory/commands/command.ts';
import { permissionsHeldBy } from '../../directory/roles/permissions.ts';
import { updateViewer } from '../../directory/sign-in/viewer-commands.ts';
import { viewersUser } from '../../directory/users/queries.ts';
import { ApiKey, ApiKeyAccess } from '../api-keys/api-key.ts';
import { ActorType } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier } from '../shared/ids.ts';
import { EXPECTED_VERSION } from '../shared/list-inputs.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { recordWithId, resolveFound } from '../shared/per-record.ts';
import { Reach } from '../shared/reach.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { USER_DESCRIPTIONS, User } from '../users/user.ts';

const Viewer = builder.objectRef<DirectoryViewer>('Viewer').implement({
  description:
    'Who is asking: the credential of this request, and what it may do. For a user, that is what the one role allows which gives the reach.',
  fields: (t) => ({
    type: t.field({
      type: ActorType,
      description: 'What kind of credential it is.',
      resolve: ({ actor }) => actor.type,
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The API key; null for the root key and for a user. Needs `apiKey:read`.',
      resolve: ({ actor }, _, caller, info) =>
        actor.type === 'API_KEY' ? recordWithId(apiKeysByIds, actor.id, caller, info) : null,
    }),
    user: t.field({
      type: User,
      nullable: true,
      description: 'The user who signed in, whatever they may read; null for a key.',
      resolve: ({ actor }, _, caller, info) =>
        actor.type === 'USER' ? resolveFound(viewersUser(caller), caller, info) : null,
    }),
    permissions: t.stringList({
      description: 'What it may do, within its reach: built-in permissions, and those of the product.',
      resolve: (_, _args, caller) => permissionsHeldBy(caller),
    }),
    access: t.expose('access', { type: ApiKeyAccess, description: 'Whether it may change anything.' }),
    reach: t.expose('reach', { type: Reach, description: 'How far it sees and acts: of tenants, the live ones.' }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: Viewer,
    nullable: true,
    description: 'Who is asking. Null only beside an error.',
    resolve: (_, _args, { viewer }) => viewer,
  }),
);

builder.relayMutationField(
  updateViewer.name,
  {
    description: 'Changes to yourself: a field left out is untouched; null clears it.',
    inputFields: (t) => ({
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      name: t.string({ description: USER_DESCRIPTIONS.name }),
      avatarUrl: t.string({ description: USER_DESCRIPTIONS.avatarUrl }),
      defaultTenantIdentifier: t.field({
        type: TenantIdentifier,
        description: 'What names the tenant to start in: one where you have a role.',
      }),
    }),
  },
  {
    ...commandField(
      updateViewer,
      'Changes your own name, picture and default tenant. Only for users who signed in. One whom a trusted issuer has let in reaches no tenant, and can name none.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, updateViewer, {
        ...input,
        defaultTenantIdentifier:
          input.defaultTenantIdentifier && localIdentifier('Tenant', input.defaultTenantIdentifier),
      }),
  },
  {
    description: 'You are as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'You, as you are now.', ...recordLeft('user') }),
    }),
  },
);
