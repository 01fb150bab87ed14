import { sql } from 'drizzle-orm';
import * as z from 'zod';
import { customers } from '../../db/schema/customers.ts';
import { jsonList, select } from '../../db/statement.ts';
import { customerInReach, customerWhollyInReach } from '../access/reach.ts';
import { recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { noReferences, tenantsIn, toLookUp } from '../commands/references.ts';
import { type Deciding, type GivenRow, IMPORT_RULES, type Import, requireFree } from '../imports/import.ts';
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
import { AlreadyExistsError, ForbiddenError, NotFoundError, ValidationError } from '../kernel/errors.ts';
import { newId } from '../kernel/ids.ts';
import { comparable, isIdentified, newRecord, parse, tenantIdentifiers, text } from '../kernel/input.ts';
import { customerDetails, newCustomer, patchedCustomer } from './columns.ts';
import { CUSTOMER } from './entity.ts';
import { writeMemberships } from './memberships.ts';

const row = z
  .object({ ...customerDetails, name: text.optional(), tenantIdentifiers: tenantIdentifiers.nullish() })
  .superRefine(isIdentified);
type Row = z.output<typeof row>;

/** The same where there is no such customer yet. */
const newRow = newRecord({ ...customerDetails, name: text });

interface Written extends StoredRecord {
  /** Null for a new customer. */
  now: StoredColumns | null;
  tenantIds: readonly string[];
}

/** What decides about a row. A holder is the live customer that has the value that the row would write. */
interface LookedUpCustomer {
  id: string | null;
  version: number | null;
  inReach: number;
  whollyInReach: number;
  externalIdHolder: string | null;
  emailHolder: string | null;
  nameHolder: string | null;
  /** In the order given, null where no live tenant in reach is named so. */
  tenantIds: (string | null)[];
}

const readLookup = (seen: string): LookedUpCustomer => JSON.parse(seen);

/** Brings customers in: those that an external id, or else an e-mail address, names already are changed. */
export const importCustomers: Import<Row, Written> = {
  ...IMPORT_RULES,
  name: 'importCustomers',
  permissions: ['customer:create', 'customer:edit'],
  reaches: ['ORGANIZATION', 'TENANTS'],
  word: 'customer',
  row,
  lookup({ reach }, rows) {
    const given = rows.map(({ row: { externalId, email, name, tenantIdentifiers: tenants } }) => ({
      externalIdKey: externalId && comparable(externalId),
      emailKey: email && comparable(email.address),
      nameKey: name && comparable(name),
      tenants: (tenants ?? []).map(toLookUp),
    }));
    const key = (name: string) => sql.raw(`given.value ->> '${name}Key'`);
    const holder = (column: string, value = key(column)) =>
      sql`(SELECT holder.id FROM customer holder
        WHERE holder.deleted_at IS NULL AND ${sql.raw(`holder.${COLUMNS[column]}`)} = ${value})`;
    const nameHolder = sql`(SELECT holder.id FROM customer holder WHERE holder.deleted_at IS NULL
      AND holder.kind = 'COMPANY' AND holder.name_key = coalesce(${key('name')}, customer.name_key)
      AND holder.id IS NOT customer.id)`;
    return select(
      {
        seen: sql<string>`json_object('id', customer.id, 'version', customer.version,
          'inReach', ${customerInReach(reach, customers.id)},
          'whollyInReach', ${customerWhollyInReach(reach, customers.id)},
          'externalIdHolder', ${holder('externalId')}, 'emailHolder', ${holder('email')}, 'nameHolder', ${nameHolder},
          'tenantIds', json(${tenantsIn(reach, sql`given.value`)}))`,
        record: sql<string | null>`${storedRecord(CUSTOMER)}`,
      },
      sql`FROM json_each(${jsonList(given)}) given
        LEFT JOIN customer ON customer.id = iif(${key('externalId')} IS NULL, ${holder('email')}, ${holder('externalId')})
        ORDER BY given.key`,
    );
  },
  decide(deciding, given, { seen, record }) {
    const found = readLookup(seen);
    const now = readStored(record);
    if (found.id !== null && !deciding.claim(`id ${found.id}`)) {
      throw ValidationError.at(identifierPath(given), 'names the same customer as a row before');
    }
    const columns = found.id === null || now === null ? newColumns(deciding, given, found) : changed(given, found, now);
    requireFree(deciding, given.path, found.id, uniqueValues(found, columns, now));
    const { id } = found;
    if (id === null || now === null) {
      const written = {
        id: newId(),
        columns,
        now,
        tenantIds: [...new Set(found.tenantIds)].filter((one) => one !== null),
      };
      return { outcome: 'CREATED', id: written.id, written };
    }
    return {
      outcome: differsFrom(columns, now) ? 'UPDATED' : 'NOOP',
      id,
      written: { id, columns, now, tenantIds: [] },
    };
  },
  writes(context, { created, updated }, allowed) {
    const made = creations(context, CUSTOMER, created);
    const altered = alterations(context, CUSTOMER, changedOnes(updated));
    const joining = created.flatMap(({ id, tenantIds }) => tenantIds.map((tenantId) => ({ id, tenantId })));
    return [
      ...made.recorded(allowed),
      ...altered.recorded(allowed),
      ...made.writes,
      ...altered.writes,
      recordEvent(
        context,
        {
          type: 'membership.created',
          subjectType: 'Customer',
          subjectId: sql`given.value ->> 'id'`,
          after: sql`json_object('tenantId', given.value ->> 'tenantId')`,
        },
        sql`FROM json_each(${jsonList(joining)}) given WHERE ${wasRecorded(context, 'customer.created')}`,
      ),
      ...writeMemberships(context),
    ];
  },
};

const COLUMNS: Record<string, string> = { externalId: 'external_id_key', email: 'email_key' };

const identifierPath = ({ path, row }: GivenRow<Row>): string =>
  row.externalId == null ? `${path}.email.address` : `${path}.externalId`;

function newColumns(
  { viewer }: Deciding,
  { path, row }: GivenRow<Row>,
  { tenantIds }: LookedUpCustomer,
): StoredColumns {
  const { tenantIdentifiers: tenants, ...details } = row;
  const customer = parse(newRow, details, path);
  if (viewer.reach.kind !== 'ORGANIZATION' && tenantIds.length === 0) {
    throw ForbiddenError.outOfReach(`Your reach is limited to tenants: name one at ${path}.tenantIdentifiers.`);
  }
  const missing = noReferences(`${path}.tenantIdentifiers`, tenants ?? [], tenantIds, 'tenant');
  if (missing.length > 0) throw new NotFoundError(missing);
  return stored(customers, newCustomer(customer), null);
}

function changed(given: GivenRow<Row>, found: LookedUpCustomer, now: StoredColumns): StoredColumns {
  const { email, tenantIdentifiers: _tenantIdentifiers, ...patch } = given.row;
  if (!found.inReach) throw new AlreadyExistsError(identifierPath(given), null);
  if (!found.whollyInReach) {
    throw ForbiddenError.outOfReach('The customer also belongs to tenants that are out of reach.');
  }
  const wasVerified = email && now.email_key === comparable(email.address) && now.email_verified === 1;
  const verified = email && { ...email, isVerified: email.isVerified ?? wasVerified };
  return stored(customers, patchedCustomer({ ...patch, ...(verified !== undefined && { email: verified }) }), now);
}

/** The name of a company is unique, that of a person is not. */
const companyName = (columns: StoredColumns | null) => (columns?.kind === 'COMPANY' ? columns.name_key : null);

const uniqueValues = (found: LookedUpCustomer, columns: StoredColumns, now: StoredColumns | null) => [
  { value: columns.external_id_key, before: now?.external_id_key, holder: found.externalIdHolder, at: 'externalId' },
  { value: columns.email_key, before: now?.email_key, holder: found.emailHolder, at: 'email.address' },
  { value: companyName(columns), before: companyName(now), holder: found.nameHolder, at: 'name' },
];
