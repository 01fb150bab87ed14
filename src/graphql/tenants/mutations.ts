import { run } from '../../directory/commands/command.ts';
import {
  createTenant,
  deleteTenant,
  restoreTenant,
  type TenantResult,
  updateTenant,
  upsertTenant,
} from '../../directory/tenants/commands.ts';
import { builder, type InputFields } from '../shared/builder.ts';
import { deletionMutation, namingFields, restorationMutation } from '../shared/entity-mutations.ts';
import { HAND_OUT_LINK } from '../shared/hand-out-link.ts';
import { localIdentifier, localNaming } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { EXPECTED_VERSION, UpsertOutcome } from '../shared/mutation-parts.ts';
import { recordLeft } from '../shared/payload.ts';
import { BillingProfileInput } from './billing-input.ts';
import { TENANT_DESCRIPTIONS, Tenant, TenantIdentifier, TenantStatus } from './tenant.ts';

/** Describes the field `adminEmail` of inputs that may create a tenant. */
export const ADMIN_EMAIL =
  'The e-mail address of the user who becomes the first admin of the new tenant: a new user, INVITED and mailed an invitation, if there is none with it. Required for a new tenant with `partnerManaged: false`. You must hold what admins do.';

/** The input fields that describe a tenant, except its name, which only some inputs require. */
export const tenantFields = (t: InputFields) => ({
  externalId: t.string({ description: TENANT_DESCRIPTIONS.externalId }),
  url: t.string({ description: TENANT_DESCRIPTIONS.url }),
  description: t.string({ description: TENANT_DESCRIPTIONS.description }),
  status: t.field({
    type: TenantStatus,
    description: `${TENANT_DESCRIPTIONS.status} ACTIVE for a new tenant, if not given.`,
  }),
  partnerManaged: t.boolean({
    description: `${TENANT_DESCRIPTIONS.partnerManaged} True for a new tenant, if not given.`,
  }),
  eventEnrichment: t.boolean({
    description: `${TENANT_DESCRIPTIONS.eventEnrichment} False for a new tenant, if not given.`,
  }),
  test: t.boolean({ description: `${TENANT_DESCRIPTIONS.test} False for a new tenant, if not given.` }),
  billing: t.field({ type: BillingProfileInput, description: TENANT_DESCRIPTIONS.billing }),
});

/** The payload of `createTenant`, to which users add the admin. */
export const tenantCreation = builder.relayMutationField(
  createTenant.name,
  {
    description: 'A new tenant.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: TENANT_DESCRIPTIONS.name }),
      ...tenantFields(t),
      adminEmail: t.string({ description: ADMIN_EMAIL }),
      handOutLink: t.boolean({ description: `${HAND_OUT_LINK} Without effect where no admin is given.` }),
    }),
  },
  {
    ...commandField(createTenant, 'Creates a tenant. Only for callers who reach the whole organization.'),
    resolve: (_, { input }, caller) => run(caller, createTenant, input),
  },
  {
    description: 'The tenant was created.',
    outputFields: (t) => ({
      tenant: t.field({ type: Tenant, description: 'The new tenant.', ...recordLeft('tenant') }),
    }),
  },
);

builder.relayMutationField(
  updateTenant.name,
  {
    description: 'Changes to a tenant: a field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      ...namingFields(t, 'tenant', TenantIdentifier),
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      name: t.string({ description: TENANT_DESCRIPTIONS.name }),
      ...tenantFields(t),
    }),
  },
  {
    ...commandField(updateTenant, 'Changes a tenant and its billing profile.'),
    resolve: (_, { input }, caller) => run(caller, updateTenant, { ...input, ...localNaming('Tenant', input) }),
  },
  {
    description: 'The tenant is as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      tenant: t.field({ type: Tenant, description: 'The tenant as it is now.', ...recordLeft('tenant') }),
    }),
  },
);

/** The payload of `upsertTenant`, to which users add the admin. */
export const tenantUpsert = builder.relayMutationField(
  upsertTenant.name,
  {
    description:
      'What a tenant should be like, whether it exists or not. A field left out is untouched; null clears what can be null.',
    inputFields: (t) => ({
      identifier: t.field({
        type: TenantIdentifier,
        required: true,
        description: 'What names the tenant. By an `id` it is only changed, never created.',
      }),
      name: t.string({ description: `${TENANT_DESCRIPTIONS.name} Required if the tenant does not exist yet.` }),
      ...tenantFields(t),
      adminEmail: t.string({ description: `${ADMIN_EMAIL} Without effect on a tenant that exists.` }),
      handOutLink: t.boolean({ description: `${HAND_OUT_LINK} Without effect where no admin is given.` }),
    }),
  },
  {
    ...commandField(
      upsertTenant,
      'Changes the tenant that is named so, or creates it, which is only for callers who reach the whole organization.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, upsertTenant, { ...input, identifier: localIdentifier('Tenant', input.identifier) }),
  },
  {
    description: 'The tenant is as the input says.',
    outputFields: (t) => ({
      tenant: t.field({ type: Tenant, description: 'The tenant as it is now.', ...recordLeft('tenant') }),
      outcome: t.expose('outcome', { type: UpsertOutcome, description: 'What was done for it.' }),
    }),
  },
);

const target = {
  type: 'Tenant',
  ref: Tenant,
  identifier: TenantIdentifier,
  record: ({ tenant }: TenantResult) => tenant,
} as const;

deletionMutation(
  deleteTenant,
  target,
  'Hides a tenant, until it is restored, or erases it for good. Memberships and roles stay when it is hidden. Erasing it revokes the API keys that reach no other tenant. Only for callers who reach the whole organization.',
);

restorationMutation(
  restoreTenant,
  target,
  'Brings a deleted tenant back, with its memberships; one that is live stays as it is. Only for callers who reach the whole organization.',
);
