import { run } from '../../directory/commands/command.ts';
import {
  MAX_DATA_SOURCES,
  registerPipeline,
  registerPixel,
  removePipeline,
  removePixel,
  updatePipeline,
  updatePixel,
} from '../../directory/usage/data-source-commands.ts';
import { type DataSourceKind, PIPELINE, PIXEL } from '../../directory/usage/data-sources.ts';
import { builder } from '../shared/builder.ts';
import { entityMutation } from '../shared/entity-mutations.ts';
import { localId, localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { withCommas } from '../shared/numbers.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { DATA_SOURCE_DESCRIPTIONS, DataSourceStatus, Pipeline, Pixel } from './data-source.ts';

interface Commands {
  register: typeof registerPixel;
  update: typeof updatePixel;
  remove: typeof removePixel;
}

/** Adds the mutations of one kind of data source. The kinds differ in nothing but words. */
function mutations({ name, word }: DataSourceKind, type: typeof Pixel, { register, update, remove }: Commands): void {
  const idField = `The global id of a ${word}.`;

  builder.relayMutationField(
    register.name,
    {
      description: `A new ${word}.`,
      inputFields: (t) => ({
        tenantIdentifier: t.field({ type: TenantIdentifier, required: true, description: 'What names its tenant.' }),
        name: t.string({ required: true, description: DATA_SOURCE_DESCRIPTIONS.name }),
        externalId: t.string({ description: DATA_SOURCE_DESCRIPTIONS.externalId }),
      }),
    },
    {
      ...commandField(
        register,
        `Registers a ${word} of a tenant, ACTIVE. A tenant has ${withCommas(MAX_DATA_SOURCES)} of them at most.`,
      ),
      resolve: (_, { input }, caller) =>
        run(caller, register, { ...input, tenantIdentifier: localIdentifier('Tenant', input.tenantIdentifier) }),
    },
    {
      description: `The ${word} was registered.`,
      outputFields: (t) => ({
        [word]: t.field({ type, description: `The new ${word}.`, ...recordLeft('dataSource') }),
      }),
    },
  );

  builder.relayMutationField(
    update.name,
    {
      description: `Changes to a ${word}: a field left out is untouched; null clears the external id.`,
      inputFields: (t) => ({
        id: t.id({ required: true, description: idField }),
        name: t.string({ description: DATA_SOURCE_DESCRIPTIONS.name }),
        externalId: t.string({ description: DATA_SOURCE_DESCRIPTIONS.externalId }),
        status: t.field({ type: DataSourceStatus, description: DATA_SOURCE_DESCRIPTIONS.status }),
      }),
    },
    {
      ...commandField(update, `Changes a ${word}.`),
      resolve: (_, { input }, caller) => run(caller, update, { ...input, id: localId(name, input.id) }),
    },
    {
      description: `The ${word} is as the input says. If it was so before, nothing was written.`,
      outputFields: (t) => ({
        [word]: t.field({ type, description: `The ${word} as it is now.`, ...recordLeft('dataSource') }),
      }),
    },
  );

  entityMutation(
    remove,
    { type: name, ref: type, record: ({ dataSource }) => dataSource },
    {
      input: `Which ${word} to remove.`,
      id: idField,
      field: `Removes a ${word}, for good.${name === 'Pixel' ? ' What it counted stays in the traffic of its tenant.' : ''}`,
      payload: `The ${word} is gone.`,
      record: `The ${word} as it was.`,
    },
  );
}

mutations(PIXEL, Pixel, { register: registerPixel, update: updatePixel, remove: removePixel });
mutations(PIPELINE, Pipeline, { register: registerPipeline, update: updatePipeline, remove: removePipeline });
