import { run } from '../../directory/commands/command.ts';
import type { TenantRecord } from '../../directory/tenants/queries.ts';
import { needing } from '../../graphql/shared/mutation.ts';
import { builder } from './builder.ts';
import { orRefused } from './errors.ts';
import { TENANT_STATUS, Tenant } from './tenant.ts';
import { createAsSpelled, deleteAsSpelled, updateAsSpelled } from './tenant-inputs.ts';

const PARTNER = 'Whether a partner manages the tenant.';

const CreateTenantInput = builder.inputType('CreateTenantInput', {
  description: 'A new tenant.',
  fields: (t) => ({
    name: t.string({ required: true, description: 'The name, 1 to 256 characters.' }),
    canPartnerManage: t.boolean({ required: true, description: PARTNER }),
    adminEmail: t.string({
      description:
        'The e-mail address of the first admin: a new user, who is mailed an invitation, if there is none with it. Required if no partner manages the tenant. You must hold what admins do.',
    }),
    eventEnrichment: t.boolean({
      required: true,
      description: 'Whether events are enriched with advanced matching data.',
    }),
  }),
});

const UpdateTenantInput = builder.inputType('UpdateTenantInput', {
  description: 'Changes to a tenant: what is left out, or null, stays as it is.',
  fields: (t) => ({
    tenantId: t.string({ required: true, description: 'The id of the tenant.' }),
    name: t.string({ description: 'The name, 1 to 256 characters.' }),
    status: t.int({ description: TENANT_STATUS }),
    canPartnerManage: t.boolean({ description: PARTNER }),
  }),
});

interface Written {
  tenant: TenantRecord;
}

const CreateTenantResult = builder.objectRef<Written>('CreateTenantResult').implement({
  description: 'The tenant was created.',
  fields: (t) => ({ tenant: t.expose('tenant', { type: Tenant, description: 'The new tenant.' }) }),
});

const TenantMutationResponse = builder.objectRef<Written>('TenantMutationResponse').implement({
  description: 'The tenant is as the input says.',
  fields: (t) => ({ tenant: t.expose('tenant', { type: Tenant, description: 'The tenant as it is now.' }) }),
});

const TenantMutations = builder.objectRef<object>('TenantMutations').implement({
  description: 'Changes of tenants.',
  fields: (t) => ({
    createTenant: t.field({
      type: CreateTenantResult,
      description: needing(createAsSpelled, 'Creates a tenant. Only for callers who reach the whole organization.'),
      args: { input: t.arg({ type: CreateTenantInput, required: true, description: 'The tenant.' }) },
      resolve: (_, { input }, caller) => orRefused(run(caller, createAsSpelled, input)),
    }),
    updateTenant: t.field({
      type: TenantMutationResponse,
      description: needing(updateAsSpelled, 'Changes a tenant.'),
      args: { input: t.arg({ type: UpdateTenantInput, required: true, description: 'Which, and how.' }) },
      resolve: (_, { input }, caller) => orRefused(run(caller, updateAsSpelled, input)),
    }),
    deleteTenant: t.boolean({
      description: needing(
        deleteAsSpelled,
        'Hides a tenant, until it is restored at /graphql; true when it is. Only for callers who reach the whole organization.',
      ),
      args: { tenantId: t.arg.string({ required: true, description: 'The id of the tenant.' }) },
      resolve: async (_, { tenantId }, caller) => {
        await orRefused(run(caller, deleteAsSpelled, { tenantId }));
        return true;
      },
    }),
  }),
});

builder.mutationField('tenantMutations', (t) =>
  t.field({ type: TenantMutations, description: 'Changes of tenants.', resolve: () => ({}) }),
);
