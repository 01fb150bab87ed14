import * as z from 'zod';
import { customers } from '../../db/schema/customers.ts';
import { sql } from '../../db/sql.ts';
import { jsonList } from '../../db/statement.ts';
import { customerWhollyInReach } from '../access/reach.ts';
import { recordEvent } from '../commands/event-recording.ts';
import { noReferences, tenantsIn, toLookUp } from '../commands/references.ts';
import { noting } from '../imports/decisions.ts';
import type { DecisionContext, GivenRow, Import } from '../imports/import.ts';
import { type Found, givenKeys, isSeen, joinIdentified, lookUp } from '../imports/lookup.ts';
import { IMPORTS } from '../imports/rules.ts';
import { type StoredColumns, storedColumns } from '../imports/stored-columns.ts';
import type { UniqueValue } from '../imports/taken-values.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { ForbiddenError, NotFoundError } from '../kernel/errors.ts';
import { isIdentified, newRecord, parse, tenantIdentifiers, text } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { hasKey, meantFirst, soughtEmail, soughtExternalId, soughtName } from '../kernel/sought-keys.ts';
import { customerDetails, newCustomer, patchedCustomer } from './columns.ts';
import { CUSTOMER } from './entity.ts';
import { beginMemberships } from './memberships.ts';

const row = lazily(() =>
  z
    .object({ ...customerDetails(), name: text().optional(), tenantIdentifiers: tenantIdentifiers().nullish() })
    .superRefine(isIdentified),
);
type Row = OutputOf<typeof row>;
type Given = GivenRow<Row>;

/** A row that names no customer yet: as it is read, and as it has to be. */
const newRow = lazily(() => newRecord({ ...customerDetails(), name: text().optional() }));
const completeRow = lazily(() => newRecord({ name: text() }));

/** A holder is the live customer that has the value that the row would write. */
interface FoundCustomer extends Found {
  whollyInReach: number;
  externalIdHolder: string | null;
  externalIdHolderIsSeen: number;
  emailHolder: string | null;
  emailHolderIsSeen: number;
  nameHolder: string | null;
  nameHolderIsSeen: number;
  /** In the order given, null where no live tenant in reach is named so. */
  tenantIds: (string | null)[];
}

/** The import of customers: those that an external id, or else an e-mail address, names already are changed. */
export const importCustomers: Import<Row, FoundCustomer, string> = {
  ...IMPORTS.importCustomers,
  entity: CUSTOMER,
  row,
  decisive: ['externalId', 'kind', 'tenantIdentifiers'],
  fields: () => ({ emailVerified: 'email' }),
  relationField: 'tenantIdentifiers',
  identifierPath,
  lookup(viewer, rows) {
    const { reach } = viewer;
    const toFind = rows.map(({ row: { externalId, email, name, tenantIdentifiers: tenants } }) => ({
      externalId: externalId && soughtExternalId(externalId),
      email: email && soughtEmail(email.address),
      name: name && soughtName(name),
      tenants: (tenants ?? []).map(toLookUp),
    }));
    const { holders, join } = joinIdentified(CUSTOMER, viewer);
    // The name that the customer will have: a person who becomes a company may keep one that a company has.
    const { key, former } = givenKeys('name');
    const nameKeys = { key: sql`coalesce(${key}, customer.name_key)`, former };
    const nameHolder = sql`(SELECT holder.id FROM customer holder WHERE holder.deleted_at IS NULL
      AND holder.kind = 'COMPANY' AND ${hasKey('holder', 'name_key', nameKeys)}
      AND holder.id IS NOT customer.id ${meantFirst('holder', 'name_key', nameKeys)})`;
    return lookUp<FoundCustomer>(CUSTOMER, toFind, join, {
      whollyInReach: customerWhollyInReach(reach, customers.id),
      ...holders,
      nameHolder,
      nameHolderIsSeen: isSeen(CUSTOMER, viewer, nameHolder),
      tenantIds: sql`json(${tenantsIn(reach, sql`given.value`)})`,
    });
  },
  decideNew(context, given, found) {
    const columns = newColumns(context, given, found);
    return { columns, relations: [...new Set(found.tenantIds)].filter((id) => id !== null) };
  },
  decideExisting: (_context, given, found, { columns: stored }) => ({
    columns: changedColumns(given, found, stored),
    relations: [],
  }),
  uniqueValues,
  recordRelations(context, records, condition) {
    const joining = records.flatMap(({ id, relations }) => relations.map((tenantId) => ({ id, tenantId })));
    const membership = {
      type: 'membership.created',
      subjectType: 'Customer',
      subjectId: sql`given.value ->> 'id'`,
      after: sql`json_object('tenantId', given.value ->> 'tenantId')`,
    } as const;
    return [recordEvent(context, membership, sql`FROM json_each(${jsonList(joining)}) given WHERE ${condition}`)];
  },
  writeRelations: (context) => [beginMemberships(context)],
};

function identifierPath({ path, row }: Given): string {
  return row.externalId == null ? `${path}.email.address` : `${path}.externalId`;
}

function newColumns({ viewer, problems }: DecisionContext, { path, row }: Given, found: FoundCustomer): StoredColumns {
  const { tenantIdentifiers: tenants, ...details } = row;
  const { tenantIds } = found;
  noting(problems, () => parse(completeRow, details, path));
  if (viewer.reach.kind !== 'ORGANIZATION' && tenantIds.length === 0) {
    throw ForbiddenError.outOfReach(`Your reach is limited to tenants: name one at ${path}.tenantIdentifiers.`);
  }
  const missing = noReferences(`${path}.tenantIdentifiers`, tenants ?? [], tenantIds, 'tenant');
  if (missing.length > 0) problems.push(new NotFoundError(missing));
  return storedColumns(customers, newCustomer(parse(newRow, details, path)), null);
}

function changedColumns(given: Given, found: FoundCustomer, stored: StoredColumns): StoredColumns {
  const { email, tenantIdentifiers: _tenantIdentifiers, ...patch } = given.row;
  if (!found.whollyInReach) {
    throw ForbiddenError.outOfReach('The customer also belongs to tenants that are out of reach.');
  }
  const wasVerified = email && stored.email_key === keyOfEmail(email.address) && stored.email_verified === 1;
  const verified = email && { ...email, isVerified: email.isVerified ?? wasVerified };
  const values = patchedCustomer({ ...patch, ...(verified !== undefined && { email: verified }) });
  return storedColumns(customers, values, stored);
}

/** The name of a company is unique, that of a person is not. */
const companyName = (columns: StoredColumns | null) => (columns?.kind === 'COMPANY' ? columns.name_key : null);

function uniqueValues(
  { row }: Given,
  found: FoundCustomer,
  columns: StoredColumns,
  stored: StoredColumns | null,
): UniqueValue[] {
  return [
    {
      at: 'externalId',
      column: 'external_id_key',
      value: columns.external_id_key,
      before: stored?.external_id_key,
      isGiven: row.externalId != null,
      holder: found.externalIdHolder,
      isSeen: found.externalIdHolderIsSeen,
    },
    {
      at: 'email.address',
      column: 'email_key',
      value: columns.email_key,
      before: stored?.email_key,
      isGiven: row.email != null,
      holder: found.emailHolder,
      isSeen: found.emailHolderIsSeen,
    },
    {
      at: 'name',
      column: 'name_key',
      value: companyName(columns),
      before: companyName(stored),
      isGiven: row.name !== undefined,
      holder: found.nameHolder,
      isSeen: found.nameHolderIsSeen,
    },
  ];
}
