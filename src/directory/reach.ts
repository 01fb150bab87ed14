import { type Column, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { customers } from '../db/schema/customers.ts';
import { events, eventTenants } from '../db/schema/events.ts';
import { memberships } from '../db/schema/memberships.ts';
import { tenants } from '../db/schema/tenants.ts';
import { inList, jsonList } from '../db/statement.ts';
import type { Viewer } from './viewer.ts';
import type { Partition } from './walk.ts';

/**
 * How far a viewer sees and acts. Every statement that reads or writes a record carries one of the predicates below, so
 * that what lies out of reach answers exactly like what does not exist.
 */
export type Reach =
  | { kind: 'ORGANIZATION' }
  /** The live tenants of the credential, read anew at each request: none left, nothing seen. */
  | { kind: 'TENANTS'; tenantIds: readonly string[] };

type Id = SQL | Column;

const EVERYTHING = sql`TRUE`;

export function tenantInReach(reach: Reach, tenantId: Id): SQL {
  return reach.kind === 'ORGANIZATION' ? EVERYTHING : inList(tenantId, reach.tenantIds);
}

/** A customer is in reach as a member of a tenant in reach. */
export function customerInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  return sql`EXISTS (
    SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
    JOIN membership ON membership.tenant_id = reached.value AND membership.customer_id = ${customerId})`;
}

/** For a customer in reach: whether all of its live memberships are, so that editing it touches nobody else's data. */
export function customerWhollyInReach(reach: Reach, customerId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  return sql`NOT EXISTS (
    SELECT 1 FROM membership JOIN tenant ON tenant.id = membership.tenant_id AND tenant.deleted_at IS NULL
    WHERE membership.customer_id = ${customerId} AND NOT ${inList(sql`membership.tenant_id`, reach.tenantIds)})`;
}

/**
 * A key is in reach when its own reach lies inside: all the tenants it was given, hidden ones included, which could come
 * back. It always reaches itself.
 */
export function apiKeyInReach({ reach, actor }: Pick<Viewer, 'reach' | 'actor'>, apiKeyId: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  return sql`(${apiKeyId} IS ${actor.id} OR EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId})
    AND NOT EXISTS (SELECT 1 FROM api_key_tenant WHERE api_key_tenant.api_key_id = ${apiKeyId}
      AND NOT ${inList(sql`api_key_tenant.tenant_id`, reach.tenantIds)})
    AND (SELECT reach FROM api_key reaching WHERE reaching.id = ${apiKeyId}) = 'TENANTS')`;
}

/** An event is in reach when it names a tenant in reach; one about a key, when the key's whole reach was. */
export function eventInReach(reach: Reach, eventId: Id, subjectType: Id): SQL {
  if (reach.kind === 'ORGANIZATION') return EVERYTHING;
  return sql`(EXISTS (SELECT 1 FROM json_each(${jsonList(reach.tenantIds)}) reached
      JOIN event_tenant ON event_tenant.tenant_id = reached.value AND event_tenant.event_id = ${eventId})
    AND (${subjectType} <> 'ApiKey' OR ${namesOnlyReached(reach.tenantIds, eventId)}))`;
}

const tenant = alias(tenants, 'walked');

interface TenantSource {
  from: SQL;
  id: Column;
  status: Column;
  nameKey: Column;
  updatedAt: Column;
  deleted: Column;
  partitions: readonly Partition[];
}

/** Where the tenants in reach are walked in order: the table of tenants, or each of those in reach by itself. */
export function tenantsInReach(reach: Reach): TenantSource {
  const { id, status, nameKey, updatedAt, deleted } = tenant;
  const partitions = reach.kind === 'ORGANIZATION' ? [] : [{ column: id, values: reach.tenantIds }];
  return { from: sql`tenant walked`, id, status, nameKey, updatedAt, deleted, partitions };
}

const customer = alias(customers, 'walked');
const member = alias(memberships, 'walked');

interface CustomerSource {
  from: SQL;
  id: Column;
  kind: Column;
  nameKey: Column;
  updatedAt: Column;
  deleted: Column;
  partitions: readonly Partition[];
}

/**
 * Where the customers in reach are walked in order: the table of customers, or the memberships of the tenants in reach,
 * which repeat the sort keys of their customers.
 */
export function customersInReach(reach: Reach): CustomerSource {
  if (reach.kind === 'ORGANIZATION') {
    const { id, kind, nameKey, updatedAt, deleted } = customer;
    return { from: sql`customer walked`, id, kind, nameKey, updatedAt, deleted, partitions: [] };
  }
  return {
    from: sql`membership walked`,
    id: member.customerId,
    kind: member.customerKind,
    nameKey: member.customerNameKey,
    updatedAt: member.customerUpdatedAt,
    deleted: member.customerDeleted,
    partitions: [{ column: member.tenantId, values: reach.tenantIds, overlapping: true }],
  };
}

const event = alias(events, 'walked');
const namedTenant = alias(eventTenants, 'walked');

interface EventSource {
  from: SQL;
  id: Column;
  type: Column;
  partitions: readonly Partition[];
  where: readonly SQL[];
}

/** Where the events in reach are walked in order: the feed itself, or the part of it that names a tenant in reach. */
export function eventsInReach(reach: Reach): EventSource {
  if (reach.kind === 'ORGANIZATION') {
    return { from: sql`event walked`, id: event.id, type: event.type, partitions: [], where: [] };
  }
  return {
    from: sql`event_tenant walked`,
    id: namedTenant.eventId,
    type: namedTenant.type,
    partitions: [{ column: namedTenant.tenantId, values: reach.tenantIds, overlapping: true }],
    where: [sql`(walked.type NOT LIKE 'apiKey.%' OR ${namesOnlyReached(reach.tenantIds, namedTenant.eventId)})`],
  };
}

/** A key may name several tenants: its events are for whoever reaches all of them, like the key itself. */
const namesOnlyReached = (tenantIds: readonly string[], eventId: Id): SQL =>
  sql`NOT EXISTS (SELECT 1 FROM event_tenant named
    WHERE named.event_id = ${eventId} AND NOT ${inList(sql`named.tenant_id`, tenantIds)})`;
