import type { Column, SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { customers } from '../../db/schema/customers.ts';
import { memberships } from '../../db/schema/memberships.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { tenants } from '../../db/schema/tenants.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import type { Reach } from '../access/reach.ts';
import type { Partition } from './index-scan.ts';

/**
 * Where the records in reach are scanned in order, and nothing else is. The table may be another than theirs, which
 * repeats their columns under other names.
 */
export interface ReachScan<Name extends string> {
  from: SQL;
  columns: Record<Name, Column>;
  /** What leads the index for the reach. */
  partitions: readonly Partition[];
}

type EntityColumn = 'id' | 'nameSort' | 'updatedAt' | 'deleted';

const tenant = columnsAs(tenants, 'scanned');
const ownMembership = columnsAs(memberships, 'own');

/**
 * Returns where the tenants in reach are scanned, or those of them that are among `ids`. That is their table, or each by
 * itself, or those that the customer in reach belongs to. The last are in the order of their ids only.
 */
export function tenantsInReach(reach: Reach, ids: readonly string[] | null = null): ReachScan<EntityColumn | 'status'> {
  if (reach.kind !== 'CUSTOMER') {
    const reached = reach.kind === 'TENANTS' ? reach.tenantIds : null;
    const values = ids && reached ? ids.filter((id) => reached.includes(id)) : (ids ?? reached);
    const partitions = values ? [{ column: tenant.id, values }] : [];
    return { from: sql`tenant scanned`, columns: tenant, partitions };
  }
  return {
    from: sql`membership own CROSS JOIN tenant scanned ON scanned.id = own.tenant_id`,
    columns: { ...tenant, id: ownMembership.tenantId },
    partitions: [
      { column: ownMembership.customerId, values: [reach.customerId] },
      ...(ids ? [{ column: ownMembership.tenantId, values: ids }] : []),
    ],
  };
}

const customer = columnsAs(customers, 'scanned');
const membership = columnsAs(memberships, 'scanned');

/** Where customers are scanned. */
export type CustomerScan = ReachScan<EntityColumn | 'kind' | 'descriptionSort'>;

/**
 * Returns where the customers in reach are scanned. That is their table, or the memberships of the tenants in reach,
 * which repeat the sort keys of customers.
 */
export function customersInReach(reach: Reach): CustomerScan {
  if (reach.kind !== 'TENANTS') {
    const partitions = reach.kind === 'CUSTOMER' ? [{ column: customer.id, values: [reach.customerId] }] : [];
    return { from: sql`customer scanned`, columns: customer, partitions };
  }
  return members([{ column: membership.tenantId, values: reach.tenantIds, overlapping: true }]);
}

/**
 * Returns where the customers in reach are scanned who belong to any of some tenants in reach: at most `count` of them, which
 * the query answers as `value`.
 */
export function membersInReach(reach: Reach, { query, count }: { query: SQL; count: number }): CustomerScan {
  return members([
    { column: membership.tenantId, values: query, most: count, overlapping: true },
    ...(reach.kind === 'CUSTOMER' ? [{ column: membership.customerId, values: [reach.customerId] }] : []),
  ]);
}

const members = (partitions: readonly Partition[]): CustomerScan => ({
  from: sql`membership scanned`,
  columns: {
    id: membership.customerId,
    kind: membership.customerKind,
    nameSort: membership.customerNameKey,
    descriptionSort: membership.customerDescriptionSort,
    updatedAt: membership.customerUpdatedAt,
    deleted: membership.customerDeleted,
  },
  partitions,
});

const user = columnsAs(users, 'scanned');
const tenantRole = columnsAs(tenantRoles, 'scanned');

/**
 * Returns where the users in reach are scanned. That is their table, or the roles in the tenants in reach, which repeat
 * the sort keys of users.
 */
export function usersInReach(reach: Reach): ReachScan<EntityColumn | 'status' | 'emailKey' | 'customerId'> {
  if (reach.kind !== 'TENANTS') {
    const partitions = reach.kind === 'CUSTOMER' ? [{ column: user.customerId, values: [reach.customerId] }] : [];
    return { from: sql`user scanned`, columns: user, partitions };
  }
  return {
    from: sql`assignment scanned`,
    columns: {
      id: tenantRole.userId,
      status: tenantRole.userStatus,
      nameSort: tenantRole.userNameKey,
      emailKey: tenantRole.userEmailKey,
      updatedAt: tenantRole.userUpdatedAt,
      deleted: tenantRole.userDeleted,
      customerId: tenantRole.userCustomerId,
    },
    partitions: [{ column: tenantRole.tenantId, values: reach.tenantIds, overlapping: true }],
  };
}
