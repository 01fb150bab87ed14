import type { Reach as DirectoryReach } from '../../directory/access/reach.ts';
import { builder } from './builder.ts';
import { toGlobalId } from './ids.ts';

/** The kinds of reach, as credentials have them and as `createApiKey` takes them. */
export const ReachKind = builder.enumType('ReachKind', {
  description: 'How far a credential sees and acts. What lies outside does not exist for it.',
  values: {
    ORGANIZATION: { description: 'Everything that its permissions allow.' },
    TENANTS: {
      description: 'Some tenants, the customers that belong to them, the users with roles there, and no more.',
    },
    CUSTOMER: { description: 'One customer and its users; of the tenants that it belongs to, `id` and `name`.' },
  } as const,
});

/** How far a credential sees, with the global ids of what it is limited to, whether it may read that or not. */
export const Reach = builder.objectRef<DirectoryReach>('Reach').implement({
  description: 'How far a credential sees and acts.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ReachKind, description: 'How far.' }),
    tenantIds: t.idList({
      description: 'The global ids of the tenants it is limited to; empty for another reach.',
      resolve: (reach) => (reach.kind === 'TENANTS' ? reach.tenantIds.map((id) => toGlobalId('Tenant', id)) : []),
    }),
    customerId: t.id({
      nullable: true,
      description:
        'The global id of the customer it is limited to; null for another reach, and when that customer is gone.',
      resolve: (reach) =>
        reach.kind === 'CUSTOMER' && reach.customerId !== null ? toGlobalId('Customer', reach.customerId) : null,
    }),
  }),
});
