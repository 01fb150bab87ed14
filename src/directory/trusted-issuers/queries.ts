import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import { alias } from 'drizzle-orm/sqlite-core';
import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { inList, mapRows, parseJsonList, type Statement, selection } from '../../db/statement.ts';
import { trustedIssuerInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import { type Listing, listing } from '../lists/connection.ts';
import { BY_CREATION } from '../lists/entity-filter.ts';
import type { Walk } from '../lists/index-scan.ts';
import { type PageArguments, parsePaging } from '../lists/page-arguments.ts';

/** What an issuer lists. */
export type ListName = 'role' | 'customer';

/** The ids in a list of an issuer, in their order, as a JSON array. */
export const listedIds = (name: ListName, issuerId: SQL): SQL => {
  const column = sql.identifier(`${name}_id`);
  return sql`(SELECT json_group_array(${column}) FROM (
    SELECT ${column} FROM ${sql.identifier(`trusted_issuer_${name}`)} WHERE issuer_id = ${issuerId} ORDER BY ${column}))`;
};

const issuerSelection = mapRows(
  selection({
    ...getTableColumns(trustedIssuers),
    roleIds: sql<string>`${listedIds('role', sql`${trustedIssuers.id}`)}`,
    customerIds: sql<string>`${listedIds('customer', sql`${trustedIssuers.id}`)}`,
  }),
  ({ roleIds, customerIds, ...row }) => ({
    ...row,
    roleIds: parseJsonList(roleIds),
    customerIds: parseJsonList(customerIds),
  }),
);

export interface TrustedIssuerRecord extends ReturnType<typeof issuerSelection.decode> {}

export const trustedIssuerRows = (rest: SQL): Statement<TrustedIssuerRecord> => ({
  sql: sql`SELECT ${issuerSelection.list} FROM trusted_issuer ${rest}`,
  decode: issuerSelection.decode,
});

/** The trusted issuers in reach among these, in no particular order. */
export async function trustedIssuersByIds(
  { db, viewer }: Caller,
  ids: readonly string[],
): Promise<TrustedIssuerRecord[]> {
  requirePermissions(viewer, ['organization:edit']);
  return db.read(
    trustedIssuerRows(sql`WHERE ${inList(trustedIssuers.id, ids)} AND ${trustedIssuerInReach(viewer.reach)}`),
  );
}

const walked = alias(trustedIssuers, 'walked');

/** The trusted issuers in reach, the oldest first. */
export function listTrustedIssuers({ db, viewer }: Caller, page: PageArguments): Listing<TrustedIssuerRecord> {
  requirePermissions(viewer, ['organization:edit']);
  const walk: Walk = {
    from: sql`trusted_issuer walked`,
    id: walked.id,
    sort: null,
    partitions: [],
    where: [trustedIssuerInReach(viewer.reach)],
  };
  const target = { selection: issuerSelection, from: sql`trusted_issuer`, id: trustedIssuers.id, sort: null };
  return listing(db, target, walk, parsePaging(page, BY_CREATION, 'trustedIssuers'), () => null);
}
