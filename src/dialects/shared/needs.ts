import type { Permission } from '../../directory/kernel/permission-names.ts';

/**
 * Returns the option of a field that names the permissions it needs by itself. Where the field stands below a mutation, they
 * are asked for before anything is changed. An API that cannot show a part of an answer would else say that the change failed.
 */
export const needs = (...permissions: Permission[]) => ({ extensions: { needs: permissions } });
