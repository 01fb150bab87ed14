import type { SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { rolePermissions, roles } from '../../db/schema/roles.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, type RowOf, type Several, selection } from '../../db/statement.ts';
import { roleInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { type NamedTarget, type Naming, targetOf } from '../commands/identifiers.ts';
import { missingUnless, pathOf } from '../commands/references.ts';
import { permissionsNotHeld, permissionsOfRole } from '../guards/grant-guard.ts';
import type { RoleIdentifier } from '../kernel/input.ts';
import type { RoleScope } from '../kernel/role-scopes.ts';
import { hasKey, meantFirst, sought, soughtName } from '../kernel/sought-keys.ts';
import type { NestedConnection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { nestedConnectionOfList } from '../lists/simple-list.ts';
import { PERMISSION_RECORDS, type PermissionRecord } from './permissions.ts';

const fields = {
  id: roles.id,
  scope: roles.scope,
  name: roles.name,
  description: roles.description,
  level: roles.level,
  builtIn: roles.builtIn,
};

/** How many roles of a scope there are at most: there is no use for more, and every list of roles has them all. */
export const MAX_ROLES = 100;

/** A role as every API shows it, without its permissions. */
export interface RoleRecord extends RowOf<typeof fields> {}

const SELECTION = selection(fields);

const RECORDS = { selection: SELECTION, fields, from: sql`role`, id: roles.id };

/** Returns a statement that reads roles: those that `rest` asks for, which follows FROM. */
export const roleRows = (rest: SQL): RecordStatement<RoleRecord> => selectingRecords(RECORDS, rest);

/**
 * Returns the roles in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `role:read`
 */
export function rolesByIds({ db, viewer }: Caller, ids: Several): Found<RoleRecord> {
  requirePermissions(viewer, ['role:read']);
  return foundWhere(db, RECORDS, sql`${inList(roles.id, ids)} AND ${roleInReach(viewer.reach, roles.scope)}`);
}

/**
 * Returns the roles of a scope that the viewer could give to somebody, because they hold no more than the viewer does.
 * The highest comes first.
 *
 * @throws ForbiddenError if the viewer lacks `role:read`
 */
export function assignableRoles({ db, viewer }: Caller, scope: RoleScope): Found<RoleRecord> {
  requirePermissions(viewer, ['role:read']);
  return foundWhere(
    db,
    RECORDS,
    sql`${roles.scope} = ${scope} AND ${roleInReach(viewer.reach, roles.scope)}
      AND ${permissionsNotHeld(viewer, permissionsOfRole(sql`role.id`))} IS NULL
      ORDER BY ${roles.level} DESC, ${roles.nameKey}`,
  );
}

/**
 * Returns an expression for the id of the role of this scope that an identifier names: NULL if there is no such role.
 */
export function roleNamed({ id, name }: RoleIdentifier, scope: SQL): SQL {
  if (id != null) return sql`(SELECT named.id FROM role named WHERE named.id = ${id} AND named.scope = ${scope})`;
  const keys = sought(soughtName(name ?? ''));
  return sql`(SELECT named.id FROM role named WHERE ${hasKey('named', 'name_key', keys)} AND named.scope = ${scope}
    ${meantFirst('named', 'name_key', keys)})`;
}

/** How the input of a change names a role: by its name, it needs the scope. */
interface RoleNaming extends Naming<RoleIdentifier> {
  scope?: RoleScope | null | undefined;
}

/** Returns the role that the input of a change names. If a scope is given, the role is one of that. */
export function roleTarget({ scope, ...given }: RoleNaming): NamedTarget {
  const ofScope = scope == null ? sql`named.scope` : sql`${scope}`;
  const target = targetOf(given, (identifier) => roleNamed(identifier, ofScope));
  return given.identifier == null ? { ...target, id: roleNamed({ id: given.id }, ofScope) } : target;
}

/** Selects the row of a reference to a role that is not there. */
export const noRole = (roleId: SQL, identifier: RoleIdentifier, unless = sql`FALSE`): SQL =>
  missingUnless(sql`(${unless} OR ${roleId} IS NOT NULL)`, pathOf('roleIdentifier', identifier), 'role');

const scanned = columnsAs(rolePermissions, 'scanned');

/**
 * Lists the permissions of each of these roles, by name.
 *
 * @throws ForbiddenError if the viewer lacks `role:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listPermissionsOfRoles(
  { db, viewer }: Caller,
  roleIds: Several,
  page: PageArguments,
): NestedConnection<PermissionRecord> {
  requirePermissions(viewer, ['role:read']);
  return nestedConnectionOfList(db, page, {
    name: 'Role.permissions',
    records: PERMISSION_RECORDS,
    parents: { column: scanned.roleId, values: roleIds },
    scan: { from: sql`role_permission scanned`, id: scanned.permission, where: [] },
  });
}
