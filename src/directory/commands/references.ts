import { type SQL, sql } from 'drizzle-orm';
import { jsonList } from '../../db/statement.ts';
import { type Reach, tenantInReach, tenantRoleInReach } from '../access/reach.ts';
import type { Viewer } from '../access/viewer.ts';
import { NotFoundError, type Reference } from '../kernel/errors.ts';
import { comparable, type TenantIdentifier } from '../kernel/input.ts';
import type { Check } from './command.ts';

/** Where in the input an identifier was given: `customerIdentifier` becomes `customerIdentifier.email`. */
export function pathOf(path: string, identifier: Record<string, unknown>): string {
  const [given] = Object.entries(identifier).find(([, value]) => value != null) ?? [];
  return given === undefined ? path : `${path}.${given}`;
}

/** The rows (path, entity) of a reference to a record for which the condition does not hold: one, or none. */
export const missingUnless = (exists: SQL, path: string, entity: string): SQL =>
  sql`SELECT ${path} AS path, ${entity} AS entity WHERE NOT ${exists}`;

/** Over the columns of `tenant`: whether the viewer can give and take roles there. */
export const givesRoles = (reach: Reach): SQL =>
  sql`tenant.deleted_at IS NULL AND ${tenantRoleInReach(reach, sql`tenant.id`)}`;

/** The id of the live tenant that an identifier names, as an expression: NULL if there is none where the viewer gives roles. */
export function tenantNamed(
  reach: Reach,
  { id, externalId }: TenantIdentifier,
  also: (tenantId: SQL) => SQL = () => sql`TRUE`,
): SQL {
  const tenantId = sql`tenant.id`;
  const named = id == null ? sql`tenant.external_id_key = ${comparable(externalId ?? '')}` : sql`${tenantId} = ${id}`;
  return sql`(SELECT tenant.id FROM tenant WHERE ${named} AND ${givesRoles(reach)} AND ${also(tenantId)})`;
}

/** The tenants that somebody means who could not name any: the one that is reached, if it is but one. */
export const onlyTenant = ({ reach }: Viewer): TenantIdentifier[] =>
  reach.kind === 'TENANTS' && reach.tenantIds.length === 1 ? reach.tenantIds.map((id) => ({ id })) : [];

/** The rows (path, tenant_id) of the given identifiers: tenant_id is null where no live tenant in reach is named so. */
export function resolveTenants(reach: Reach, identifiers: readonly TenantIdentifier[], path: string): SQL {
  const given = identifiers.map((identifier, position) => ({
    id: identifier.id,
    externalIdKey: identifier.externalId && comparable(identifier.externalId),
    path: pathOf(`${path}.${position}`, identifier),
  }));
  return sql`(SELECT given.key AS position, given.value ->> 'path' AS path, (
      SELECT tenant.id FROM tenant
      WHERE tenant.deleted_at IS NULL AND ${tenantInReach(reach, sql`tenant.id`)}
        AND (tenant.id = given.value ->> 'id' OR tenant.external_id_key = given.value ->> 'externalIdKey')
    ) AS tenant_id FROM json_each(${jsonList(given)}) given)`;
}

/** An identifier of a tenant as `tenantsIn` looks it up. */
export const toLookUp = ({ id, externalId }: TenantIdentifier) => ({
  id: id ?? null,
  externalIdKey: externalId == null ? null : comparable(externalId),
});

/** The ids of the `tenants` of a JSON object, as a JSON array: null where no live tenant in reach is named so. */
export const tenantsIn = (reach: Reach, object: SQL): SQL =>
  sql`(SELECT json_group_array(${tenantIn(reach, sql`named.value`)}) FROM json_each(${object}, '$.tenants') named)`;

/** The same for one. */
export const tenantIn = (reach: Reach, identifier: SQL): SQL =>
  sql`(SELECT tenant.id FROM tenant WHERE ${givesRoles(reach)}
    AND (tenant.id = ${identifier} ->> 'id' OR tenant.external_id_key = ${identifier} ->> 'externalIdKey'))`;

/** Those of the identifiers at `path` for which no id was found. */
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

export const notFoundAt = (path: string, entity: string): Reference => ({
  path,
  entity,
  message: `There is no ${entity} with the identifier given at ${path}.`,
});

/** The rows (path, entity) of those of them that name no tenant. */
export const missingTenants = (resolved: SQL): SQL =>
  sql`SELECT path, 'tenant' AS entity FROM ${resolved} WHERE tenant_id IS NULL`;

/** Reports everything that is missing at once, each with its path. */
export function allExist(missing: readonly SQL[]): Check<unknown> {
  return {
    problem: sql`(SELECT json_group_array(json_array(path, entity)) FROM (${sql.join([...missing], sql` UNION ALL `)})
      HAVING count(*) > 0)`,
    error: (detail) => new NotFoundError(parseMissing(detail).map(([path, entity]) => notFoundAt(path, entity))),
  };
}

const parseMissing = (detail: string): [path: string, entity: string][] => JSON.parse(detail);
