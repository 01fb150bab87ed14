import * as z from 'zod';
import { command, run } from '../../directory/commands/command.ts';
import { text, webAddress } from '../../directory/kernel/input.ts';
import { deleteTenant, type TenantUpsertResult, upsertTenant } from '../../directory/tenants/commands.ts';
import { needing } from '../../graphql/shared/mutation.ts';
import { builder } from './builder.ts';
import { type Answered, answered, errorField, UpsertResult } from './errors.ts';
import { TenantIdentifierInput, tenantIdentifier } from './identifiers.ts';
import { fromPlainId } from './ids.ts';
import { OptionalStringInput } from './lists.ts';
import { Tenant } from './tenant.ts';

/** An id in place of an external id names its own tenant, and would be no other's. */
const isOwn = (externalId: string, id: string | null | undefined): boolean =>
  [null, id].includes(fromPlainId('Tenant', externalId));

const upsertAsSpelled = command({
  ...upsertTenant,
  input: z
    .object({
      identifier: tenantIdentifier,
      name: text,
      externalId: text,
      url: z.object({ value: webAddress.nullish() }).nullish(),
    })
    .refine(({ identifier, externalId }) => isOwn(externalId, identifier.id), {
      path: ['externalId'],
      error: 'must not be the id of another tenant',
    })
    .transform(
      ({ identifier, name, externalId, url }): z.input<typeof upsertTenant.input> => ({
        identifier,
        name,
        // What a tenant shows that has none changes nothing.
        externalId: fromPlainId('Tenant', externalId) === null ? externalId : undefined,
        url: url?.value,
      }),
    )
    .pipe(upsertTenant.input),
});

const deleteAsSpelled = command({
  ...deleteTenant,
  input: z
    .object({ tenantIdentifier })
    .transform(({ tenantIdentifier }): z.input<typeof deleteTenant.input> => tenantIdentifier)
    .pipe(deleteTenant.input),
});

const UpsertTenantInput = builder.inputType('UpsertTenantInput', {
  description: 'What a tenant should be like, whether it exists or not.',
  fields: (t) => ({
    identifier: t.field({
      type: TenantIdentifierInput,
      required: true,
      description: 'What names the tenant. By a `tenantId` it is only changed, never created.',
    }),
    name: t.string({ required: true, description: 'The name, 1 to 256 characters.' }),
    externalId: t.string({
      required: true,
      description: 'The id of this tenant in your own system: unique among live tenants, without regard to case.',
    }),
    url: t.field({
      type: OptionalStringInput,
      description: 'A page about the tenant, http or https. Left as it is, if not given.',
    }),
  }),
});

const UpsertTenantOutput = builder.objectRef<Answered<TenantUpsertResult>>('UpsertTenantOutput').implement({
  description: 'What `upsertTenant` answers.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant as it is now; null with an error.',
      resolve: ({ done }) => done?.tenant,
    }),
    result: t.field({
      type: UpsertResult,
      nullable: true,
      description: 'What was done for it; null with an error.',
      resolve: ({ done }) => done?.outcome,
    }),
    ...errorField(t),
  }),
});

const DeleteTenantInput = builder.inputType('DeleteTenantInput', {
  description: 'Which tenant to delete.',
  fields: (t) => ({
    tenantIdentifier: t.field({ type: TenantIdentifierInput, required: true, description: 'What names the tenant.' }),
  }),
});

const DeleteTenantOutput = builder
  .objectRef<Answered<Pick<TenantUpsertResult, 'tenant'>>>('DeleteTenantOutput')
  .implement({
    description: 'What `deleteTenant` answers.',
    fields: (t) => ({
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'The tenant that is deleted now; null with an error.',
        resolve: ({ done }) => done?.tenant,
      }),
      ...errorField(t),
    }),
  });

builder.mutationFields((t) => ({
  upsertTenant: t.field({
    type: UpsertTenantOutput,
    description: needing(upsertTenant, 'Changes the tenant that is named so, or creates it.'),
    args: { input: t.arg({ type: UpsertTenantInput, required: true, description: 'The tenant.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, upsertAsSpelled, input), input, {
        places: (path) => (path === 'url' ? 'url.value' : path),
      }),
  }),
  deleteTenant: t.field({
    type: DeleteTenantOutput,
    description: needing(deleteTenant, 'Hides a tenant, until it is restored at /graphql.'),
    args: { input: t.arg({ type: DeleteTenantInput, required: true, description: 'Which tenant.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, deleteAsSpelled, input), input, {
        places: (path) => (path === 'id' || path === 'externalId' ? `tenantIdentifier.${path}` : path),
      }),
  }),
}));
