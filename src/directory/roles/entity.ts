import type { SQL } from 'drizzle-orm';
import { roles } from '../../db/schema/roles.ts';
import { sql } from '../../db/sql.ts';
import { roleInReach } from '../access/reach.ts';
import type { UniquelyIndexed } from '../commands/unique-values.ts';
import type { UnversionedEntity } from '../commands/unversioned-entity.ts';
import { type RoleRecord, roleRows } from './queries.ts';

/** The permissions of a role as a JSON array in alphabetical order. */
export const permissionsOf = (roleId: SQL): SQL => sql`(SELECT json_group_array(permission) FROM (
  SELECT permission FROM role_permission WHERE role_permission.role_id = ${roleId} ORDER BY permission))`;

/** Roles, as commands change them. */
export const ROLE: UnversionedEntity<typeof roles, RoleRecord> & UniquelyIndexed<typeof roles, RoleRecord> = {
  name: 'Role',
  word: 'role',
  table: roles,
  readPermission: 'role:read',
  snapshot: sql`json_object('scope', role.scope, 'name', role.name, 'description', role.description,
    'level', role.level, 'permissions', json(${permissionsOf(sql`role.id`)}))`,
  rows: roleRows,
  inReach: ({ reach }) => roleInReach(reach, roles.scope),
  named: (record) => ({ entity: 'Role', record }),
  unique: [{ columns: ['scope', 'nameKey'], path: 'name' }],
};
