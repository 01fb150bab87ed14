import { type SQL, sql } from 'drizzle-orm';
import * as z from 'zod';
import { jsonList, type Statement, select } from '../../db/statement.ts';
import { customerInReach, userInReach, userWhollyInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { permissionsNotHeld, permissionsOfRole, permissionsOfUser } from '../commands/grant-guard.ts';
import { tenantIn, toLookUp } from '../commands/references.ts';
import type { GivenRow, LookedUpRow } from '../imports/import.ts';
import { storedRecord } from '../imports/writes.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import {
  type CustomerIdentifier,
  choice,
  comparable,
  customerIdentifier,
  emailAddress,
  isIdentified,
  MAX_IDENTIFIERS,
  type RoleIdentifier,
  roleIdentifier,
  tenantIdentifier,
} from '../kernel/input.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { userDetails } from './columns.ts';
import { USER } from './entity.ts';
import { USER_STATUSES } from './queries.ts';

/** A user as an import gives it. */
export const userRow = z
  .object({
    ...userDetails,
    email: emailAddress.nullish(),
    status: choice(USER_STATUSES).nullish(),
    roleIdentifier: roleIdentifier.nullish(),
    customerIdentifier: customerIdentifier.nullish(),
    tenantRoles: z
      .array(z.object({ tenantIdentifier, roleIdentifier }))
      .max(MAX_IDENTIFIERS, `must be at most ${MAX_IDENTIFIERS}`)
      .nullish(),
  })
  .superRefine(isIdentified);
export type UserRow = z.output<typeof userRow>;

export interface LookedUpTenantRole {
  tenantId: string | null;
  roleId: string | null;
  /** The role that the user has there now. */
  heldId: string | null;
  /** What either of the two allows and the viewer may not. */
  beyond: Permission[] | null;
}

/** What decides about a row. */
export interface LookedUpUser {
  id: string | null;
  version: number | null;
  kind: 'ORGANIZATION' | 'CUSTOMER' | 'TENANT' | null;
  customerId: string | null;
  /** False for a user who is hidden with its customer. */
  isLive: number | null;
  inReach: number;
  whollyInReach: number | null;
  /** What the user may and the viewer may not. */
  beyond: Permission[] | null;
  isTenantAdmin: number;
  externalIdHolder: string | null;
  emailHolder: string | null;
  givenCustomerId: string | null;
  givenRoleId: string | null;
  givenRoleBeyond: Permission[] | null;
  tenantRoles: LookedUpTenantRole[];
}

export const readLookup = (seen: string): LookedUpUser => JSON.parse(seen);

const roleToLookUp = ({ id, name }: RoleIdentifier) => ({
  id: id ?? null,
  nameKey: name == null ? null : comparable(name),
});

const customerToLookUp = ({ id, externalId, email }: CustomerIdentifier) => ({
  id: id ?? null,
  externalIdKey: externalId == null ? null : comparable(externalId),
  emailKey: email == null ? null : comparable(email),
});

const roleIn = (identifier: SQL, scope: SQL): SQL =>
  sql`(SELECT named.id FROM role named WHERE named.scope = ${scope}
    AND (named.id = ${identifier} ->> 'id' OR named.name_key = ${identifier} ->> 'nameKey'))`;

const member = (name: string): SQL => sql.raw(`given.value -> '${name}'`);
const key = (name: string): SQL => sql.raw(`given.value ->> '${name}'`);

/** What there is for each of the rows: the user, and all that the row names beside. */
export function lookUpUsers(viewer: Viewer, rows: readonly GivenRow<UserRow>[]): Statement<LookedUpRow> {
  const { reach } = viewer;
  const given = rows.map(({ row }) => ({
    externalIdKey: row.externalId == null ? null : comparable(row.externalId),
    emailKey: row.email == null ? null : comparable(row.email),
    role: row.roleIdentifier && roleToLookUp(row.roleIdentifier),
    customer: row.customerIdentifier && customerToLookUp(row.customerIdentifier),
    tenantRoles: (row.tenantRoles ?? []).map(({ tenantIdentifier, roleIdentifier }) => ({
      tenant: toLookUp(tenantIdentifier),
      role: roleToLookUp(roleIdentifier),
    })),
  }));
  const holder = (column: SQL, value: SQL) =>
    sql`(SELECT holder.id FROM user holder WHERE holder.deleted_at IS NULL AND ${column} = ${value})`;
  const emailHolder = holder(sql`holder.email_key`, key('emailKey'));
  const externalIdHolder = holder(sql`holder.external_id_key`, key('externalIdKey'));
  const customer = member('customer');
  const customerBy = (column: string, member: string) =>
    sql`(SELECT named.id FROM customer named WHERE named.deleted_at IS NULL
      AND named.${sql.identifier(column)} = ${customer} ->> ${sql.raw(`'${member}'`)})`;
  const customerId = sql`coalesce(${customer} ->> 'id', ${customerBy('external_id_key', 'externalIdKey')},
    ${customerBy('email_key', 'emailKey')})`;
  const givenCustomer = sql`(SELECT customer.id FROM customer
    WHERE customer.id = ${customerId} AND customer.deleted_at IS NULL AND ${customerInReach(reach, sql`customer.id`)})`;
  const scope = sql`coalesce(user.kind, iif(json_type(given.value, '$.customer') = 'object', 'CUSTOMER', 'ORGANIZATION'))`;
  const givenRole = roleIn(member('role'), sql`nullif(${scope}, 'TENANT')`);
  return select(
    {
      seen: sql<string>`json_object('id', user.id, 'version', user.version, 'kind', user.kind,
        'customerId', user.customer_id, 'isLive', NOT user.deleted,
        'inReach', ${userInReach(reach, sql`user.id`)}, 'whollyInReach', ${userWhollyInReach(reach, sql`user.id`)},
        'beyond', json(${permissionsNotHeld(viewer, permissionsOfUser(sql`user.id`))}),
        'isTenantAdmin', ${isTenantAdmin},
        'externalIdHolder', ${externalIdHolder}, 'emailHolder', ${emailHolder},
        'givenCustomerId', ${givenCustomer}, 'givenRoleId', ${givenRole},
        'givenRoleBeyond', json(${permissionsNotHeld(viewer, permissionsOfRole(givenRole))}),
        'tenantRoles', json(${tenantRolesOf(viewer)}))`,
      record: sql<string | null>`${storedRecord(USER)}`,
    },
    sql`FROM json_each(${jsonList(given)}) given
      LEFT JOIN user ON user.id = iif(${key('externalIdKey')} IS NULL, ${emailHolder}, ${externalIdHolder})
      ORDER BY given.key`,
  );
}

/** The unary plus keeps SQLite from going through all admins there are. */
const isTenantAdmin = sql`EXISTS (SELECT 1 FROM assignment
  WHERE assignment.user_id = user.id AND +assignment.role_id = ${TENANT_ADMIN_ROLE_ID})`;

function tenantRolesOf(viewer: Viewer): SQL {
  const granted = sql`${permissionsOfRole(sql`resolved.role_id`)} UNION ALL ${permissionsOfRole(sql`resolved.held_id`)}`;
  const tenant = tenantIn(viewer.reach, sql.raw("wanted.value -> 'tenant'"));
  return sql`(SELECT json_group_array(json_object('tenantId', resolved.tenant_id, 'roleId', resolved.role_id,
      'heldId', resolved.held_id, 'beyond', json(${permissionsNotHeld(viewer, granted)})))
    FROM (SELECT located.*, (SELECT assignment.role_id FROM assignment
        WHERE assignment.user_id = user.id AND assignment.tenant_id = located.tenant_id) AS held_id
      FROM (SELECT wanted.key AS position, ${tenant} AS tenant_id,
          ${roleIn(sql.raw("wanted.value -> 'role'"), sql`'TENANT'`)} AS role_id
        FROM json_each(given.value, '$.tenantRoles') wanted) located
      ORDER BY located.position) resolved)`;
}
