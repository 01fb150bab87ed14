import { getTableColumns, type SQL } from 'drizzle-orm';
import { columnsAs } from '../../db/alias.ts';
import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { type RecordStatement, selectingRecords } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { inList, mapRows, parseJsonList, type Several, selection } from '../../db/statement.ts';
import { trustedIssuerInReach } from '../access/reach.ts';
import { type Caller, requirePermissions } from '../access/viewer.ts';
import type { Connection } from '../lists/connection.ts';
import { type Found, foundWhere } from '../lists/found.ts';
import type { PageArguments } from '../lists/page-arguments.ts';
import { connectionOfList } from '../lists/simple-list.ts';

/** What an issuer has a list of: the roles that its users may have, and the customers whose users it may sign in. */
export type ListName = 'role' | 'customer';

/** Returns an expression for the ids in a list of an issuer, in their order, as a JSON array. */
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
  ({ roleIds, customerIds, issuer, audience, ...row }) => ({
    ...row,
    issuer: row.kind === 'EMBEDDED' ? null : issuer,
    audience: row.kind === 'EMBEDDED' ? null : audience,
    roleIds: parseJsonList(roleIds),
    customerIds: parseJsonList(customerIds),
  }),
);

/** A trusted issuer as every API shows it: without `issuer` and `audience`, if its tokens name neither. */
export interface TrustedIssuerRecord extends ReturnType<typeof issuerSelection.decode> {}

const RECORDS = { selection: issuerSelection, from: sql`trusted_issuer`, id: trustedIssuers.id };

/** Returns a statement that reads trusted issuers: those that `rest` asks for, which follows FROM. */
export const trustedIssuerRows = (rest: SQL): RecordStatement<TrustedIssuerRecord> => selectingRecords(RECORDS, rest);

/**
 * Returns the trusted issuers in reach among these, in no particular order.
 *
 * @throws ForbiddenError if the viewer lacks `organization:edit`
 */
export function trustedIssuersByIds({ db, viewer }: Caller, ids: Several): Found<TrustedIssuerRecord> {
  requirePermissions(viewer, ['organization:edit']);
  return foundWhere(db, RECORDS, sql`${inList(trustedIssuers.id, ids)} AND ${trustedIssuerInReach(viewer.reach)}`);
}

const scanned = columnsAs(trustedIssuers, 'scanned');

/**
 * Lists the trusted issuers in reach, the oldest first.
 *
 * @throws ForbiddenError if the viewer lacks `organization:edit`
 * @throws ValidationError if the page arguments contradict each other or go too far
 */
export function listTrustedIssuers({ db, viewer }: Caller, page: PageArguments): Connection<TrustedIssuerRecord> {
  requirePermissions(viewer, ['organization:edit']);
  return connectionOfList(db, page, {
    name: 'trustedIssuers',
    records: RECORDS,
    scan: {
      from: sql`trusted_issuer scanned`,
      id: scanned.id,
      where: [trustedIssuerInReach(viewer.reach)],
    },
  });
}
