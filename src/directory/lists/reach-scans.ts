import { type Column, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { customers } from '../../db/schema/customers.ts';
import { events, eventTenants } from '../../db/schema/events.ts';
import { memberships } from '../../db/schema/memberships.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { users } from '../../db/schema/users.ts';
import { namesOnlyReached, type Reach } from '../access/reach.ts';
import type { Partition } from './index-scan.ts';

/* Where lists begin: each of these sources has what is in reach, in order, and nothing else. */

const user = alias(users, 'scanned');
const assigned = alias(tenantRoles, 'scanned');
const tenant = alias(tenants, 'scanned');
const own = alias(memberships, 'own');

interface TenantSource {
  from: SQL;
  id: Column;
  status: Column;
  nameKey: Column;
  updatedAt: Column;
  deleted: Column;
  partitions: readonly Partition[];
}

/**
 * Where the tenants in reach are scanned in order: the table of tenants, each of those in reach by itself, or those that
 * the customer in reach belongs to, in the order of their ids only.
 */
export function tenantsInReach(reach: Reach): TenantSource {
  const { status, nameKey, updatedAt, deleted } = tenant;
  const columns = { id: tenant.id, status, nameKey, updatedAt, deleted };
  if (reach.kind === 'ORGANIZATION') return { from: sql`tenant scanned`, ...columns, partitions: [] };
  if (reach.kind === 'TENANTS') {
    return { from: sql`tenant scanned`, ...columns, partitions: [{ column: tenant.id, values: reach.tenantIds }] };
  }
  return {
    from: sql`membership own CROSS JOIN tenant scanned ON scanned.id = own.tenant_id`,
    ...columns,
    id: own.tenantId,
    partitions: [{ column: own.customerId, values: [reach.customerId] }],
  };
}

const customer = alias(customers, 'scanned');
const member = alias(memberships, 'scanned');

interface CustomerSource {
  from: SQL;
  id: Column;
  kind: Column;
  nameKey: Column;
  descriptionSort: Column;
  updatedAt: Column;
  deleted: Column;
  partitions: readonly Partition[];
}

/**
 * Where the customers in reach are scanned in order: the table of customers, or the memberships of the tenants in reach,
 * which repeat the sort keys of their customers.
 */
export function customersInReach(reach: Reach): CustomerSource {
  if (reach.kind !== 'TENANTS') {
    const { id, kind, nameKey, descriptionSort, updatedAt, deleted } = customer;
    const partitions = reach.kind === 'CUSTOMER' ? [{ column: id, values: [reach.customerId] }] : [];
    return { from: sql`customer scanned`, id, kind, nameKey, descriptionSort, updatedAt, deleted, partitions };
  }
  return {
    from: sql`membership scanned`,
    id: member.customerId,
    kind: member.customerKind,
    nameKey: member.customerNameKey,
    descriptionSort: member.customerDescriptionSort,
    updatedAt: member.customerUpdatedAt,
    deleted: member.customerDeleted,
    partitions: [{ column: member.tenantId, values: reach.tenantIds, overlapping: true }],
  };
}

interface UserSource {
  from: SQL;
  id: Column;
  status: Column;
  nameKey: Column;
  emailKey: Column;
  updatedAt: Column;
  deleted: Column;
  customerId: Column;
  partitions: readonly Partition[];
}

/** The same for users: their own table, or the roles in the tenants in reach. */
export function usersInReach(reach: Reach): UserSource {
  if (reach.kind !== 'TENANTS') {
    const { id, status, nameKey, emailKey, updatedAt, deleted, customerId } = user;
    const partitions = reach.kind === 'CUSTOMER' ? [{ column: customerId, values: [reach.customerId] }] : [];
    return { from: sql`user scanned`, id, status, nameKey, emailKey, updatedAt, deleted, customerId, partitions };
  }
  return {
    from: sql`assignment scanned`,
    id: assigned.userId,
    status: assigned.userStatus,
    nameKey: assigned.userNameKey,
    emailKey: assigned.userEmailKey,
    updatedAt: assigned.userUpdatedAt,
    deleted: assigned.userDeleted,
    customerId: assigned.userCustomerId,
    partitions: [{ column: assigned.tenantId, values: reach.tenantIds, overlapping: true }],
  };
}

const event = alias(events, 'scanned');
const namedTenant = alias(eventTenants, 'scanned');

interface EventSource {
  from: SQL;
  id: Column;
  type: Column;
  partitions: readonly Partition[];
  where: readonly SQL[];
}

/** Where the events in reach are scanned in order: the feed itself, or the part of it that names a tenant in reach. */
export function eventsInReach(reach: Reach): EventSource {
  if (reach.kind === 'ORGANIZATION') {
    return { from: sql`event scanned`, id: event.id, type: event.type, partitions: [], where: [] };
  }
  const tenantIds = reach.kind === 'TENANTS' ? reach.tenantIds : [];
  return {
    from: sql`event_tenant scanned`,
    id: namedTenant.eventId,
    type: namedTenant.type,
    partitions: [{ column: namedTenant.tenantId, values: tenantIds, overlapping: true }],
    where: [sql`(scanned.type NOT LIKE 'apiKey.%' OR ${namesOnlyReached(tenantIds, namedTenant.eventId)})`],
  };
}
