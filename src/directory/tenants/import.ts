import * as z from 'zod';
import { tenants } from '../../db/schema/tenants.ts';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { deactivatedAt } from '../guards/deactivated-guard.ts';
import { permissionsNotHeld, permissionsOfRole } from '../guards/grant-guard.ts';
import { noting } from '../imports/decisions.ts';
import type { GivenRow, Import } from '../imports/import.ts';
import { type Found, givenKeys, lookUp } from '../imports/lookup.ts';
import { IMPORTS } from '../imports/rules.ts';
import { storedColumns } from '../imports/stored-columns.ts';
import { creations, type ImportedRecord, type StoredRecord } from '../imports/writes.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { AlreadyExistsError, ForbiddenError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { emailAddress, newRecord, parse, text } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { holderOf, soughtEmail, soughtExternalId } from '../kernel/sought-keys.ts';
import { newUser } from '../users/columns.ts';
import { USER } from '../users/entity.ts';
import { recordTenantRoles, writeTenantRoles } from '../users/tenant-roles.ts';
import { billingFields, importedTenant, newTenant, tenantDetails } from './columns.ts';
import { TENANT } from './entity.ts';

const row = lazily(() =>
  z.object({ ...tenantDetails(), externalId: text(), name: text().optional(), adminEmail: emailAddress().nullish() }),
);
type Row = OutputOf<typeof row>;
type Given = GivenRow<Row>;

/** A row that names no tenant yet: as it is read, and as it has to be. */
const newRow = lazily(() => newRecord({ ...tenantDetails(), externalId: text(), name: text().optional() }));
const completeRow = lazily(() => newRecord({ name: text() }));

/** The first admin of a new tenant. */
interface Admin {
  email: string;
  /** Null for a user who is to be created. */
  userId: string | null;
}

interface FoundTenant extends Found {
  externalIdHolder: string | null;
  /** The user with the address of the admin: live, or hidden with its customer. */
  adminId: string | null;
  adminIsLive: number | null;
  adminStatus: string | null;
  /** What admins do and the viewer may not. */
  beyond: Permission[] | null;
}

/** The import of tenants: those that an external id names already are changed, their admins left alone. */
export const importTenants: Import<Row, FoundTenant, Admin> = {
  ...IMPORTS.importTenants,
  entity: TENANT,
  row,
  decisive: ['externalId', 'partnerManaged'],
  fields: billingFields,
  relationField: 'adminEmail',
  identifierPath,
  lookup(viewer, rows) {
    const toFind = rows.map(({ row: { externalId, adminEmail } }) => ({
      externalId: soughtExternalId(externalId),
      admin: adminEmail && soughtEmail(adminEmail),
    }));
    const externalIdHolder = holderOf('tenant', 'external_id_key', givenKeys('externalId'));
    const joins = sql`LEFT JOIN tenant ON tenant.id = ${externalIdHolder}
      LEFT JOIN user ON user.id = ${holderOf('user', 'email_key', givenKeys('admin'))}`;
    return lookUp<FoundTenant>(TENANT, toFind, joins, {
      externalIdHolder,
      adminId: sql`user.id`,
      adminIsLive: sql`NOT user.deleted`,
      adminStatus: sql`user.status`,
      beyond: sql`json(${permissionsNotHeld(viewer, permissionsOfRole(sql`${TENANT_ADMIN_ROLE_ID}`))})`,
    });
  },
  decideNew({ problems }, given, found) {
    const { adminEmail: _adminEmail, ...details } = given.row;
    noting(problems, () => parse(completeRow, details, given.path));
    const columns = storedColumns(tenants, newTenant(parse(newRow, details, given.path)), null);
    const admin = noting(problems, () => firstAdmin(given, found));
    return { columns, relations: admin === null ? [] : [admin] };
  },
  decideExisting(_context, { row }, _found, { columns: stored }) {
    const { adminEmail: _adminEmail, ...details } = row;
    return { columns: storedColumns(tenants, importedTenant(details, stored), stored), relations: [] };
  },
  // Whoever imports tenants reaches all of them: none is hidden from the viewer.
  uniqueValues: (_given, { externalIdHolder }, columns, stored) => [
    {
      at: 'externalId',
      column: 'external_id_key',
      value: columns.external_id_key,
      before: stored?.external_id_key,
      isGiven: true,
      holder: externalIdHolder,
      isSeen: 1,
    },
  ],
  recordRelations(context, records, condition) {
    const appointed = appointedIn(records);
    const people = creations(context, USER, newUsers(appointed));
    const given = sql`(SELECT given.value ->> 'userId' AS user_id, given.value ->> 'tenantId' AS tenant_id,
      ${TENANT_ADMIN_ROLE_ID} AS role_id FROM json_each(${jsonList(appointed)}) given)`;
    return [...people.recorded(condition), ...people.writes, recordTenantRoles(context, given, condition)];
  },
  writeRelations: writeTenantRoles,
};

function identifierPath({ path }: Given): string {
  return `${path}.externalId`;
}

/**
 * Returns the first admin of a new tenant, by the rules of `createTenant`: a tenant that no partner manages must have one,
 * and whoever appoints one holds what admins do.
 */
function firstAdmin({ path, row }: Given, { adminId, adminIsLive, adminStatus, beyond }: FoundTenant): Admin | null {
  const { adminEmail: email, partnerManaged } = row;
  const at = `${path}.adminEmail`;
  if (email == null) {
    if (partnerManaged !== false) return null;
    throw ValidationError.at(at, 'is required for a new tenant that no partner manages', 'REQUIRED');
  }
  if (beyond !== null) throw ForbiddenError.missing(beyond);
  // Whoever holds what admins do may read users, and reaches all of them: nobody is hidden from the viewer here.
  if (adminId !== null && !adminIsLive) throw AlreadyExistsError.ofDeletedCustomer(at);
  if (adminStatus === 'DEACTIVATED') throw deactivatedAt(at);
  return { email, userId: adminId };
}

interface Appointed {
  tenantId: string;
  userId: string;
  /** Of a user who is to be created. */
  email: string | null;
}

/** Returns who becomes admin of which tenant. Two tenants of one import may have one new user for their admin. */
function appointedIn(records: readonly ImportedRecord<Admin>[]): Appointed[] {
  const newIds = new Map<string, string>();
  return records.flatMap(({ id: tenantId, relations }) =>
    relations.map(({ email, userId }) => {
      if (userId !== null) return { tenantId, userId, email: null };
      const key = keyOfEmail(email);
      const known = newIds.get(key);
      if (known !== undefined) return { tenantId, userId: known, email: null };
      const created = newId();
      newIds.set(key, created);
      return { tenantId, userId: created, email };
    }),
  );
}

const newUsers = (appointed: readonly Appointed[]): StoredRecord[] =>
  appointed.flatMap(({ tenantId, userId, email }) => {
    if (email === null) return [];
    const values = { ...newUser({ email }, { kind: 'TENANT' }), defaultTenantId: tenantId };
    return [{ id: userId, columns: storedColumns(USER.table, values, null) }];
  });
