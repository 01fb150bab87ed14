import { type Column, type SQL, sql } from 'drizzle-orm';
import type { roles } from '../../db/schema/roles.ts';
import { inList, jsonList } from '../../db/statement.ts';
import type { ReachKind } from '../kernel/reach-kinds.ts';
import type { Actor } from './actor.ts';

/**
 * How far a viewer sees and acts. Every statement that reads or writes a record carries one of the predicates below, so
 * that what lies out of reach answers exactly like what does not exist.
 */
export type Reach =
  | { kind: 'ORGANIZATION' }
  /** The live tenants of the credential, read anew at each request: none left, nothing seen. */
  | { kind: 'TENANTS'; tenantIds: readonly string[] }
  /** The live customer of the credential: null when it is hidden or erased, and nothing seen. */
  | { kind: 'CUSTOMER'; customerId: string | null };

/** The reach of this kind, with the tenants or the customer that belong to it. */
export function reachOf(kind: ReachKind, tenantIds: readonly string[], customerId: string | null): Reach {
  if (kind === 'TENANTS') return { kind, tenantIds };
  return kind === 'CUSTOMER' ? { kind, customerId } : { kind };
}

type Id = SQL | Column;

const EVERYTHING = sql`TRUE`;
const NOTHING = sql`FALSE`;

/** Of the tenants that its customer belongs to, a reach of one customer sees the names and no more. */
export function tenantInReach(reach: Reach, tenantId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'TENANTS') return inList(tenantId, reach.tenantIds);
  return sql`EXISTS (SELECT 1 FROM membership
    WHERE membership.customer_id = ${reach.customerId} AND membership.tenant_id = ${tenantId})`;
}

/** A customer is in reach as a member of a tenant in reach. */
export function customerInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return sql`${customerId} IS ${reach.customerId}`;
  return sql`EXISTS (
    SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
    JOIN membership ON membership.tenant_id = reached.value AND membership.customer_id = ${customerId})`;
}

/** For a customer in reach: whether all of its live memberships are, so that editing it touches nobody else's data. */
export function customerWhollyInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return NOTHING;
  return sql`NOT EXISTS (
    SELECT 1 FROM membership JOIN tenant ON tenant.id = membership.tenant_id AND tenant.deleted_at IS NULL
    WHERE membership.customer_id = ${customerId} AND NOT ${inList(sql`membership.tenant_id`, reach.tenantIds)})`;
}

/** A user is in reach by a role in a tenant in reach, or as one of the customer's. */
export function userInReach(reach: Reach, userId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') {
    return sql`EXISTS (SELECT 1 FROM user reached WHERE reached.id = ${userId} AND reached.customer_id = ${reach.customerId})`;
  }
  return sql`EXISTS (
    SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
    JOIN assignment ON assignment.tenant_id = reached.value AND assignment.user_id = ${userId})`;
}

/** For a user in reach: whether all that the user reaches is, by whatever role, in hidden tenants as well. */
export function userWhollyInReach(reach: Reach, userId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  const kind = reach.kind === 'CUSTOMER' ? 'CUSTOMER' : 'TENANT';
  const reached = reach.kind === 'CUSTOMER' ? NOTHING : inList(sql`assignment.tenant_id`, reach.tenantIds);
  return sql`((SELECT held.kind FROM user held WHERE held.id = ${userId}) = ${kind}
    AND NOT EXISTS (SELECT 1 FROM assignment WHERE assignment.user_id = ${userId} AND NOT ${reached}))`;
}

/** Whether a role in a tenant shows: those in the tenants of the viewer's own reach. */
export function tenantRoleInReach(reach: Reach, tenantId: Id): SQL {
  return reach.kind === 'CUSTOMER' ? NOTHING : tenantInReach(reach, tenantId);
}

/** Data sources are the tenant's own: of those that its customer belongs to, a reach of one customer sees none. */
export function dataSourceInReach(reach: Reach, tenantId: Id): SQL {
  const inReach = reach.kind === 'CUSTOMER' ? NOTHING : tenantInReach(reach, tenantId);
  return sql`(${inReach} AND EXISTS (SELECT 1 FROM tenant owner WHERE owner.id = ${tenantId} AND owner.deleted_at IS NULL))`;
}

type RoleScope = typeof roles.$inferSelect.scope;
const SHOWN_SCOPES: Record<ReachKind, readonly RoleScope[]> = {
  ORGANIZATION: ['ORGANIZATION', 'CUSTOMER', 'TENANT'],
  TENANTS: ['TENANT'],
  CUSTOMER: ['CUSTOMER'],
};

/** The team: users with a role in the organization. */
export const teamInReach = ({ kind }: Reach): SQL => (kind === 'ORGANIZATION' ? EVERYTHING : NOTHING);

/** Whom the organization trusts is its own business. */
export const trustedIssuerInReach = teamInReach;

/** Roles belong to nobody; they show to those who reach where users have them. */
export const roleInReach = ({ kind }: Reach, scope: Id): SQL => inList(scope, SHOWN_SCOPES[kind]);

/**
 * A key is in reach when its own reach lies inside: all the tenants it was given, hidden ones included, which could come
 * back. It always reaches itself.
 */
export function apiKeyInReach({ reach, actor }: { reach: Reach; actor: Actor }, apiKeyId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return sql`${apiKeyId} IS ${actor.id}`;
  return sql`(${apiKeyId} IS ${actor.id} OR EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId})
    AND NOT EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId}
      AND NOT ${inList(sql`api_key_tenant.tenant_id`, reach.tenantIds)})
    AND (SELECT reach FROM api_key reaching WHERE reaching.id = ${apiKeyId}) = 'TENANTS')`;
}

/** An event is in reach when it names a tenant in reach; one about a key, when the key's whole reach was. */
export function eventInReach(reach: Reach, eventId: Id, subjectType: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return NOTHING;
  return sql`(EXISTS (SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
      JOIN event_tenant ON event_tenant.tenant_id = reached.value AND event_tenant.event_id = ${eventId})
    AND (${subjectType} <> 'ApiKey' OR ${namesOnlyReached(reach.tenantIds, eventId)}))`;
}

/** A key may name several tenants: its events are for whoever reaches all of them, like the key itself. */
export const namesOnlyReached = (tenantIds: readonly string[], eventId: Id): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM event_tenant named
    WHERE named.event_id = ${eventId} AND NOT ${inList(sql`named.tenant_id`, tenantIds)})`;
