import type { RoleRecord } from '../../directory/roles/queries.ts';
import type { TenantRecord } from '../../directory/tenants/queries.ts';
import { needs } from '../shared/needs.ts';
import { builder } from './builder.ts';
import { tenantWith } from './records.ts';
import { advertiserRole, agencyRole, displayNameOf } from './role-names.ts';

/** A role where somebody has it, or could: in a tenant, or in the organization. */
export interface PlacedRole {
  role: RoleRecord;
  tenantId: string | null;
  /** If it has been read already. */
  tenant?: TenantRecord;
}

export const Role = builder.objectRef<PlacedRole>('Role').implement({
  description: 'What somebody may do, and where. Reading it needs `role:read`.',
  fields: (t) => ({
    name: t.string({
      description:
        'By which the role is given and taken: `agency-<role>` for one in the whole organization, `advertiser-<role>-<tenant id>` for one in a tenant.',
      resolve: ({ role, tenantId }) => (tenantId === null ? agencyRole(role) : advertiserRole(role, tenantId)),
    }),
    displayName: t.string({
      description: 'What to call it, which is the part of the name that says what somebody may do.',
      resolve: ({ role }) => displayNameOf(role),
    }),
    tenantName: t.string({
      ...needs('tenant:read'),
      nullable: true,
      description: 'The name of the tenant; null for a role in the whole organization. Needs `tenant:read`.',
      resolve: async ({ tenantId, tenant }, _, caller) => {
        if (tenant || tenantId === null) return tenant?.name ?? null;
        return (await tenantWith(caller, tenantId))?.name ?? null;
      },
    }),
  }),
});
