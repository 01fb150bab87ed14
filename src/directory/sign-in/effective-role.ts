import { type SQL, sql } from 'drizzle-orm';
import { users } from '../../db/schema/users.ts';
import type { RowOf } from '../../db/statement.ts';
import { parseJsonList } from '../../db/statement.ts';
import type { Grant } from '../access/access-tokens.ts';
import type { Reach } from '../access/reach.ts';
import { reachOf } from '../access/reach.ts';
import { permissionsOfRole } from '../commands/grant-guard.ts';
import { comparable, type TenantIdentifier } from '../kernel/input.ts';
import type { Permission } from '../kernel/permission-names.ts';

/*
 * What a user who is signed in may do, and how far: one role gives both. That is the role in one tenant, or else the
 * user's own in the organization or in a customer. It is never a union.
 */

/** Over the columns of `user`: may sign in. */
export const MAY_SIGN_IN = sql`(user.status = 'ACTIVE' AND user.deleted = 0)`;

/** Over the columns of `user`: somebody whom the trusted issuer with this id may sign in, by customer and role. */
export const isListedBy = (issuerId: SQL): SQL => sql`(EXISTS (SELECT 1 FROM trusted_issuer_customer
    WHERE trusted_issuer_customer.issuer_id = ${issuerId} AND trusted_issuer_customer.customer_id = user.customer_id)
  AND EXISTS (SELECT 1 FROM trusted_issuer_role
    WHERE trusted_issuer_role.issuer_id = ${issuerId} AND trusted_issuer_role.role_id = user.role_id))`;

/** Over the columns of `session` and `user`: may go on. What a trusted issuer began, only while it might begin it now. */
export const MAY_GO_ON = sql`(${MAY_SIGN_IN} AND (session.issuer_id IS NULL OR ${isListedBy(sql`session.issuer_id`)}))`;

/** Over the columns of `user`: the role in this live tenant, or, where that is NULL, the user's own. */
const roleIdIn = (tenantId: SQL): SQL => sql`CASE WHEN ${tenantId} IS NULL THEN user.role_id ELSE (
  SELECT assignment.role_id FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
  WHERE assignment.user_id = user.id AND assignment.tenant_id = ${tenantId}) END`;

/** Over the columns of `user`: how far, and by which role. Without a role there is no way there, or not any more. */
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

export type EffectiveRole = RowOf<ReturnType<typeof effectiveRoleIn>>;
/** How far, without what may be done there. */
export type EffectiveRoleReach = Omit<EffectiveRole, 'permissions'>;

/** Null for a user without a role there. */
export function grantOf(
  sessionId: string,
  { userId, kind, customerId, tenantId, roleId }: EffectiveRoleReach,
): Grant | null {
  if (roleId === null) return null;
  if (tenantId !== null) return { userId, sessionId, reach: 'TENANTS', tenantId, customerId: null };
  if (kind === 'TENANT') return null;
  return { userId, sessionId, reach: kind, tenantId: null, customerId };
}

export const reachOfGrant = ({ reach, tenantId, customerId }: Grant): Reach =>
  reachOf(reach, tenantId === null ? [] : [tenantId], customerId);

export const permissionsIn = ({ permissions }: EffectiveRole): Set<Permission> =>
  new Set(parseJsonList<Permission>(permissions));

/** Over the columns of `user`: the tenants where the user has a role, the live ones, as a SELECT of their ids. */
const tenantsOf = (condition: SQL): SQL =>
  sql`SELECT assignment.tenant_id FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
    WHERE assignment.user_id = user.id AND ${condition}`;

/** Over the columns of `user`: the one of them that an identifier names; NULL if it names none. */
export const assignedTenant = ({ id, externalId }: TenantIdentifier): SQL =>
  id == null
    ? sql`(${tenantsOf(sql`tenant.external_id_key = ${comparable(externalId ?? '')}`)})`
    : sql`(${tenantsOf(sql`tenant.id = ${id}`)})`;

/**
 * Over the columns of `user`: which tenant the user starts in. The default one, if there is a role there; else, for a
 * user with no role of another kind, the oldest with one. NULL is the user's own role.
 */
export const STARTING_TENANT = sql`COALESCE((${tenantsOf(sql`assignment.tenant_id = user.default_tenant_id`)}),
  CASE user.kind WHEN 'TENANT' THEN (${tenantsOf(sql`TRUE`)} ORDER BY assignment.tenant_id LIMIT 1) END)`;
