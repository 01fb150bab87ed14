import { run } from '../directory/command.ts';
import { findOrganization, type OrganizationRecord, updateOrganization } from '../directory/organization.ts';
import type { Viewer as DirectoryViewer } from '../directory/viewer.ts';
import { ApiKey, ApiKeyAccess } from './api-key.ts';
import { builder } from './builder.ts';
import { commandField } from './mutation.ts';
import { loadNodesOf } from './node.ts';
import { Reach } from './reach.ts';

export const Organization = builder.nodeRef(builder.objectRef<OrganizationRecord>('Organization'), {
  id: { resolve: ({ id }: OrganizationRecord) => id },
});

loadNodesOf('Organization', Organization, async (caller, id) => {
  const organization = await findOrganization(caller);
  return organization.id === id ? organization : null;
});

builder.objectType(Organization, {
  description: 'Whom this deployment serves: its operator. Everyone with a credential may read it.',
  fields: (t) => ({
    name: t.exposeString('name', { description: 'The name, 1 to 256 characters.' }),
    createdAt: t.expose('createdAt', { type: 'DateTime', description: 'When the deployment was set up.' }),
    updatedAt: t.expose('updatedAt', { type: 'DateTime', description: 'When the organization was last changed.' }),
  }),
});

export const ActorType = builder.enumType('ActorType', {
  description: 'What kind of credential or process acts.',
  values: {
    ROOT: { description: 'The root key of the deployment, which stands in no table and has no id.' },
    API_KEY: { description: 'An API key.' },
    USER: { description: 'A user who signed in.' },
    SYSTEM: { description: 'Tenantry itself, and nobody in particular.' },
  } as const,
});

const Viewer = builder.objectRef<DirectoryViewer>('Viewer').implement({
  description: 'Who is asking: the credential of this request, and what it may do.',
  fields: (t) => ({
    type: t.field({
      type: ActorType,
      description: 'What kind of credential it is.',
      resolve: ({ actor }) => actor.type,
    }),
    apiKey: t.field({
      type: ApiKey,
      nullable: true,
      description: 'The API key; null for the root key. Needs `apiKey:read`.',
      resolve: ({ actor }, _, caller) =>
        actor.type === 'API_KEY' ? ApiKey.getDataloader(caller).load(actor.id) : null,
    }),
    permissions: t.stringList({
      description: 'What it may do, within its reach.',
      resolve: ({ permissions }) => [...permissions],
    }),
    access: t.expose('access', { type: ApiKeyAccess, description: 'Whether it may change anything.' }),
    reach: t.expose('reach', { type: Reach, description: 'How far it sees and acts: of tenants, the live ones.' }),
  }),
});

builder.queryFields((t) => ({
  organization: t.field({
    type: Organization,
    description: 'The organization that this deployment serves.',
    resolve: (_, _args, caller) => findOrganization(caller),
  }),
  viewer: t.field({
    type: Viewer,
    description: 'Who is asking.',
    resolve: (_, _args, { viewer }) => viewer,
  }),
}));

builder.relayMutationField(
  updateOrganization.name,
  {
    description: 'Changes to the organization: a field left out is untouched.',
    inputFields: (t) => ({ name: t.string({ description: 'The name, 1 to 256 characters.' }) }),
  },
  {
    ...commandField(updateOrganization, 'Renames the organization. Only for callers who reach all of it.'),
    resolve: (_, { input }, caller) => run(caller, updateOrganization, input),
  },
  {
    description: 'The organization is as the input says.',
    outputFields: (t) => ({
      organization: t.expose('organization', { type: Organization, description: 'The organization as it is now.' }),
    }),
  },
);
