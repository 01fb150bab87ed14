import type { Column, SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { inList, jsonList } from '../../db/statement.ts';
import type { ReachKind } from '../kernel/reach-kinds.ts';
import type { RoleScope } from '../kernel/role-scopes.ts';
import type { Actor } from './actor.ts';

/**
 * How far a viewer sees and acts. Every statement that reads or writes a record carries one of the conditions in this
 * file. So a record out of reach looks exactly like one that does not exist.
 */
export type Reach =
  | { kind: 'ORGANIZATION' }
  /** The live tenants of the credential, read anew at each request. A viewer with none left sees nothing. */
  | { kind: 'TENANTS'; tenantIds: readonly string[] }
  /** The live customer of the credential. A viewer whose customer is hidden or erased (null) sees nothing. */
  | { kind: 'CUSTOMER'; customerId: string | null };

/** Returns the reach of this kind, with the tenants or the customer that belong to it. */
export function reachOf(kind: ReachKind, tenantIds: readonly string[], customerId: string | null): Reach {
  if (kind === 'TENANTS') return { kind, tenantIds };
  return kind === 'CUSTOMER' ? { kind, customerId } : { kind };
}

/** Where a user acts with an access token: in a tenant, for a customer, or, with neither, in the whole organization. */
interface Place {
  tenantId: string | null;
  customerId: string | null;
}

/** Whether a place is within a reach. A reach of one customer has none of its tenants. */
export function isWithin(reach: Reach, { tenantId, customerId }: Place): boolean {
  if (reach.kind === 'ORGANIZATION') return true;
  if (reach.kind === 'TENANTS') return tenantId !== null && reach.tenantIds.includes(tenantId);
  return customerId !== null && customerId === reach.customerId;
}

type Id = SQL | Column;

const EVERYTHING = sql`TRUE`;
const NOTHING = sql`FALSE`;

/** Whether a tenant is in reach. A reach of one customer includes the customer's tenants, but only their names. */
export function tenantInReach(reach: Reach, tenantId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'TENANTS') return inList(tenantId, reach.tenantIds);
  return sql`EXISTS (SELECT 1 FROM membership
    WHERE membership.customer_id = ${reach.customerId} AND membership.tenant_id = ${tenantId})`;
}

/**
 * Whether a customer is in reach: as a member of a tenant in reach, or as the viewer's own customer. It is hidden from
 * a key of other tenants, as if it did not exist.
 */
export function customerInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return sql`${customerId} IS ${reach.customerId}`;
  return sql`EXISTS (
    SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
    JOIN membership ON membership.tenant_id = reached.value AND membership.customer_id = ${customerId})`;
}

/** Whether all live tenants of a customer in reach are in reach too, so that a change touches nobody else's data. */
export function customerWhollyInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return NOTHING;
  return sql`NOT EXISTS (
    SELECT 1 FROM membership JOIN tenant ON tenant.id = membership.tenant_id AND tenant.deleted_at IS NULL
    WHERE membership.customer_id = ${customerId} AND NOT ${inList(sql`membership.tenant_id`, reach.tenantIds)})`;
}

/** Whether a user is in reach: by a role in a tenant in reach, or as a user of the viewer's own customer. */
export function userInReach(reach: Reach, userId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') {
    return sql`EXISTS (SELECT 1 FROM user reached WHERE reached.id = ${userId} AND reached.customer_id = ${reach.customerId})`;
  }
  return sql`EXISTS (
    SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
    JOIN assignment ON assignment.tenant_id = reached.value AND assignment.user_id = ${userId})`;
}

/** Whether everything that a user in reach can reach by any role is in reach too. Roles in hidden tenants count. */
export function userWhollyInReach(reach: Reach, userId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  const kind = reach.kind === 'CUSTOMER' ? 'CUSTOMER' : 'TENANT';
  const reached = reach.kind === 'CUSTOMER' ? NOTHING : inList(sql`assignment.tenant_id`, reach.tenantIds);
  return sql`((SELECT held.kind FROM user held WHERE held.id = ${userId}) = ${kind}
    AND NOT EXISTS (SELECT 1 FROM assignment WHERE assignment.user_id = ${userId} AND NOT ${reached}))`;
}

/** Whether the tenant roles in a tenant are in reach. A reach of one customer includes none. */
export function tenantRoleInReach(reach: Reach, tenantId: Id): SQL {
  return reach.kind === 'CUSTOMER' ? NOTHING : tenantInReach(reach, tenantId);
}

/** Whether the data sources of a tenant are in reach: they are the tenant's own, and no customer's business. */
export function dataSourceInReach(reach: Reach, tenantId: Id): SQL {
  const inReach = reach.kind === 'CUSTOMER' ? NOTHING : tenantInReach(reach, tenantId);
  return sql`(${inReach} AND EXISTS (SELECT 1 FROM tenant owner WHERE owner.id = ${tenantId} AND owner.deleted_at IS NULL))`;
}

const SHOWN_SCOPES: Record<ReachKind, readonly RoleScope[]> = {
  ORGANIZATION: ['ORGANIZATION', 'CUSTOMER', 'TENANT'],
  TENANTS: ['TENANT'],
  CUSTOMER: ['CUSTOMER'],
};

/** Whether the team, the users with a role in the organization, is in reach: only for a reach of the organization. */
export const teamInReach = ({ kind }: Reach): SQL => (kind === 'ORGANIZATION' ? EVERYTHING : NOTHING);

/** Whether trusted issuers are in reach: only for a reach of the organization, which decides whom to trust. */
export const trustedIssuerInReach = teamInReach;

/** Whether a role of this scope is in reach: for those who reach a place where users have such roles. */
export const roleInReach = ({ kind }: Reach, scope: Id): SQL => inList(scope, SHOWN_SCOPES[kind]);

/**
 * Whether an API key is in reach: all the tenants that it was given are, or the viewer is the key itself. Hidden
 * tenants of the key count, because they could come back.
 */
export function apiKeyInReach({ reach, actor }: { reach: Reach; actor: Actor }, apiKeyId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return sql`${apiKeyId} IS ${actor.id}`;
  const isItself = sql`${apiKeyId} IS ${actor.id}`;
  const hasTenants = sql`EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId})`;
  const hasOthers = sql`EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId}
      AND NOT ${inList(sql`api_key_tenant.tenant_id`, reach.tenantIds)})`;
  const reachesTenants = sql`(SELECT reach FROM api_key reaching WHERE reaching.id = ${apiKeyId}) = 'TENANTS'`;
  return sql`(${isItself} OR ${hasTenants} AND NOT ${hasOthers} AND ${reachesTenants})`;
}

/** Whether a webhook is in reach: all the tenants that it was given are. Hidden ones count, because they could come back. */
export function webhookInReach(reach: Reach, webhookId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return NOTHING;
  const hasTenants = sql`EXISTS (SELECT 1 FROM webhook_tenant WHERE webhook_tenant.webhook_id = ${webhookId})`;
  const hasOthers = sql`EXISTS (SELECT 1 FROM webhook_tenant WHERE webhook_tenant.webhook_id = ${webhookId}
      AND NOT ${inList(sql`webhook_tenant.tenant_id`, reach.tenantIds)})`;
  const reachesTenants = sql`(SELECT reach FROM webhook reaching WHERE reaching.id = ${webhookId}) = 'TENANTS'`;
  return sql`(${hasTenants} AND NOT ${hasOthers} AND ${reachesTenants})`;
}

/** Whether an event is in reach: it names a tenant in reach and, if it is about a key or a webhook, no tenant out of reach. */
export function eventInReach(reach: Reach, eventId: Id, subjectType: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  if (reach.kind === 'CUSTOMER') return NOTHING;
  return sql`(EXISTS (SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
      JOIN event_tenant ON event_tenant.tenant_id = reached.value AND event_tenant.event_id = ${eventId})
    AND (${subjectType} NOT IN ('ApiKey', 'Webhook') OR ${namesOnlyReached(reach.tenantIds, eventId)}))`;
}

/** Whether an event names only these tenants. Events of a key or a webhook have to, because its other tenants are hidden. */
export const namesOnlyReached = (tenantIds: readonly string[], eventId: Id): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM event_tenant named
    WHERE named.event_id = ${eventId} AND NOT ${inList(sql`named.tenant_id`, tenantIds)})`;
