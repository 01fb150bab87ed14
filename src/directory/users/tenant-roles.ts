import type { SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { sql } from '../../db/sql.ts';
import { type RowOf, type Several, selection } from '../../db/statement.ts';
import { tenantRoleInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { Check } from '../commands/checks.ts';
import type { CommandContext } from '../commands/command.ts';
import { recordEvent } from '../commands/event-recording.ts';
import { keepsAdmins } from '../guards/last-admin-guard.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import type { NestedConnection } from '../lists/connection.ts';
import type { ListedRecords } from '../lists/index-scan.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { nestedConnectionOfList } from '../lists/simple-list.ts';

const fields = {
  /** The id of the tenant: a user has at most one role in each. */
  id: tenantRoles.tenantId,
  roleId: tenantRoles.roleId,
  createdAt: tenantRoles.createdAt,
};

/** A tenant role: the role that a user has in a tenant. It is a row of the table `assignment`. */
export interface TenantRoleRecord extends RowOf<typeof fields> {}

const namedFields = {
  ...fields,
  userId: tenantRoles.userId,
  tenantName: sql<string>`(SELECT named.name FROM tenant named WHERE named.id = ${tenantRoles.tenantId})`,
  roleName: sql<string>`(SELECT named.name FROM role named WHERE named.id = ${tenantRoles.roleId})`,
};

/** A tenant role with the names of the tenant and of the role, which may be told to its user only. */
export interface NamedTenantRoleRecord extends RowOf<typeof namedFields> {}

const scanned = columnsAs(tenantRoles, 'scanned');

/** Returns the lists of those tenant roles of users in live tenants that satisfy a condition over `scanned`. */
const listOf = <Row extends { id: string }>(
  { db }: Caller,
  userIds: Several,
  page: PageArguments,
  { fields, selection }: Pick<ListedRecords<Row>, 'fields' | 'selection'>,
  condition: SQL,
): NestedConnection<Row> =>
  nestedConnectionOfList(db, page, {
    name: 'User.tenantRoles',
    records: {
      selection,
      ...(fields && { fields }),
      from: sql`assignment`,
      id: tenantRoles.tenantId,
      parentId: tenantRoles.userId,
    },
    parents: { column: scanned.userId, values: userIds },
    scan: {
      from: sql`assignment scanned CROSS JOIN tenant living ON living.id = scanned.tenant_id`,
      id: scanned.tenantId,
      where: [sql`living.deleted_at IS NULL`, condition],
    },
  });

/**
 * Lists the roles of each of these users in live tenants in reach, in the order of the tenants' ids.
 *
 * @throws ForbiddenError if the viewer lacks `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listTenantRolesOfUsers(
  caller: Caller,
  userIds: Several,
  page: PageArguments,
): NestedConnection<TenantRoleRecord> {
  const { viewer } = caller;
  requirePermissions(viewer, ['user:read']);
  const inReach = tenantRoleInReach(viewer.reach, scanned.tenantId);
  return listOf(caller, userIds, page, { fields, selection: selection(fields) }, inReach);
}

/**
 * Lists the roles of each of these users in live tenants, in the order of the tenants' ids: the viewer's own wherever they
 * are, and those of others in reach. Without `user:read` it has the viewer's own only, and whoever shows it refuses the
 * rest by `requireUnlessOwn`.
 *
 * @throws ForbiddenError if the viewer is a key and lacks `user:read`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listTenantRolesWithOwn(
  caller: Caller,
  userIds: Several,
  page: PageArguments,
): NestedConnection<NamedTenantRoleRecord> {
  const { viewer } = caller;
  const { actor, reach, permissions } = viewer;
  if (actor.type !== 'USER') requirePermissions(viewer, ['user:read']);
  const isOwn = actor.type === 'USER' ? sql`${scanned.userId} = ${actor.id}` : sql`FALSE`;
  const inReach = permissions.has('user:read') ? tenantRoleInReach(reach, scanned.tenantId) : sql`FALSE`;
  const records = { fields: namedFields, selection: selection(namedFields) };
  return listOf(caller, userIds, page, records, sql`(${isOwn} OR ${inReach})`);
}

const tenantRoleJson = (tenantId: SQL, roleId: SQL): SQL =>
  sql`json_object('tenantId', ${tenantId}, 'roleId', ${roleId})`;

/** Records a tenant role for each row (user_id, tenant_id, role_id) of `given`, unless the user has it already. */
export function recordTenantRoles(context: CommandContext, given: SQL, condition: SQL): SQL {
  const current = (expression: SQL) =>
    sql`(SELECT ${expression} FROM assignment held
      WHERE held.tenant_id = giving.tenant_id AND held.user_id = giving.user_id)`;
  return recordEvent(
    context,
    {
      type: 'tenantRole.assigned',
      subjectType: 'User',
      subjectId: sql`giving.user_id`,
      before: current(tenantRoleJson(sql`held.tenant_id`, sql`held.role_id`)),
      after: tenantRoleJson(sql`giving.tenant_id`, sql`giving.role_id`),
    },
    sql`FROM ${given} giving WHERE ${condition} AND ${current(sql`held.role_id`)} IS NOT giving.role_id`,
  );
}

/** Records the end of the tenant roles that meet a condition over the table `assignment`. */
function recordTenantRolesEnding(context: CommandContext, condition: SQL): SQL {
  return recordEvent(
    context,
    {
      type: 'tenantRole.revoked',
      subjectType: 'User',
      subjectId: sql`assignment.user_id`,
      before: tenantRoleJson(sql`assignment.tenant_id`, sql`assignment.role_id`),
    },
    sql`FROM assignment WHERE ${condition}`,
  );
}

/** Returns the writes that begin, change and end the tenant roles that were recorded. */
export function writeTenantRoles(context: CommandContext): SQL[] {
  return [
    sql`INSERT INTO assignment (tenant_id, user_id, role_id, created_at,
        user_deleted, user_status, user_name_key, user_email_key, user_updated_at, user_customer_id)
      SELECT event.after ->> 'tenantId', user.id, event.after ->> 'roleId', event.created_at,
        user.deleted, user.status, user.name_sort, user.email_key, user.updated_at, user.customer_id
      FROM event JOIN user ON user.id = event.subject_id
      WHERE event.command_id = ${context.id} AND event.type = 'tenantRole.assigned'
      ON CONFLICT (tenant_id, user_id) DO UPDATE SET role_id = excluded.role_id`,
    sql`DELETE FROM assignment WHERE (tenant_id, user_id) IN (
      SELECT event.before ->> 'tenantId', event.subject_id FROM event
      WHERE event.command_id = ${context.id} AND event.type = 'tenantRole.revoked')`,
  ];
}

/** A part of a change: what it must leave to the tenant, and the event that it records. */
interface TenantRoleStep {
  keeps: Check<unknown>;
  recorded(allowed: SQL): SQL;
}

/** Gives the user a role in a tenant, in place of the one there, if any. */
export function assignInTenant(context: CommandContext, userId: SQL, tenantId: SQL, roleId: SQL): TenantRoleStep {
  const losesAdmin = (id: SQL) => sql`(${id} = ${userId} AND ${roleId} IS NOT ${TENANT_ADMIN_ROLE_ID})`;
  const assigned = sql`(SELECT ${userId} AS user_id, ${tenantId} AS tenant_id, ${roleId} AS role_id)`;
  return {
    keeps: keepsAdmins(context.viewer.reach, sql`SELECT ${tenantId}`, losesAdmin),
    recorded: (allowed) => recordTenantRoles(context, assigned, allowed),
  };
}

/** Takes the user's role in a tenant away, unless that is the tenant `assignedIn`, where another takes its place. */
export function revokeInTenant(
  context: CommandContext,
  userId: SQL,
  tenantId: SQL,
  assignedIn: SQL | null = null,
): TenantRoleStep {
  const isNotReplaced = sql`${tenantId} IS NOT ${assignedIn ?? sql`NULL`}`;
  const revoked = sql`assignment.user_id = ${userId} AND assignment.tenant_id = ${tenantId} AND ${isNotReplaced}`;
  return {
    keeps: keepsAdmins(
      context.viewer.reach,
      sql`SELECT ${tenantId} WHERE ${isNotReplaced}`,
      (id) => sql`${id} = ${userId}`,
    ),
    recorded: (allowed) => recordTenantRolesEnding(context, sql`${revoked} AND ${allowed}`),
  };
}
