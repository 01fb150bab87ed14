import * as z from 'zod';
import { run } from '../../directory/commands/command.ts';
import { freeUrl, text } from '../../directory/kernel/input.ts';
import type { InputOf } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { deleteTenant, type TenantUpsertResult, upsertTenant } from '../../directory/tenants/commands.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { orNone } from '../shared/blanks.ts';
import { declared, type GraphQLFields, shapeOf, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { changeTo, OptionalStringInput } from './changes.ts';
import { type Answered, answered, errorField, UpsertResult } from './errors.ts';
import { TenantIdentifierInput, tenantIdentifier } from './identifiers.ts';
import { fromPlainId } from './ids.ts';
import { Tenant } from './tenant.ts';

const UPSERT_TENANT = {
  identifier: {
    type: (t) =>
      t.field({
        type: TenantIdentifierInput,
        required: true,
        description: 'What names the tenant. By a `tenantId` it is only changed, never created.',
      }),
    schema: tenantIdentifier,
  },
  name: { type: (t) => t.string({ required: true, description: 'The name, 1 to 256 characters.' }), schema: text },
  externalId: {
    type: (t) =>
      t.string({
        required: true,
        description: 'The id of this tenant in your own system: unique among live tenants, with regard to case.',
      }),
    schema: text,
  },
  url: {
    type: (t) =>
      t.field({
        type: OptionalStringInput,
        description: 'A page about the tenant: free text, up to 2048 characters. Left as it is, if not given.',
      }),
    schema: () => changeTo(orNone(freeUrl())),
  },
} as const satisfies GraphQLFields<InputFields>;

const UpsertTenantInput = builder.inputType('UpsertTenantInput', {
  description: 'What a tenant should be like, whether it exists or not.',
  fields: (t) => declared(t, UPSERT_TENANT),
});

/** An id in place of an external id names its own tenant, and would be no other's. */
const isOwn = (externalId: string, id: string | null | undefined): boolean =>
  [null, id].includes(fromPlainId('Tenant', externalId));

const upsertAsSpelled = spelled(upsertTenant, () =>
  z
    .object(shapeOf(UPSERT_TENANT))
    .refine(({ identifier, externalId }) => isOwn(externalId, identifier.id), {
      path: ['externalId'],
      error: 'must not be the id of another tenant',
    })
    .transform(
      ({ externalId, ...rest }): InputOf<typeof upsertTenant.input> => ({
        ...rest,
        // What a tenant shows that has none changes nothing.
        externalId: fromPlainId('Tenant', externalId) === null ? externalId : undefined,
      }),
    ),
);

const UpsertTenantOutput = builder.objectRef<Answered<TenantUpsertResult>>('UpsertTenantOutput').implement({
  description: 'What `upsertTenant` answers.',
  fields: (t) => ({
    tenant: t.field({
      type: Tenant,
      nullable: true,
      description: 'The tenant as it is now; null with an error.',
      ...RECORD_LEFT,
      resolve: ({ done }) => done && shown(done.tenant),
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

const DELETE_TENANT = {
  tenantIdentifier: {
    type: (t) => t.field({ type: TenantIdentifierInput, required: true, description: 'What names the tenant.' }),
    schema: tenantIdentifier,
  },
} as const satisfies GraphQLFields<InputFields>;

const DeleteTenantInput = builder.inputType('DeleteTenantInput', {
  description: 'Which tenant to delete.',
  fields: (t) => declared(t, DELETE_TENANT),
});

const deleteAsSpelled = spelled(deleteTenant, () =>
  z
    .object(shapeOf(DELETE_TENANT))
    .transform(({ tenantIdentifier }): InputOf<typeof deleteTenant.input> => tenantIdentifier),
);

const DeleteTenantOutput = builder
  .objectRef<Answered<Pick<TenantUpsertResult, 'tenant'>>>('DeleteTenantOutput')
  .implement({
    description: 'What `deleteTenant` answers.',
    fields: (t) => ({
      tenant: t.field({
        type: Tenant,
        nullable: true,
        description: 'The tenant that is deleted now; null with an error.',
        ...RECORD_LEFT,
        resolve: ({ done }) => done && shown(done.tenant),
      }),
      ...errorField(t),
    }),
  });

builder.mutationFields((t) => ({
  upsertTenant: t.field({
    type: UpsertTenantOutput,
    ...mutationOptions(upsertTenant, 'Changes the tenant that is named so, or creates it.'),
    args: { input: t.arg({ type: UpsertTenantInput, required: true, description: 'The tenant.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, upsertAsSpelled, input), input, {
        places: (path) => (path === 'url' ? 'url.value' : path),
      }),
  }),
  deleteTenant: t.field({
    type: DeleteTenantOutput,
    ...mutationOptions(deleteTenant, 'Hides a tenant, until it is restored at /graphql.'),
    args: { input: t.arg({ type: DeleteTenantInput, required: true, description: 'Which tenant.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, deleteAsSpelled, input), input, {
        places: (path) => (path === 'id' || path === 'externalId' ? `tenantIdentifier.${path}` : path),
      }),
  }),
}));
