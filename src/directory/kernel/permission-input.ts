import * as z from 'zod';
import { otherwise } from './input.ts';
import { lazily } from './lazily.ts';
import { isBuiltInPermission, type PermissionName, problemOfPermissionName } from './permission-names.ts';

/** The name of a permission of the product: `noun:verb`, with a noun that no built-in one has. */
export const productPermission = lazily(() =>
  z
    .string({ error: otherwise('must be a string') })
    .trim()
    .refine((name) => problemOfPermissionName(name) === null, {
      error: ({ input }) => problemOfPermissionName(String(input)) ?? '',
    }),
);

/** Says of a name in an input that there is no such permission. */
export const NO_PERMISSION = 'is no permission: `permissions` lists all that there are';

const canBePermission = (name: PermissionName): boolean =>
  isBuiltInPermission(name) || problemOfPermissionName(name) === null;

/**
 * The name of a permission of either kind. Whether the product has one of this name is for a check of the command to say
 * (`mayGive`).
 */
export const permissionName = lazily(() =>
  z.string({ error: otherwise(NO_PERMISSION) }).refine(canBePermission, NO_PERMISSION),
);
