import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { mapRows, parseJsonList, selecting, selection } from '../../db/statement.ts';
import { tenantRoleInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { USER_IS_LIVE } from '../commands/identifiers.ts';
import { ForbiddenError } from '../kernel/errors.ts';

/** The user who signed in, with the live tenants in reach where the user has a role, the oldest first. */
export interface OwnUser {
  id: string;
  email: string;
  name: string | null;
  tenantIds: string[];
}

/**
 * Returns the user who signed in and asks; null if the user has just been deleted.
 *
 * @throws ForbiddenError if the viewer is a key, or lacks `user:read`
 */
export async function readOwnUser({ db, viewer }: Caller): Promise<OwnUser | null> {
  const { actor, reach } = viewer;
  if (actor.type !== 'USER') throw ForbiddenError.notSignedIn();
  requirePermissions(viewer, ['user:read']);
  const tenantIds = sql<string>`(SELECT json_group_array(tenant_id) FROM (
    SELECT assignment.tenant_id FROM assignment
    JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = ${users.id} AND ${tenantRoleInReach(reach, tenantRoles.tenantId)}
    ORDER BY assignment.tenant_id))`;
  const own = mapRows(
    selection({ id: users.id, email: users.email, name: users.name, tenantIds }),
    ({ tenantIds, ...user }): OwnUser => ({ ...user, tenantIds: parseJsonList(tenantIds) }),
  );
  const [found] = await db.read(selecting(own, sql`FROM user WHERE ${users.id} = ${actor.id} AND ${USER_IS_LIVE}`));
  return found ?? null;
}
