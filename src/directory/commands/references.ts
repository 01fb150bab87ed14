import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { type Reach, tenantInReach, tenantRoleInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { NotFoundError, type Reference } from '../kernel/errors.ts';
import type { TenantIdentifier } from '../kernel/input.ts';
import { hasKey, isHolder, meantFirst, sought, soughtExternalId, soughtIn } from '../kernel/sought-keys.ts';
import { type Check, NO_PROBLEM } from './checks.ts';

/** Returns where in the input an identifier was given: `customerIdentifier` becomes `customerIdentifier.email`. */
export function pathOf(path: string, identifier: Record<string, unknown>): string {
  const [given] = Object.entries(identifier).find(([, value]) => value != null) ?? [];
  return given === undefined ? path : `${path}.${given}`;
}

/**
 * Returns a SELECT of one row (path, entity) if the condition does not hold, and of no row if it does: a part of
 * `allExist`.
 */
export const missingUnless = (exists: SQL, path: string, entity: string): SQL =>
  sql`SELECT ${path} AS path, ${entity} AS entity WHERE NOT ${exists}`;

/** A condition over the columns of `tenant`: it is live, and the viewer can give and take roles there. */
export const givesRoles = (reach: Reach): SQL =>
  sql`tenant.deleted_at IS NULL AND ${tenantRoleInReach(reach, sql`tenant.id`)}`;

/**
 * Returns the id of the live tenant that an identifier names, as an expression. It is NULL if the viewer gives no roles
 * there, or if the condition `also` over the tenant's id does not hold.
 */
export function tenantNamed(
  reach: Reach,
  { id, externalId }: TenantIdentifier,
  also: (tenantId: SQL) => SQL = () => sql`TRUE`,
): SQL {
  const tenantId = sql`tenant.id`;
  const named =
    id == null
      ? isHolder('tenant', 'external_id_key', sought(soughtExternalId(externalId ?? '')))
      : sql`${tenantId} = ${id}`;
  return sql`(SELECT tenant.id FROM tenant WHERE ${named} AND ${givesRoles(reach)} AND ${also(tenantId)})`;
}

/** Returns the tenants that a viewer means who could not name any: the one in reach, if there is only one. */
export const onlyTenant = ({ reach }: Viewer): TenantIdentifier[] =>
  reach.kind === 'TENANTS' && reach.tenantIds.length === 1 ? reach.tenantIds.map((id) => ({ id })) : [];

/**
 * Returns a subquery with a row (position, path, tenant_id) for each of the given identifiers. Its tenant_id is NULL
 * where no live tenant in reach has the identifier.
 */
export function resolveTenants(reach: Reach, identifiers: readonly TenantIdentifier[], path: string): SQL {
  const given = identifiers.map((identifier, position) => ({
    id: identifier.id,
    externalId: identifier.externalId && soughtExternalId(identifier.externalId),
    path: pathOf(`${path}.${position}`, identifier),
  }));
  return sql`(SELECT given.key AS position, given.value ->> 'path' AS path, (
      SELECT tenant.id FROM tenant
      WHERE tenant.deleted_at IS NULL AND ${tenantInReach(reach, sql`tenant.id`)}
        AND ${isTenantIn(sql`given.value`)}
    ) AS tenant_id FROM json_each(${jsonList(given)}) given)`;
}

/** Returns an identifier of a tenant in the form in which `tenantIn` and `tenantsIn` look it up. */
export const toLookUp = ({ id, externalId }: TenantIdentifier) => ({
  id: id ?? null,
  externalId: externalId == null ? null : soughtExternalId(externalId),
});

/** Ends a subquery: that the tenant is the one whom the identifier names which a JSON object has in the form of `toLookUp`. */
function isTenantIn(identifier: SQL): SQL {
  const keys = soughtIn(identifier, 'externalId');
  return sql`(tenant.id = ${identifier} ->> 'id' OR ${hasKey('tenant', 'external_id_key', keys)})
    ${meantFirst('tenant', 'external_id_key', keys)}`;
}

/**
 * Returns an expression for the ids of the tenants that the JSON object lists as `tenants`. They are a JSON array, with
 * null where the viewer gives no roles in any tenant with the identifier.
 */
export const tenantsIn = (reach: Reach, object: SQL): SQL =>
  sql`(SELECT json_group_array(${tenantIn(reach, sql`named.value`)}) FROM json_each(${object}, '$.tenants') named)`;

/**
 * Returns an expression for the id of the tenant with an identifier in JSON. It is NULL where the viewer gives no roles
 * in any tenant with the identifier.
 */
export const tenantIn = (reach: Reach, identifier: SQL): SQL =>
  sql`(SELECT tenant.id FROM tenant WHERE ${givesRoles(reach)} AND ${isTenantIn(identifier)})`;

/** Returns a reference for each identifier in the list at `path` for which no id was found. */
export function noReferences(
  path: string,
  identifiers: readonly Record<string, unknown>[],
  ids: readonly (string | null)[],
  entity: string,
): Reference[] {
  return identifiers.flatMap((identifier, position) =>
    ids[position] == null ? [notFoundAt(pathOf(`${path}.${position}`, identifier), entity)] : [],
  );
}

/** Returns the reference at `path`, with a message for people, that NotFoundError reports. */
export const notFoundAt = (path: string, entity: string): Reference => ({
  path,
  entity,
  message: `There is no ${entity} with the identifier given at ${path}.`,
});

/**
 * Returns a SELECT of a row (path, entity) for each identifier that `resolveTenants` found no tenant for: a part of
 * `allExist`.
 */
export const missingTenants = (resolved: SQL): SQL =>
  sql`SELECT path, 'tenant' AS entity FROM ${resolved} WHERE tenant_id IS NULL`;

/**
 * A check that everything to which the input refers is there. `missing` are SELECTs of the references that lead nowhere;
 * there are none where the input refers to nothing. `messages` are those of paths where something else is wrong than that
 * there is no such record.
 * @throws NotFoundError, which reports all of them at once, each with its path
 */
export function allExist(missing: readonly SQL[], messages: Record<string, string> = {}): Check<unknown> {
  const all = sql.join([...missing], sql` UNION ALL `);
  const found = sql`(SELECT json_group_array(json_array(path, entity)) FROM (${all}) HAVING count(*) > 0)`;
  return {
    problem: missing.length === 0 ? NO_PROBLEM : found,
    error: (detail) => {
      const references = parseMissing(detail).map(([path, entity]) => notFoundAt(path, entity));
      return new NotFoundError(references.map((one) => ({ ...one, message: messages[one.path] ?? one.message })));
    },
  };
}

const parseMissing = (detail: string): [path: string, entity: string][] => JSON.parse(detail);
