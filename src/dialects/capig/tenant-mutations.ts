import * as z from 'zod';
import { run } from '../../directory/commands/command.ts';
import { emailAddress, flag, text } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { createTenant, deleteTenant, type TenantResult, updateTenant } from '../../directory/tenants/commands.ts';
import type { TenantRecord } from '../../directory/tenants/queries.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { orLeft, orNone } from '../shared/blanks.ts';
import { declared, type GraphQLFields, given, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { orRefused } from './errors.ts';
import { idGiven } from './records.ts';
import { SPELLED_STATUSES, TENANT_STATUS, Tenant } from './tenant.ts';

const NAME = 'The name, 1 to 256 characters.';
const PARTNER = 'Whether a partner manages the tenant.';

const CREATE_TENANT = {
  name: { type: (t) => t.string({ required: true, description: NAME }), schema: text },
  canPartnerManage: {
    type: (t) => t.boolean({ required: true, description: PARTNER }),
    schema: flag,
    to: 'partnerManaged',
  },
  adminEmail: {
    type: (t) =>
      t.string({
        description:
          'The e-mail address of the first admin: a new user, who is mailed an invitation, if there is none with it. Required if no partner manages the tenant. You must hold what admins do.',
      }),
    schema: () => orNone(emailAddress()),
  },
  eventEnrichment: {
    type: (t) => t.boolean({ required: true, description: 'Whether events are enriched with advanced matching data.' }),
    schema: flag,
  },
} as const satisfies GraphQLFields<InputFields>;

const tenantId = lazily(() => z.string().transform((id) => idGiven('Tenant', id)));

const STATUSES = new Map<number, TenantRecord['status']>(
  (['ACTIVE', 'PENDING', 'DEACTIVATED'] as const).map((name) => [SPELLED_STATUSES[name], name]),
);

const status = lazily(() =>
  z
    .int()
    .refine((number) => STATUSES.has(number), `must be one of ${[...STATUSES.keys()].join(', ')}`)
    .transform((number) => STATUSES.get(number)),
);

/** The document has nothing that could be cleared. */
const UPDATE_TENANT = {
  tenantId: {
    type: (t) => t.string({ required: true, description: 'The id of the tenant.' }),
    schema: tenantId,
    to: 'id',
  },
  name: { type: (t) => t.string({ description: NAME }), schema: () => orLeft(text()) },
  status: { type: (t) => t.int({ description: TENANT_STATUS }), schema: () => orLeft(status()) },
  canPartnerManage: {
    type: (t) => t.boolean({ description: PARTNER }),
    schema: () => orLeft(flag()),
    to: 'partnerManaged',
  },
} as const satisfies GraphQLFields<InputFields>;

const createAsSpelled = spelled(createTenant, () => given(CREATE_TENANT));
const updateAsSpelled = spelled(updateTenant, () => given(UPDATE_TENANT));
const deleteAsSpelled = spelled(deleteTenant, () => given({ tenantId: UPDATE_TENANT.tenantId }));

const CreateTenantInput = builder.inputType('CreateTenantInput', {
  description: 'A new tenant.',
  fields: (t) => declared(t, CREATE_TENANT),
});

const UpdateTenantInput = builder.inputType('UpdateTenantInput', {
  description: 'Changes to a tenant: what is left out, null or empty stays as it is.',
  fields: (t) => declared(t, UPDATE_TENANT),
});

const CreateTenantResult = builder.objectRef<TenantResult>('CreateTenantResult').implement({
  description: 'The tenant was created.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      description: 'The new tenant.',
      ...RECORD_LEFT,
      resolve: ({ tenant }) => shown(tenant),
    }),
  }),
});

const TenantMutationResponse = builder.objectRef<TenantResult>('TenantMutationResponse').implement({
  description: 'The tenant is as the input says.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      description: 'The tenant as it is now.',
      ...RECORD_LEFT,
      resolve: ({ tenant }) => shown(tenant),
    }),
  }),
});

const TenantMutations = builder.objectRef<object>('TenantMutations').implement({
  description: 'Changes of tenants.',
  fields: (t) => ({
    createTenant: t.field({
      type: CreateTenantResult,
      ...mutationOptions(createAsSpelled, 'Creates a tenant. Only for callers who reach the whole organization.'),
      args: { input: t.arg({ type: CreateTenantInput, required: true, description: 'The tenant.' }) },
      resolve: (_, { input }, caller) => orRefused(run(caller, createAsSpelled, input), CREATE_TENANT),
    }),
    updateTenant: t.field({
      type: TenantMutationResponse,
      ...mutationOptions(updateAsSpelled, 'Changes a tenant.'),
      args: { input: t.arg({ type: UpdateTenantInput, required: true, description: 'Which, and how.' }) },
      resolve: (_, { input }, caller) => orRefused(run(caller, updateAsSpelled, input), UPDATE_TENANT),
    }),
    deleteTenant: t.boolean({
      ...mutationOptions(
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
