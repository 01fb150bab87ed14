import type { SQL } from 'drizzle-orm';
import * as z from 'zod';
import { sql } from '../../db/sql.ts';
import type { Statement } from '../../db/statement.ts';
import { customerInReach, type Reach, userWhollyInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { tenantIn, toLookUp } from '../commands/references.ts';
import { outlastsBy } from '../guards/expiry-guard.ts';
import { permissionsNotHeld, permissionsOfRole, permissionsOfUser } from '../guards/grant-guard.ts';
import type { GivenRow } from '../imports/import.ts';
import { type Found, givenJson, joinIdentified, type LookupRow, lookUp } from '../imports/lookup.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import {
  type CustomerIdentifier,
  choice,
  customerIdentifier,
  emailAddress,
  isIdentified,
  MAX_IDENTIFIERS,
  type RoleIdentifier,
  roleIdentifier,
  tenantIdentifier,
} from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import type { Permission } from '../kernel/permission-names.ts';
import {
  hasKey,
  holderOf,
  meantFirst,
  soughtEmail,
  soughtExternalId,
  soughtIn,
  soughtName,
} from '../kernel/sought-keys.ts';
import { ACCEPTED_STATUS, userDetails } from './columns.ts';
import { USER } from './entity.ts';
import { USER_STATUSES } from './filter.ts';

/** The schema of a user as an import gives it. */
export const userRow = lazily(() =>
  z
    .object({
      ...userDetails(),
      email: emailAddress().nullish(),
      status: choice(USER_STATUSES).nullish(),
      roleIdentifier: roleIdentifier().nullish(),
      customerIdentifier: customerIdentifier().nullish(),
      tenantRoles: z
        .array(z.object({ tenantIdentifier: tenantIdentifier(), roleIdentifier: roleIdentifier() }))
        .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`)
        .nullish(),
    })
    .superRefine(isIdentified),
);
/** A user as an import gives it, once parsed. */
export type UserRow = OutputOf<typeof userRow>;

interface FoundTenantRole {
  tenantId: string | null;
  roleId: string | null;
  /** The role that the user has there now. */
  heldId: string | null;
  /** What either of the two allows and the viewer may not. */
  beyond: Permission[] | null;
}

/** What decides about a row of the import of users. A holder is the live user who has the value that the row gives. */
export interface FoundUser extends Found {
  kind: 'ORGANIZATION' | 'CUSTOMER' | 'TENANT' | null;
  customerId: string | null;
  whollyInReach: number | null;
  /** What the user may and the viewer may not. */
  beyond: Permission[] | null;
  isTenantAdmin: number;
  /** Whether the user is ACTIVE, or would be if it were not for DEACTIVATED. */
  hasAccepted: number;
  externalIdHolder: string | null;
  externalIdHolderIsSeen: number;
  /** Whether that user is hidden with a deleted customer, and the viewer may know it. */
  externalIdHolderIsHidden: number;
  emailHolderIsHidden: number;
  emailHolder: string | null;
  emailHolderIsSeen: number;
  givenCustomerId: string | null;
  givenRoleId: string | null;
  givenRoleBeyond: Permission[] | null;
  /** Whether the viewer ends, and the user could let others in afterwards by the role that is given, or else held. */
  outlasts: number;
  /** In the order given. */
  tenantRoles: FoundTenantRole[];
}

const roleToFind = ({ id, name }: RoleIdentifier) => ({
  id: id ?? null,
  name: name == null ? null : soughtName(name),
});

const customerToFind = ({ id, externalId, email }: CustomerIdentifier) => ({
  id: id ?? null,
  externalId: externalId == null ? null : soughtExternalId(externalId),
  email: email == null ? null : soughtEmail(email),
});

const toFind = ({ row }: GivenRow<UserRow>) => ({
  externalId: row.externalId == null ? null : soughtExternalId(row.externalId),
  email: row.email == null ? null : soughtEmail(row.email),
  role: row.roleIdentifier && roleToFind(row.roleIdentifier),
  customer: row.customerIdentifier && customerToFind(row.customerIdentifier),
  tenantRoles: (row.tenantRoles ?? []).map(({ tenantIdentifier, roleIdentifier }) => ({
    tenant: toLookUp(tenantIdentifier),
    role: roleToFind(roleIdentifier),
  })),
});

/**
 * Looks up the users that the rows name, and all that the rows name beside them.
 *
 * The plan of the statement: SQLite goes through the rows (`given`) and finds the user of each by the unique index of its
 * external id or e-mail address, if that user is live and in reach. Every fact is a subquery that starts from the ids of that row: it searches an index, and
 * never goes through a table. So what an import reads grows with its rows, and not with the directory.
 */
export function lookUpUsers(viewer: Viewer, rows: readonly GivenRow<UserRow>[]): Statement<LookupRow> {
  const { reach } = viewer;
  const userId = sql`user.id`;
  const { holders, join } = joinIdentified(USER, viewer);
  const givenRoleId = roleIn(roleScope, givenJson('role'));
  return lookUp<FoundUser>(USER, rows.map(toFind), join, {
    kind: sql`user.kind`,
    customerId: sql`user.customer_id`,
    whollyInReach: userWhollyInReach(reach, userId),
    beyond: sql`json(${permissionsNotHeld(viewer, permissionsOfUser(userId))})`,
    isTenantAdmin,
    hasAccepted: sql`${ACCEPTED_STATUS} = 'ACTIVE'`,
    ...holders,
    externalIdHolderIsHidden: isHiddenWithCustomer(viewer, holders.externalIdHolder),
    emailHolderIsHidden: isHiddenWithCustomer(viewer, holders.emailHolder),
    givenCustomerId: customerIn(reach, givenJson('customer')),
    givenRoleId,
    givenRoleBeyond: sql`json(${permissionsNotHeld(viewer, permissionsOfRole(givenRoleId))})`,
    outlasts: outlastsBy(viewer, sql`coalesce(${givenRoleId}, user.role_id)`),
    tenantRoles: sql`json(${tenantRolesOf(viewer)})`,
  });
}

/** Whether the user with this id is hidden with a deleted customer, for a viewer who may know of the user. */
function isHiddenWithCustomer({ permissions, reach }: Viewer, id: SQL): SQL {
  if (!permissions.has(USER.readPermission)) return sql`0`;
  return sql`EXISTS (SELECT 1 FROM (SELECT ${id} AS id) held CROSS JOIN user ON user.id = held.id
    WHERE user.customer_deleted_at IS NOT NULL AND ${USER.inReach(reach)})`;
}

/** The unary plus keeps SQLite from going through all admins there are. */
const isTenantAdmin = sql`EXISTS (SELECT 1 FROM assignment
  WHERE assignment.user_id = user.id AND +assignment.role_id = ${TENANT_ADMIN_ROLE_ID})`;

/** The id of the live customer in reach that an identifier names, as an expression: it has one of the three members. */
function customerIn(reach: Reach, identifier: SQL): SQL {
  const byExternalId = holderOf('customer', 'external_id_key', soughtIn(identifier, 'externalId'));
  const byEmail = holderOf('customer', 'email_key', soughtIn(identifier, 'email'));
  return sql`(SELECT customer.id FROM customer
    WHERE customer.id = coalesce(${identifier} ->> 'id', ${byExternalId}, ${byEmail})
      AND customer.deleted_at IS NULL AND ${customerInReach(reach, sql`customer.id`)})`;
}

/**
 * The scope of the role that the row gives: the kind of the user decides, and for a new user whether a customer is given.
 * A user of tenants has no role but those in tenants, hence NULL.
 */
const newUserScope = sql`iif(json_type(given.value, '$.customer') = 'object', 'CUSTOMER', 'ORGANIZATION')`;
const roleScope = sql`nullif(coalesce(user.kind, ${newUserScope}), 'TENANT')`;

/** The id of the role of this scope that an identifier names, as an expression. */
function roleIn(scope: SQL, identifier: SQL): SQL {
  const keys = soughtIn(identifier, 'name');
  return sql`(SELECT named.id FROM role named WHERE named.scope = ${scope}
    AND (named.id = ${identifier} ->> 'id' OR ${hasKey('named', 'name_key', keys)})
    ${meantFirst('named', 'name_key', keys)})`;
}

/**
 * The roles in tenants that the row gives, as a JSON array in their order.
 *
 * The plan: `located` finds the tenant and the role of each, `resolved` adds the role that the user has in that tenant, and
 * only then `beyond` is asked of both roles. Each needs the columns of the one before by name, so they are nested.
 */
function tenantRolesOf(viewer: Viewer): SQL {
  const tenantId = tenantIn(viewer.reach, sql`wanted.value -> 'tenant'`);
  const roleId = roleIn(sql`'TENANT'`, sql`wanted.value -> 'role'`);
  const located = sql`(SELECT wanted.key AS position, ${tenantId} AS tenant_id, ${roleId} AS role_id
    FROM json_each(given.value, '$.tenantRoles') wanted)`;

  const heldId = sql`(SELECT assignment.role_id FROM assignment
    WHERE assignment.user_id = user.id AND assignment.tenant_id = located.tenant_id)`;
  const resolved = sql`(SELECT located.*, ${heldId} AS held_id FROM ${located} located ORDER BY located.position)`;

  const permissions = sql`${permissionsOfRole(sql`resolved.role_id`)}
    UNION ALL ${permissionsOfRole(sql`resolved.held_id`)}`;
  const found = sql`json_object('tenantId', resolved.tenant_id, 'roleId', resolved.role_id, 'heldId', resolved.held_id,
    'beyond', json(${permissionsNotHeld(viewer, permissions)}))`;
  return sql`(SELECT json_group_array(${found}) FROM ${resolved} resolved)`;
}
