import { run } from '../../directory/commands/command.ts';
import { findOrganization, type OrganizationRecord, updateOrganization } from '../../directory/organization.ts';
import { NOTHING } from '../shared/ahead.ts';
import { builder } from '../shared/builder.ts';
import { commandField } from '../shared/mutation.ts';
import { loadNodesOf } from '../shared/node.ts';
import { recordLeft } from '../shared/payload.ts';
import { withBelow } from '../shared/per-record.ts';

/** The one organization of the deployment as a node. It is in reach of everyone with a credential. */
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

builder.queryFields((t) => ({
  organization: t.field({
    type: Organization,
    nullable: true,
    description: 'The organization that this deployment serves. Null only beside an error.',
    resolve: (_, _args, caller, info) => withBelow(findOrganization(caller), NOTHING, caller, info),
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
      organization: t.field({
        type: Organization,
        description: 'The organization as it is now.',
        ...recordLeft('organization'),
      }),
    }),
  },
);
