import { sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { permissions } from '../../db/schema/permissions.ts';
import { selection } from '../../db/statement.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { type Connection, connectionOf } from '../lists/connection.ts';
import { BY_CREATION } from '../lists/entity-filter.ts';
import type { IndexScan } from '../lists/index-scan.ts';
import { type PageArguments, parsePageArguments } from '../lists/page-arguments.ts';

export interface PermissionRecord {
  /** The name of the permission. */
  id: string;
  description: string;
}

/** Every permission there is, by name. */
export function listPermissions({ db, viewer }: Caller, page: PageArguments): Connection<PermissionRecord> {
  requirePermissions(viewer, ['role:read']);
  const scan: IndexScan = {
    from: sql`permission scanned`,
    id: alias(permissions, 'scanned').name,
    sort: null,
    partitions: [],
    where: [],
  };
  const target = {
    selection: selection({ id: permissions.name, description: permissions.description }),
    from: sql`permission`,
    id: permissions.name,
    sort: null,
  };
  return connectionOf(db, target, scan, parsePageArguments(page, BY_CREATION, 'permissions'), () => null);
}
