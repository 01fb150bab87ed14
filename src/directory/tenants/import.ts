import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { tenants } from '../../db/schema/tenants.ts';
import { jsonList, select } from '../../db/statement.ts';
import { wasRecorded } from '../commands/event-recording.ts';
import { permissionsNotHeld, permissionsOfRole } from '../commands/grant-guard.ts';
import { type GivenRow, IMPORT_RULES, type Import } from '../imports/import.ts';
import {
  alterations,
  changedOnes,
  creations,
  differsFrom,
  readStored,
  type StoredColumns,
  type StoredRecord,
  stored,
  storedRecord,
} from '../imports/writes.ts';
import { TENANT_ADMIN_ROLE_ID } from '../kernel/built-in-roles.ts';
import { AlreadyExistsError, ForbiddenError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { comparable, emailAddress, newRecord, parse, text } from '../kernel/input.ts';
import type { Permission } from '../kernel/permission-names.ts';
import { newUser } from '../users/columns.ts';
import { USER } from '../users/entity.ts';
import { recordTenantRoles, writeTenantRoles } from '../users/tenant-roles.ts';
import { newTenant, patchedTenant, tenantDetails } from './columns.ts';
import { TENANT } from './entity.ts';
import { DEACTIVATED_ADMIN } from './first-admin.ts';

const { billing: _billing, ...importedDetails } = tenantDetails;

const row = z.object({
  ...importedDetails,
  externalId: text,
  name: text.optional(),
  adminEmail: emailAddress.nullish(),
});
type Row = z.output<typeof row>;

/** The same where there is no such tenant yet. */
const newRow = newRecord({ ...importedDetails, externalId: text, name: text });

interface Admin {
  email: string;
  /** Null for a user who is to be created. */
  userId: string | null;
}

interface Written extends StoredRecord {
  /** Null for a new tenant. */
  now: StoredColumns | null;
  admin: Admin | null;
}

interface LookedUpTenant {
  id: string | null;
  version: number | null;
  /** The user with the address of the admin: live, or hidden with its customer. */
  adminId: string | null;
  adminIsLive: number | null;
  adminStatus: string | null;
  /** What admins do and the viewer may not. */
  beyond: Permission[] | null;
}

const readLookup = (seen: string): LookedUpTenant => JSON.parse(seen);

/** Brings tenants in: those that an external id names already are changed, their admins and billing left alone. */
export const importTenants: Import<Row, Written> = {
  ...IMPORT_RULES,
  name: 'importTenants',
  permissions: ['tenant:create', 'tenant:edit'],
  reaches: ['ORGANIZATION'],
  word: 'tenant',
  row,
  lookup(viewer, rows) {
    const given = rows.map(({ row: { externalId, adminEmail } }) => ({
      externalIdKey: comparable(externalId),
      adminKey: adminEmail && comparable(adminEmail),
    }));
    const beyond = permissionsNotHeld(viewer, permissionsOfRole(sql`${TENANT_ADMIN_ROLE_ID}`));
    return select(
      {
        seen: sql<string>`json_object('id', tenant.id, 'version', tenant.version,
          'adminId', user.id, 'adminIsLive', NOT user.deleted, 'adminStatus', user.status, 'beyond', json(${beyond}))`,
        record: sql<string | null>`${storedRecord(TENANT)}`,
      },
      sql`FROM json_each(${jsonList(given)}) given
        LEFT JOIN tenant ON tenant.external_id_key = given.value ->> 'externalIdKey' AND tenant.deleted_at IS NULL
        LEFT JOIN user ON user.email_key = given.value ->> 'adminKey' AND user.deleted_at IS NULL
        ORDER BY given.key`,
    );
  },
  decide(deciding, given, { seen, record }) {
    const { path, row } = given;
    const found = readLookup(seen);
    const now = readStored(record);
    if (!deciding.claim(comparable(row.externalId))) {
      throw ValidationError.at(`${path}.externalId`, 'names the same tenant as a row before');
    }
    const { adminEmail: _adminEmail, ...details } = row;
    if (found.id !== null && now !== null) {
      const columns = stored(tenants, patchedTenant(details), now);
      const written = { id: found.id, columns, now, admin: null };
      return { outcome: differsFrom(columns, now) ? 'UPDATED' : 'NOOP', id: found.id, written };
    }
    const columns = stored(tenants, newTenant(parse(newRow, details, path)), null);
    const id = newId();
    return { outcome: 'CREATED', id, written: { id, columns, now: null, admin: firstAdmin(given, found) } };
  },
  writes(context, { created, updated }, allowed) {
    const made = creations(context, TENANT, created);
    const altered = alterations(context, TENANT, changedOnes(updated));
    const admins = adminsOf(created);
    const people = creations(context, USER, newUsers(admins));
    const assigned = sql`(SELECT given.value ->> 'userId' AS user_id, given.value ->> 'tenantId' AS tenant_id,
      ${TENANT_ADMIN_ROLE_ID} AS role_id FROM json_each(${jsonList(admins)}) given)`;
    return [
      ...made.recorded(allowed),
      ...altered.recorded(allowed),
      ...made.writes,
      ...altered.writes,
      ...people.recorded(wasRecorded(context, 'tenant.created')),
      ...people.writes,
      recordTenantRoles(context, assigned, wasRecorded(context, 'tenant.created')),
      ...writeTenantRoles(context),
    ];
  },
};

/** As for a single new tenant: one that no partner manages must have an admin, and whoever makes one holds what admins do. */
function firstAdmin(
  { path, row }: GivenRow<Row>,
  { adminId, adminIsLive, adminStatus, beyond }: LookedUpTenant,
): Admin | null {
  const { adminEmail: email, partnerManaged } = row;
  const at = `${path}.adminEmail`;
  if (email == null) {
    if (partnerManaged !== false) return null;
    throw ValidationError.at(at, 'is required for a new tenant that no partner manages', 'REQUIRED');
  }
  if (beyond !== null) throw ForbiddenError.missing(beyond);
  if (adminId !== null && !adminIsLive) throw new AlreadyExistsError(at, null);
  if (adminStatus === 'DEACTIVATED') throw ValidationError.at(at, DEACTIVATED_ADMIN);
  return { email, userId: adminId };
}

interface Appointed {
  tenantId: string;
  userId: string;
  /** Of a user who is to be created. */
  email: string | null;
}

/** Two tenants of one import may have the same new user for their admin. */
function adminsOf(made: readonly Written[]): Appointed[] {
  const newIds = new Map<string, string>();
  return made.flatMap(({ id: tenantId, admin }) => {
    if (admin === null) return [];
    if (admin.userId !== null) return [{ tenantId, userId: admin.userId, email: null }];
    const userId = newIds.get(comparable(admin.email)) ?? newId();
    const email = newIds.has(comparable(admin.email)) ? null : admin.email;
    newIds.set(comparable(admin.email), userId);
    return [{ tenantId, userId, email }];
  });
}

const newUsers = (appointed: readonly Appointed[]): StoredRecord[] =>
  appointed.flatMap(({ tenantId, userId, email }) => {
    if (email === null) return [];
    const values = { ...newUser({ email }, { kind: 'TENANT' }), defaultTenantId: tenantId };
    return [{ id: userId, columns: stored(USER.table, values, null) }];
  });
