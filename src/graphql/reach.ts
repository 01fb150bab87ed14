import type { Reach as DirectoryReach } from '../directory/reach.ts';
import { builder } from './builder.ts';
import { toGlobalId } from './ids.ts';

export const ReachKind = builder.enumType('ReachKind', {
  description: 'How far a credential sees and acts. What lies outside does not exist for it.',
  values: {
    ORGANIZATION: { description: 'Everything that its permissions allow.' },
    TENANTS: { description: 'Some tenants, the customers that belong to them, and no more.' },
  } as const,
});

export const Reach = builder.objectRef<DirectoryReach>('Reach').implement({
  description: 'How far a credential sees and acts.',
  fields: (t) => ({
    kind: t.expose('kind', { type: ReachKind, description: 'How far.' }),
    tenantIds: t.idList({
      description: 'The global ids of the tenants it is limited to; empty for a reach of ORGANIZATION.',
      resolve: (reach) => (reach.kind === 'TENANTS' ? reach.tenantIds.map((id) => toGlobalId('Tenant', id)) : []),
    }),
  }),
});
