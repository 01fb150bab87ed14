import { sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { permissions } from '../../db/schema/permissions.ts';
import { selection } from '../../db/statement.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { Connection } from '../lists/connection.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';

/** A permission that a role can have. */
export interface PermissionRecord {
  /** The name of the permission. */
  id: string;
  description: string;
}

/** The table of permissions, whose names are their ids. */
export const PERMISSION_RECORDS = {
  selection: selection({ id: permissions.name, description: permissions.description }),
  from: sql`permission`,
  id: permissions.name,
};

const LIST = {
  name: 'permissions',
  records: PERMISSION_RECORDS,
  scan: { from: sql`permission scanned`, id: alias(permissions, 'scanned').name, where: [] },
};

/**
 * Lists every permission there is, by name.
 *
 * @throws ForbiddenError if the viewer lacks `role:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listPermissions({ db, viewer }: Caller, page: PageArguments): Connection<PermissionRecord> {
  requirePermissions(viewer, ['role:read']);
  return connectionOfList(db, page, LIST);
}
