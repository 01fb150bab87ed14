import { run } from '../../directory/commands/command.ts';
import {
  createPermission,
  deletePermission,
  MAX_PRODUCT_PERMISSIONS,
  updatePermission,
} from '../../directory/roles/permission-commands.ts';
import { builder } from '../shared/builder.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { Permission } from './permission.ts';

const NAME =
  'Its name, `noun:verb`, such as `invoice:approve`, up to 64 characters: each part begins with one of a to z and goes on with letters of A to Z and digits, between which one of - . _ may stand.';
const DESCRIPTION = 'What it allows, in the words of the product, 1 to 4096 characters.';
const OF_PRODUCT = 'The name of a permission of the product.';

builder.relayMutationField(
  createPermission.name,
  {
    description: 'A new permission of the product.',
    inputFields: (t) => ({
      name: t.string({
        required: true,
        description: `${NAME} No other differs from it in case alone. The nouns of built-in permissions are reserved.`,
      }),
      description: t.string({ required: true, description: DESCRIPTION }),
    }),
  },
  {
    ...commandField(
      createPermission,
      `Creates a permission that the product asks for, and Tenantry does not: up to ${MAX_PRODUCT_PERMISSIONS}. The root key and the role \`owner\` hold it at once, and hand it on; nobody else does, whoever creates it.`,
    ),
    resolve: (_, { input }, caller) => run(caller, createPermission, input),
  },
  {
    description: 'The permission was created.',
    outputFields: (t) => ({
      permission: t.field({ type: Permission, description: 'The new permission.', ...recordLeft('permission') }),
    }),
  },
);

builder.relayMutationField(
  updatePermission.name,
  {
    description: 'What is said of a permission of the product.',
    inputFields: (t) => ({
      name: t.string({ required: true, description: `${OF_PRODUCT} It stays.` }),
      description: t.string({ required: true, description: DESCRIPTION }),
    }),
  },
  {
    ...commandField(updatePermission, 'Describes a permission of the product anew.'),
    resolve: (_, { input }, caller) => run(caller, updatePermission, input),
  },
  {
    description: 'The permission is described as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      permission: t.field({
        type: Permission,
        description: 'The permission as it is now.',
        ...recordLeft('permission'),
      }),
    }),
  },
);

builder.relayMutationField(
  deletePermission.name,
  {
    description: 'Which permission of the product to delete.',
    inputFields: (t) => ({ name: t.string({ required: true, description: OF_PRODUCT }) }),
  },
  {
    ...commandField(
      deletePermission,
      'Deletes a permission of the product for good. No role but `owner` may have it, and no API key but such as are revoked or have expired: it goes from these.',
    ),
    resolve: (_, { input }, caller) => run(caller, deletePermission, input),
  },
  {
    description: 'The permission is gone.',
    outputFields: (t) => ({
      permission: t.field({ type: Permission, description: 'The permission as it was.', ...recordLeft('permission') }),
    }),
  },
);
