import DataLoader from 'dataloader';
import type { Caller } from '../../directory/access/viewer.ts';
import { findOrganization, type OrganizationRecord } from '../../directory/organization/queries.ts';
import { NOTHING } from '../../graphql/shared/ahead.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import { UNCACHED, withBelow } from '../../graphql/shared/per-record.ts';
import { perRequest } from '../../graphql/shared/per-request.ts';
import { builder } from './builder.ts';

export const Organization = builder.objectRef<OrganizationRecord>('Organization').implement({
  description: 'Whom this deployment serves: its operator. Everyone with a credential may read it.',
  fields: (t) => ({
    id: t.id({
      description: 'The id: opaque, and unique among all types.',
      resolve: ({ id }) => toGlobalId('Organization', id),
    }),
    name: t.exposeString('name', { description: 'The name, 1 to 256 characters.' }),
  }),
});

const loaders = perRequest(
  (caller: Caller) =>
    new DataLoader(async (asked: readonly 'organization'[]) => {
      const organization = await findOrganization(caller);
      return asked.map(() => organization);
    }, UNCACHED),
);

/** The organization, read once for all users of a list. */
export const organizationOf = (caller: Caller): Promise<OrganizationRecord> => loaders(caller).load('organization');

builder.queryField('organization', (t) =>
  t.field({
    type: Organization,
    description: 'The organization that this deployment serves.',
    resolve: (_, _args, caller, info) => withBelow(findOrganization(caller), NOTHING, caller, info),
  }),
);
