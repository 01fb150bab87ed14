import * as z from 'zod';
import type { Gateway } from '../shared/gateway.ts';
import type { Row } from './cells.ts';
import type { ImportType } from './columns.ts';
import { type Patience, request } from './requests.ts';
import { uniqueValues } from './unique-values.ts';

/** The most records that the API names in one request: it accepts as many aliases. */
const RECORDS_IN_REQUEST = 30;

/** How each type is read. Tenants are not: their external ids alone are unique, and no import changes them. */
const READS: Partial<Record<ImportType, { field: string; input: string; values: string }>> = {
  customers: { field: 'customerBy', input: 'CustomerIdentifier', values: 'externalId email { address } name kind' },
  users: { field: 'userBy', input: 'UserIdentifier', values: 'externalId email' },
};

const records = z.record(z.string(), z.record(z.string(), z.unknown()).nullable());

/**
 * Reads the unique values that the records named by rows have now: for each row the keys of `uniqueValues`. Returns null
 * if that is not said to whoever has the key of the gateway.
 */
export async function heldValues(
  gateway: Gateway,
  type: ImportType,
  rows: readonly Row[],
  patience: Patience,
): Promise<string[][] | null> {
  const held: string[][] = [];
  for (let from = 0; from < rows.length; from += RECORDS_IN_REQUEST) {
    const some = rows.slice(from, from + RECORDS_IN_REQUEST);
    // Where the gateway does not answer at all, what is sent next says so.
    const values = patience.signal.aborted ? null : await heldBy(gateway, type, some, patience).catch(() => null);
    if (values === null) return null;
    held.push(...values);
  }
  return held;
}

async function heldBy(gateway: Gateway, type: ImportType, rows: readonly Row[], patience: Patience) {
  const read = READS[type];
  if (!read) return rows.map(() => []);
  const { field, input, values } = read;
  const parameters = rows.map((_, index) => `$of${index}: ${input}!`).join(', ');
  const fields = rows.map((_, index) => `record${index}: ${field}(identifier: $of${index}) { ${values} }`).join(' ');
  const variables = Object.fromEntries(rows.map((row, index) => [`of${index}`, identifierOf(row)]));
  // A row whose address is none names no record, and hides nothing of the others.
  const asked = { query: `query (${parameters}) { ${fields} }`, variables, passesOver: 'BAD_USER_INPUT' };
  const found = await request(gateway, asked, records, patience);
  return rows.map((_, index) => uniqueValues(type, found[`record${index}`] ?? {}).map(({ key }) => key));
}

/** Returns how a row names its record, as an import reads it: by the external id, or else by the address. */
function identifierOf({ externalId, email }: Row) {
  if (externalId !== undefined) return { externalId };
  return { email: typeof email === 'object' && email !== null && 'address' in email ? email.address : email };
}
