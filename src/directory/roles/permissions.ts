import { columnsAs } from '../../db/alias.ts';
import { permissions } from '../../db/schema/permissions.ts';
import { sql } from '../../db/sql.ts';
import { select, selection } from '../../db/statement.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import type { Connection } from '../lists/connection.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';

/** A permission: a built-in one, or one of the product. */
export interface PermissionRecord {
  /** The name of the permission. */
  id: string;
  description: string;
  builtIn: boolean;
}

/** The table of permissions, whose names are their ids. */
export const PERMISSION_RECORDS = {
  selection: selection({ id: permissions.id, description: permissions.description, builtIn: permissions.builtIn }),
  from: sql`permission`,
  id: permissions.id,
};

const scanned = columnsAs(permissions, 'scanned');

/** The arguments of the list of permissions. */
export interface PermissionListArguments extends PageArguments {
  filter?: { isBuiltIn?: boolean | null | undefined } | null | undefined;
}

/**
 * Lists the permissions by name: all, or those that are built in, or those of the product.
 *
 * @throws ForbiddenError if the viewer lacks `role:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listPermissions(
  { db, viewer }: Caller,
  { filter, ...page }: PermissionListArguments,
): Connection<PermissionRecord> {
  requirePermissions(viewer, ['role:read']);
  const isBuiltIn = filter?.isBuiltIn ?? null;
  return connectionOfList(db, page, {
    name: 'permissions',
    records: PERMISSION_RECORDS,
    scan: {
      from: sql`permission scanned`,
      id: scanned.id,
      // There are a few hundred at most: each is tried.
      where: isBuiltIn === null ? [] : [sql`scanned.built_in = ${isBuiltIn ? 1 : 0}`],
    },
  });
}

/** Returns the names of all that a viewer may do. Root may do all there is, which is read for that. */
export async function permissionsHeldBy({ db, viewer }: Caller): Promise<PermissionName[]> {
  if (viewer.actor.type !== 'ROOT') return [...viewer.permissions];
  const all = await db.read(select({ name: permissions.id }, sql`FROM permission ORDER BY name`));
  return all.map(({ name }) => name);
}
