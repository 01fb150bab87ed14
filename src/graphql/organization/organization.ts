import { findOrganization, type OrganizationRecord } from '../../directory/organization/queries.ts';
import { NOTHING } from '../shared/ahead.ts';
import { builder } from '../shared/builder.ts';
import { loadNodesOf } from '../shared/node.ts';
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
