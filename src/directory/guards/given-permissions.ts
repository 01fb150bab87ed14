import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { requirePermissions, type Viewer } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import { ValidationError } from '../kernel/errors.ts';
import { NO_PERMISSION } from '../kernel/permission-input.ts';
import { isBuiltInPermission, type PermissionName } from '../kernel/permission-names.ts';
import { holdsPermissions } from './grant-guard.ts';

/** Returns a SELECT of the permissions of these names. */
export const permissionsNamed = (names: readonly PermissionName[]): SQL =>
  sql`SELECT value AS permission FROM json_each(${jsonList(names)})`;

/**
 * Checks that all that an input names are permissions: those that are not built in, which its schema has found, are looked for
 * among those of the product.
 * @throws ValidationError at the place of each that is none in `permissions`
 */
export function arePermissions(names: readonly PermissionName[]): Check<unknown>[] {
  const given = names.flatMap((name, position) => (isBuiltInPermission(name) ? [] : [{ name, position }]));
  if (given.length === 0) return [];
  return [
    {
      problem: sql`(SELECT json_group_array(position) FROM (SELECT given.value ->> 'position' AS position
          FROM json_each(${jsonList(given)}) given
          WHERE NOT EXISTS (SELECT 1 FROM permission WHERE permission.name = given.value ->> 'name') LIMIT 100)
        HAVING count(*) > 0)`,
      error: (positions) => {
        const unknown: number[] = JSON.parse(positions);
        return new ValidationError(
          unknown.map((position) => ({ path: `permissions.${position}`, message: NO_PERMISSION, kind: 'INVALID' })),
        );
      },
    },
  ];
}

/**
 * Returns the checks that all that an input hands on are permissions, and that the viewer holds them. Where all are built in,
 * nothing needs to be looked up.
 * @throws ForbiddenError at once, if all are built in and the viewer lacks any
 */
export function mayGive(viewer: Viewer, names: readonly PermissionName[]): Check<unknown>[] {
  if (names.every(isBuiltInPermission)) {
    requirePermissions(viewer, names);
    return [];
  }
  return [...arePermissions(names), holdsPermissions(viewer, permissionsNamed(names))];
}
