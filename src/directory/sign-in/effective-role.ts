import type { SQL } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import type { RowOf } from '../../db/statement.ts';
import { parseJsonList } from '../../db/statement.ts';
import { type Content, type Grant, MAX_PERMISSIONS_IN_TOKEN } from '../access/access-tokens.ts';
import type { Reach } from '../access/reach.ts';
import { reachOf } from '../access/reach.ts';
import { permissionsOfRole } from '../guards/grant-guard.ts';
import type { TenantIdentifier } from '../kernel/input.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import { isHolder, sought, soughtExternalId } from '../kernel/sought-keys.ts';

/*
 * The effective role of a signed-in user gives both the permissions and the reach. It is either one tenant role, or the
 * user's own role in the organization or in a customer. Roles are never added up.
 */

/** Over the columns of `user`: the user is active and not hidden, and so may sign in. */
export const MAY_SIGN_IN = sql`(user.status = 'ACTIVE' AND user.deleted = 0)`;

/** Over the columns of `user`: the trusted issuer with this id lists both the user's customer and the user's role. */
export const isListedBy = (issuerId: SQL): SQL => sql`(EXISTS (SELECT 1 FROM trusted_issuer_customer
    WHERE trusted_issuer_customer.issuer_id = ${issuerId} AND trusted_issuer_customer.customer_id = user.customer_id)
  AND EXISTS (SELECT 1 FROM trusted_issuer_role
    WHERE trusted_issuer_role.issuer_id = ${issuerId} AND trusted_issuer_role.role_id = user.role_id))`;

/**
 * Over the columns of `session` and `user`: the session may go on. One that a trusted issuer began may do so only while
 * the issuer could still begin it.
 */
export const MAY_GO_ON = sql`(${MAY_SIGN_IN} AND (session.issuer_id IS NULL OR ${isListedBy(sql`session.issuer_id`)}))`;

/** Over the columns of `user`: the user's role in this live tenant or, if `tenantId` is NULL, the user's own role. */
const roleIdIn = (tenantId: SQL): SQL => sql`CASE WHEN ${tenantId} IS NULL THEN user.role_id ELSE (
  SELECT assignment.role_id FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
  WHERE assignment.user_id = user.id AND assignment.tenant_id = ${tenantId}) END`;

/** Over the columns of `user`: the effective role in this tenant. Its role id is NULL if the user has no role there. */
export const effectiveRoleIn = (tenantId: SQL) => {
  const roleId = roleIdIn(tenantId);
  return {
    userId: users.id,
    kind: users.kind,
    customerId: users.customerId,
    tenantId: sql<string | null>`${tenantId}`,
    roleId: sql<string | null>`${roleId}`,
    permissions: sql<string>`(SELECT json_group_array(permission) FROM (${permissionsOfRole(roleId)}))`,
  };
};

/** The permissions of the product that a role has, by name, as a JSON array: one more at most than a token names. */
export const productPermissionsOf = (roleId: SQL): SQL<string> => sql<string>`(SELECT json_group_array(name) FROM (
  SELECT permission.name FROM role_permission JOIN permission ON permission.name = role_permission.permission
  WHERE role_permission.role_id = ${roleId} AND permission.built_in = 0
  ORDER BY permission.name LIMIT ${MAX_PERMISSIONS_IN_TOKEN + 1}))`;

/** Over the columns of `user`: the effective role in this tenant, with what an access token says of its permissions. */
export const roleForTokenIn = (tenantId: SQL) => ({
  ...effectiveRoleIn(tenantId),
  productPermissions: productPermissionsOf(roleIdIn(tenantId)),
});

/** What an access token is made from. */
export type RoleForToken = RowOf<ReturnType<typeof roleForTokenIn>>;

/** The one role by which a signed-in user acts, with its permissions. */
export type EffectiveRole = RowOf<ReturnType<typeof effectiveRoleIn>>;
/** An effective role without its permissions, which is all that a session is opened by. */
export type EffectiveRoleReach = Omit<EffectiveRole, 'permissions'>;

/** Returns what an access token of the session says; null for a user without a role there. */
export function grantOf(
  sessionId: string,
  { userId, kind, customerId, tenantId, roleId }: EffectiveRoleReach,
): Grant | null {
  if (roleId === null) return null;
  if (tenantId !== null) return { userId, sessionId, reach: 'TENANTS', tenantId, customerId: null };
  if (kind === 'TENANT') return null;
  return { userId, sessionId, reach: kind, tenantId: null, customerId };
}

/** Returns what a new access token of the session is to say; null for a user without a role there. */
export function contentOf(sessionId: string, role: RoleForToken): Content | null {
  const grant = grantOf(sessionId, role);
  return grant && { ...grant, productPermissions: parseJsonList(role.productPermissions) };
}

/** Returns the reach that an access token names. */
export const reachOfGrant = ({ reach, tenantId, customerId }: Grant): Reach =>
  reachOf(reach, tenantId === null ? [] : [tenantId], customerId);

/** Returns the permissions of an effective role. */
export const permissionsIn = ({ permissions }: EffectiveRole): Set<PermissionName> =>
  new Set(parseJsonList<PermissionName>(permissions));

/** Over the columns of `user`: a SELECT of the ids of the live tenants where the user has a role. */
const tenantsOf = (condition: SQL): SQL =>
  sql`SELECT assignment.tenant_id FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = user.id AND ${condition}`;

/**
 * Over the columns of `user`: the id of the tenant that an identifier names, if the user has a role there; else NULL.
 */
export const assignedTenant = ({ id, externalId }: TenantIdentifier): SQL =>
  id == null
    ? sql`(${tenantsOf(isHolder('tenant', 'external_id_key', sought(soughtExternalId(externalId ?? ''))))})`
    : sql`(${tenantsOf(sql`tenant.id = ${id}`)})`;

/**
 * Over the columns of `user`: the tenant that a session starts in. It is the default tenant, if the user has a role
 * there. Else a user with tenant roles only starts in the oldest of these tenants, and any other by the own role
 * (NULL).
 */
export const STARTING_TENANT = sql`COALESCE((${tenantsOf(sql`assignment.tenant_id = user.default_tenant_id`)}),
  CASE user.kind WHEN 'TENANT' THEN (${tenantsOf(sql`TRUE`)} ORDER BY assignment.tenant_id LIMIT 1) END)`;
