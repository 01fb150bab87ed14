import type { Viewer as DirectoryViewer } from '../../directory/access/viewer.ts';
import { apiKeysByIds } from '../../directory/api-keys/queries.ts';
import { permissionsHeldBy } from '../../directory/roles/permissions.ts';
import { viewersUser } from '../../directory/users/queries.ts';
import { ApiKey, ApiKeyAccess } from '../api-keys/api-key.ts';
import { ActorType } from '../shared/actor.ts';
import { builder } from '../shared/builder.ts';
import { recordWithId, resolveFound } from '../shared/per-record.ts';
import { Reach } from '../shared/reach.ts';
import { User } from '../users/user.ts';

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
