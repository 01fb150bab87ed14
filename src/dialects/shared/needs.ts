import type { Permission } from '../../directory/kernel/permission-names.ts';

/**
 * Says of a field which permissions it needs by itself. Where it stands below a mutation they are asked for before anything
 * is changed: an API that cannot show a part of an answer would otherwise say that the change had failed.
 */
export const needs = (...permissions: Permission[]) => ({ extensions: { needs: permissions } });
