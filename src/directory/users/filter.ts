import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { columnsAs } from '../../db/alias.ts';
import { tenantRoles } from '../../db/schema/tenant-roles.ts';
import { users } from '../../db/schema/users.ts';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import { customerInReach, type Reach, tenantRoleInReach } from '../access/reach.ts';
import { choice, flag, id, text } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { hasAnyKey, soughtEmail } from '../kernel/sought-keys.ts';
import { idsWithin } from '../lists/entity-candidates.ts';
import { anyOf, deletedValues, type EntityFilter, entityFilter } from '../lists/entity-filter.ts';
import type { IndexScan } from '../lists/index-scan.ts';
import { nameFilter } from '../lists/name-filter.ts';
import { usersInReach } from '../lists/reach-scans.ts';
import { candidatesContaining, contains, type Searched, searchedEmail } from '../lists/search.ts';

/** What state a user can be in, as the database has it. */
export const USER_STATUSES = users.status.enumValues;

/** What the list of users can be filtered by. */
export const userFilter = lazily(() =>
  z.object({
    ...entityFilter(),
    ...nameFilter(),
    statuses: anyOf(choice(USER_STATUSES)).nullish(),
    /** The address, the whole of it. */
    email: text().nullish(),
    emailContains: text().nullish(),
    hasExternalId: flag().nullish(),
    /** The customer whom they belong to. */
    customerId: id().nullish(),
    /** Whether they belong to a customer that the viewer reaches. */
    hasCustomer: flag().nullish(),
    /** Whether they have a role anywhere: of their own, or in a tenant that is not deleted. */
    hasPlace: flag().nullish(),
    /** The role that they have: their own, or one in a tenant that the viewer reaches, deleted tenants included. */
    roleId: id().nullish(),
  }),
);

/** A filter of users, once it has been validated. */
export type UserFilter = OutputOf<typeof userFilter>;

/** What a part of a filter says of users, and what of them is read for it. */
interface Part extends Pick<EntityFilter, 'within' | 'bounds' | 'byId'> {
  conditions?: readonly SQL[];
  candidates?: readonly SQL[];
}

/**
 * Returns what the filter says of users beyond what all lists share. Where an index leads to those who can match, they are
 * found by it; where none does, a page tries those in reach, one after the other.
 */
export function partsOf(searched: Searched, reach: Reach, filter: UserFilter): Part {
  const parts = [
    emailPart(reach, filter),
    emailContainsPart(searched, reach, filter),
    ofCustomer(reach, filter),
    hasCustomerPart(reach, filter),
    hasExternalIdPart(reach, filter),
    hasPlacePart(reach, filter),
    ofRole(reach, filter),
  ];
  const within = parts.find((part) => part.within)?.within ?? null;
  return {
    within,
    // Within one customer there are fewer.
    byId: within ? null : (parts.find((part) => part.byId)?.byId ?? null),
    bounds: parts.flatMap((part) => part.bounds ?? []),
    conditions: parts.flatMap((part) => part.conditions ?? []),
    candidates: parts.flatMap((part) => part.candidates ?? []),
  };
}

function emailPart(reach: Reach, { email }: UserFilter): Part {
  if (email == null) return {};
  const keys = soughtEmail(email);
  return {
    conditions: [hasAnyKey({ key: users.emailKey, version: users.keyVersion }, [keys])],
    bounds: [[inList(usersInReach(reach).columns.emailKey, keys)]],
  };
}

function emailContainsPart(searched: Searched, reach: Reach, { emailContains }: UserFilter): Part {
  if (emailContains == null) return {};
  const email = searchedEmail(users);
  return {
    conditions: [contains(email, emailContains)],
    candidates: candidatesContaining(searched, reach, email, emailContains),
  };
}

const scanned = columnsAs(users, 'scanned');
const held = columnsAs(tenantRoles, 'held');

/** Users within these customers, in every order. */
const withinCustomers = (customerIds: readonly string[]): Part => ({
  within: {
    partition: { column: scanned.customerId, values: customerIds },
    condition: inList(sql`+${users.customerId}`, customerIds),
  },
});

/** Over the columns of `user`: the user belongs to a customer in reach. That is the only one who is shown. */
const isOfCustomer = (reach: Reach): SQL =>
  sql`(${users.customerId} IS NOT NULL AND ${customerInReach(reach, users.customerId)})`;

function ofCustomer(reach: Reach, { customerId }: UserFilter): Part {
  if (customerId == null) return {};
  if (reach.kind === 'ORGANIZATION') return withinCustomers([customerId]);
  if (reach.kind === 'CUSTOMER') return withinCustomers(customerId === reach.customerId ? [customerId] : []);
  const { columns, partitions, from } = usersInReach(reach);
  const scan = { from, id: columns.id, where: [], partitions: [{ column: columns.customerId, values: [customerId] }] };
  return {
    conditions: [sql`+${users.customerId} = ${customerId}`, isOfCustomer(reach)],
    candidates: [idsWithin({ ...scan, partitions: [...scan.partitions, ...partitions] })],
  };
}

function hasCustomerPart(reach: Reach, filter: UserFilter): Part {
  const { hasCustomer } = filter;
  if (hasCustomer == null) return {};
  if (reach.kind === 'CUSTOMER') return hasCustomer ? {} : { ...withinCustomers([]), conditions: [sql`FALSE`] };
  if (!hasCustomer) {
    const conditions = [sql`NOT ${isOfCustomer(reach)}`];
    if (reach.kind !== 'ORGANIZATION') return { conditions };
    return { conditions, ...scanning(filter, sql`${scanned.customerId} IS NULL`) };
  }
  const all = sql`SELECT ${users.id} AS id FROM user WHERE ${users.customerId} IS NOT NULL`;
  return { conditions: [isOfCustomer(reach)], candidates: reach.kind === 'ORGANIZATION' ? [all] : [] };
}

function hasExternalIdPart(reach: Reach, filter: UserFilter): Part {
  const { hasExternalId } = filter;
  if (hasExternalId == null) return {};
  const is = hasExternalId ? sql`IS NOT NULL` : sql`IS NULL`;
  const conditions = [sql`${users.externalIdKey} ${is}`];
  if (reach.kind !== 'ORGANIZATION') return { conditions };
  if (!hasExternalId) return { conditions, ...scanning(filter, sql`${scanned.externalIdKey} IS NULL`) };
  return { conditions, candidates: [sql`SELECT ${users.id} AS id FROM user WHERE ${users.externalIdKey} IS NOT NULL`] };
}

/** Who has a role anywhere. Whoever reaches a part of the organization reaches nobody without one. */
function hasPlacePart(reach: Reach, filter: UserFilter): Part {
  const { hasPlace } = filter;
  if (hasPlace == null) return {};
  if (reach.kind !== 'ORGANIZATION') return hasPlace ? {} : NOBODY;
  const conditions = [sql`${users.hasPlace} = ${hasPlace ? 1 : 0}`];
  return hasPlace ? { conditions } : { conditions, ...scanning(filter, sql`${scanned.hasPlace} = 0`) };
}

const NOBODY: Part = {
  conditions: [sql`FALSE`],
  candidates: [sql`SELECT ${users.id} AS id FROM user WHERE FALSE`],
};

/**
 * Who has a role. The unary plus keeps SQLite from looking for a user among all who have it. Those who reach some tenants only
 * are shown no role but those there, and those who reach a customer no role in a tenant.
 */
function ofRole(reach: Reach, filter: UserFilter): Part {
  const { roleId } = filter;
  if (roleId == null) return {};
  const has = sql`+${users.roleId} = ${roleId}`;
  if (reach.kind === 'CUSTOMER') return { conditions: [has] };
  const deleted = deletedValues(filter);
  const statuses = filter.statuses ?? USER_STATUSES;
  const inTenants = reach.kind === 'TENANTS' ? [{ column: held.tenantId, values: reach.tenantIds }] : [];
  const hasInTenant = sql`EXISTS (SELECT 1 FROM assignment held WHERE held.user_id = ${users.id}
    AND +held.role_id = ${roleId} AND ${tenantRoleInReach(reach, held.tenantId)})`;
  const inTenant = idsWithin({
    from: sql`assignment held`,
    id: held.userId,
    partitions: [
      { column: held.userDeleted, values: deleted },
      { column: held.userStatus, values: statuses },
      ...inTenants,
    ],
    where: [sql`held.role_id = ${roleId}`],
  });
  if (reach.kind === 'TENANTS') return { conditions: [hasInTenant], candidates: [inTenant] };
  const own = idsWithin({
    from: sql`user scanned`,
    id: scanned.id,
    partitions: [
      { column: scanned.kind, values: ['ORGANIZATION', 'CUSTOMER'] },
      { column: scanned.deleted, values: deleted },
      { column: scanned.status, values: statuses },
    ],
    where: [sql`scanned.role_id = ${roleId}`],
  });
  return { conditions: [sql`(${has} OR ${hasInTenant})`], candidates: [sql`${own} UNION ALL ${inTenant}`] };
}

/** Users who satisfy a condition for which there is an index in the order of their ids. */
function scanning(filter: UserFilter, condition: SQL): Part {
  const byId: Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'> = {
    from: sql`user scanned`,
    id: scanned.id,
    partitions: [
      { column: scanned.deleted, values: deletedValues(filter) },
      { column: scanned.status, values: filter.statuses ?? USER_STATUSES },
    ],
    where: [condition],
  };
  return { byId, candidates: [idsWithin(byId)] };
}
