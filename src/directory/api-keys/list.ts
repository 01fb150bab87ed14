import type { Column, SQL } from 'drizzle-orm';
import * as z from 'zod';
import { columnsAs } from '../../db/alias.ts';
import { apiKeys, apiKeyTenants, NEVER } from '../../db/schema/api-keys.ts';
import { sql } from '../../db/sql.ts';
import { apiKeyInReach } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import { choice, flag, id, instant, parse, text } from '../kernel/input.ts';
import { type InputOf, lazily, type OutputOf } from '../kernel/lazily.ts';
import { permissionName } from '../kernel/permission-input.ts';
import { REACH_KINDS } from '../kernel/reach-kinds.ts';
import { type Connection, connectionOf } from '../lists/connection.ts';
import { idsWithin } from '../lists/entity-candidates.ts';
import { timeRange, withinTime } from '../lists/entity-filter.ts';
import { afterStart, beforeEnd, type Candidates, type Edge, type Filter, type IndexScan } from '../lists/index-scan.ts';
import { BY_CREATION, type Order, type PageArguments, parsePageArguments } from '../lists/page-arguments.ts';
import { behindAllWith } from '../lists/search.ts';
import { API_KEY_RECORDS, type ApiKeyRecord } from './queries.ts';

/** Whether an API key can be used, and if not, why: a revoked one is REVOKED, whether it would have expired or not. */
export const API_KEY_STATES = ['ACTIVE', 'EXPIRED', 'REVOKED'] as const;

/** What API keys can be sorted by. One that was never used stands where it was created, and one without an end behind all others. */
const ORDERS = { CREATED_AT: null, NAME: 'nameSort', LAST_USED_AT: 'idleSince', EXPIRES_AT: 'expiresSort' } as const;
type OrderField = keyof typeof ORDERS;
type Sort = NonNullable<(typeof ORDERS)[OrderField]>;

const apiKeyFilter = lazily(() =>
  z.object({
    reach: choice(REACH_KINDS).nullish(),
    /** A tenant that the key was given. */
    tenantId: id().nullish(),
    permission: permissionName().nullish(),
    nameStartsWith: text().nullish(),
    state: choice(API_KEY_STATES).nullish(),
    expiresAt: timeRange(),
    lastUsedAt: timeRange(),
    isUsed: flag().nullish(),
    /** One that was never used counts from when it was created. */
    notUsedSince: instant().nullish(),
  }),
);
type ApiKeyFilter = OutputOf<typeof apiKeyFilter>;

/** The arguments of the list of API keys. */
export interface ApiKeyListArguments extends PageArguments {
  filter?: InputOf<typeof apiKeyFilter> | null | undefined;
  orderBy?: Order<OrderField> | null | undefined;
}

const scanned = columnsAs(apiKeys, 'scanned');

/** What a filter asks for: a condition over the keys, and what leads to those that satisfy it. */
interface Part {
  condition: SQL;
  /** A query for their ids. Null where nothing leads there. */
  candidates: SQL | null;
  /** What it asks of a column, where that is all: an order by the column serves it. */
  range?: { of: Sort; from: Edge['key']; to: Edge['key'] };
}

const ALL: Pick<IndexScan, 'from' | 'id' | 'partitions' | 'where'> = {
  from: sql`api_key scanned`,
  id: scanned.id,
  partitions: [],
  where: [],
};

const idsWith = (...bounds: SQL[]): SQL => idsWithin(ALL, bounds);

/** As `lower` of SQLite does. */
const inLowerCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => letter.toLowerCase());

/** Returns a part that asks for a stretch of a column that an order goes by. Null is open. */
function within(name: Sort, from: Edge['key'], to: Edge['key']): Part {
  const bounds = (column: Column) => [
    ...(from === null ? [] : [sql`${column} >= ${from}`]),
    ...(to === null ? [] : [sql`${column} < ${to}`]),
  ];
  const condition = sql.join(bounds(apiKeys[name]), sql` AND `);
  return { condition, candidates: idsWith(...bounds(scanned[name])), range: { of: name, from, to } };
}

function ofState(state: (typeof API_KEY_STATES)[number], now: Date): Part {
  const isOfState = (revoked: Column, expires: Column): SQL[] => {
    if (state === 'REVOKED') return [sql`${revoked} = 1`];
    return [
      sql`${revoked} = 0`,
      state === 'ACTIVE' ? sql`${expires} > ${now.getTime()}` : sql`${expires} <= ${now.getTime()}`,
    ];
  };
  return {
    condition: sql.join(isOfState(apiKeys.revoked, apiKeys.expiresSort), sql` AND `),
    candidates: idsWith(...isOfState(scanned.revoked, scanned.expiresSort)),
  };
}

const milliseconds = (time: Date | null | undefined): number | null => time?.getTime() ?? null;
const isGiven = (range: ApiKeyFilter['expiresAt']): boolean => range?.from != null || range?.to != null;

/** Returns what a filter asks for, one part for each of its fields. */
function partsOf(filter: ApiKeyFilter, now: Date): Part[] {
  const { reach, tenantId, permission, nameStartsWith, state, expiresAt, lastUsedAt, isUsed, notUsedSince } = filter;
  const parts: Part[] = [];
  if (reach != null)
    parts.push({ condition: sql`api_key.reach = ${reach}`, candidates: idsWith(sql`scanned.reach = ${reach}`) });
  if (tenantId != null) {
    const ofTenant = sql`SELECT given.api_key_id AS id FROM api_key_tenant given WHERE given.tenant_id = ${tenantId}`;
    parts.push({ condition: sql`EXISTS (${ofTenant} AND given.api_key_id = api_key.id)`, candidates: ofTenant });
  }
  if (permission != null) {
    const having = sql`SELECT held.api_key_id AS id FROM api_key_permission held WHERE held.permission = ${permission}`;
    parts.push({ condition: sql`EXISTS (${having} AND held.api_key_id = api_key.id)`, candidates: having });
  }
  if (nameStartsWith != null) {
    const beginning = inLowerCase(nameStartsWith);
    parts.push(within('nameSort', sql`${beginning}`, behindAllWith(beginning)));
  }
  if (state != null) parts.push(ofState(state, now));
  if (isGiven(expiresAt))
    parts.push(within('expiresSort', milliseconds(expiresAt?.from), milliseconds(expiresAt?.to) ?? NEVER));
  if (isGiven(lastUsedAt)) {
    // Keys that were never used stand among the others.
    const { candidates } = within('idleSince', milliseconds(lastUsedAt?.from), milliseconds(lastUsedAt?.to));
    parts.push({ condition: sql.join(withinTime(apiKeys.lastUsedAt, lastUsedAt), sql` AND `), candidates });
  }
  if (isUsed === true) parts.push({ condition: sql`api_key.last_used_at IS NOT NULL`, candidates: null });
  if (isUsed === false) {
    parts.push({
      condition: sql`api_key.last_used_at IS NULL`,
      candidates: idsWith(sql`scanned.last_used_at IS NULL`),
    });
  }
  if (notUsedSince != null) parts.push(within('idleSince', null, notUsedSince.getTime()));
  return parts;
}

const reached = columnsAs(apiKeyTenants, 'reached');

/** Where the keys in reach are scanned: for a reach of some tenants, those that were given these, and no other. */
function scannedFor(viewer: Viewer): typeof ALL {
  if (viewer.reach.kind !== 'TENANTS') return { ...ALL, where: [apiKeyInReach(viewer, scanned.id)] };
  return {
    from: sql`api_key_tenant reached CROSS JOIN api_key scanned ON scanned.id = reached.api_key_id`,
    id: reached.apiKeyId,
    partitions: [{ column: reached.tenantId, values: viewer.reach.tenantIds, overlapping: true }],
    where: [apiKeyInReach(viewer, reached.apiKeyId)],
  };
}

/** What the index of the order serves is left to it. What it does not is tried on each row, or fewer candidates are read instead. */
function scanOf(viewer: Viewer, parts: readonly Part[], sort: Sort | null): IndexScan {
  const served = parts.find(({ range }) => range !== undefined && range.of === sort);
  const edge = (key: Edge['key'] | undefined): Edge | null => (key == null ? null : { key, id: '' });
  const scan: IndexScan = {
    ...scannedFor(viewer),
    sort: sort && scanned[sort],
    ...(served?.range && { range: { from: edge(served.range.from), to: edge(served.range.to) } }),
  };
  const others = parts.filter((part) => part !== served);
  if (others.length === 0) return scan;
  const filter: Filter = {
    conditions: parts.map(({ condition }) => condition),
    candidates: viewer.reach.kind === 'ORGANIZATION' ? candidatesOf(scan, others) : [],
    isInReach: apiKeyInReach(viewer, apiKeys.id),
  };
  return { ...scan, filter };
}

/** Only who reaches everything has candidates: who reaches less tries all in reach, and reads nothing beyond. */
function candidatesOf(scan: IndexScan, parts: readonly Part[]): Candidates[] {
  const leading = parts.flatMap(({ candidates }) => (candidates ? [{ query: candidates }] : []));
  if (leading.length === 0) return [];
  const inOrder = idsWithin(scan, [...afterStart(scan, scan.range, null, true), ...beforeEnd(scan, scan.range, true)]);
  return [...leading, { query: inOrder, isUnlikely: scan.range === undefined }];
}

/**
 * Lists the keys in reach, revoked ones included: those that satisfy everything that the filter asks for, the oldest first unless
 * another order is given.
 *
 * @throws ForbiddenError if the viewer lacks `apiKey:read`
 * @throws ValidationError if the filter or the page arguments are not valid
 */
export function listApiKeys({ db, viewer }: Caller, args: ApiKeyListArguments): Connection<ApiKeyRecord> {
  requirePermissions(viewer, ['apiKey:read']);
  const parts = partsOf(parse(apiKeyFilter, args.filter ?? {}, 'filter'), new Date());
  const order = args.orderBy ?? BY_CREATION;
  const request = parsePageArguments(args, order, 'apiKeys');
  const sort = ORDERS[order.field];
  const records = { ...API_KEY_RECORDS, sort: sort && apiKeys[sort] };
  const scan = scanOf(viewer, parts, sort);
  return connectionOf(db, records, scan, request, (row) => sort && row[sort]);
}
