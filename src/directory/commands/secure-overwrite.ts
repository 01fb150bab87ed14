import { type Column, getTableColumns, type SQL, type Table } from 'drizzle-orm';
import { customerLabels } from '../../db/schema/customers.ts';
import { dataSources } from '../../db/schema/data-sources.ts';
import { mailedLinks, sessions } from '../../db/schema/sign-in.ts';
import { sql } from '../../db/sql.ts';
import { SHA256_DIGITS } from '../kernel/secrets.ts';
import type { EntityTable } from './entity.ts';

/*
 * SQLite leaves what it deletes where it stood until something else is written there, and D1 does not let us tell it
 * otherwise. So what is to be gone is overwritten first. Two lengths must hold:
 * - as many bytes as before, because SQLite overwrites a row in place only if it does not change its size;
 * - no more characters than before, and of ASCII as many, because CHECK constraints count characters.
 * Of a value that was changed earlier, or moved, a copy may be left in unused space: nothing reads that, but it is
 * there.
 */

/** How each column is overwritten. Ids, choices, flags and times are left alone: they are nobody's. */
const OVERWRITTEN: Record<string, (column: Column) => SQL> = {
  name: asText,
  nameKey: asKey,
  nameFolded: asText,
  nameWords: asText,
  shortName: asText,
  email: asText,
  emailKey: asKey,
  emailFolded: asText,
  emailWords: asText,
  externalId: asText,
  externalIdKey: asLongKey,
  phone: asText,
  avatarUrl: asText,
  url: asText,
  description: asText,
  descriptionKey: asText,
  descriptionWords: asText,
  descriptionSort: asText,
  labels: asList,
  labelKeys: asList,
  companyName: asText,
  vatId: asText,
  taxType: asText,
  oneTimePaymentValidThrough: asText,
  billingAddress: (column) => asObject(sql`${column}`),
  shippingAddress: (column) => asObject(sql`${column}`),
};

/**
 * Returns assignments for an UPDATE that leave as many bytes in the columns of a record, and nothing of what they said.
 */
export function overwritten(table: EntityTable | typeof dataSources): SQL {
  const columns: Record<string, Column> = getTableColumns<Table>(table);
  const setClauses = Object.entries(columns).flatMap(([key, column]) => {
    const overwritten = OVERWRITTEN[key]?.(column);
    return overwritten ? [sql`${sql.identifier(column.name)} = ${overwritten}`] : [];
  });
  return sql.join(setClauses, sql`, `);
}

/** Returns statements that overwrite what users sign in with, which is deleted with them. `userIds` is a list for IN. */
export const overwrittenSignIn = (userIds: SQL): SQL[] => [
  sql`UPDATE password SET hash = ${stars(sql`octet_length(hash)`)} WHERE user_id IN ${userIds}`,
  sql`UPDATE session SET user_agent = ${asText(sessions.userAgent)} WHERE user_id IN ${userIds}`,
  sql`UPDATE mailed_link SET last_error = ${asText(mailedLinks.lastError)} WHERE user_id IN ${userIds}`,
  sql`UPDATE issued_identity SET external_id_hash = printf(${`%-${SHA256_DIGITS}s`}, user_id) WHERE user_id IN ${userIds}`,
];

/**
 * Returns a statement that overwrites the labels of customers, which are deleted with them. `customerIds` is a list for IN. A
 * label begins with a character that no input has, of its number among those of the customer, so that they stay apart.
 */
export const overwrittenLabels = (customerIds: SQL): SQL =>
  sql`UPDATE customer_label SET label = char(numbered.number) || ${stars(sql`octet_length(customer_label.label) - 1`)},
      customer_name_sort = ${asText(customerLabels.customerNameSort)},
      customer_description_sort = ${asText(customerLabels.customerDescriptionSort)}
    FROM (SELECT customer_id, label, row_number() OVER (PARTITION BY customer_id ORDER BY label) AS number
      FROM customer_label WHERE customer_id IN ${customerIds}) numbered
    WHERE customer_label.customer_id = numbered.customer_id AND customer_label.label = numbered.label`;

/**
 * Returns a statement that overwrites the data sources of tenants, which are deleted with them. `tenantIds` is a list
 * for IN.
 */
export const overwrittenDataSources = (tenantIds: SQL): SQL =>
  sql`UPDATE data_source SET ${overwritten(dataSources)} WHERE tenant_id IN ${tenantIds}`;

/** So many asterisks, of one byte each; none for a negative count. */
const stars = (count: SQL): SQL => sql`replace(hex(zeroblob(max(0, ${count}))), '00', '*')`;

/** So many padlocks, of four bytes each: no character of UTF-8 has more. */
const padlocks = (count: SQL): SQL => sql`replace(hex(zeroblob(${count})), '00', char(128274))`;

/** One character of so many bytes, from one to three; the empty text for 0. */
const characterOf = (bytes: SQL): SQL => sql`substr('*é…', ${bytes}, iif(${bytes}, 1, 0))`;

/** ASCII becomes asterisks. Other text becomes as few characters as its bytes allow, because it had at least so many. */
function asText(text: Column): SQL {
  const bytes = sql`octet_length(${text})`;
  const isAscii = sql`${bytes} = length(${text})`;
  const fewestCharacters = sql`${padlocks(sql`${bytes} / 4`)} || ${characterOf(sql`${bytes} % 4`)}`;
  return sql`iif(${isAscii}, ${stars(bytes)}, ${fewestCharacters})`;
}

/**
 * A key becomes a character that no input has, the last seven digits of the row's number, and asterisks: it stays
 * unique. A key of less than eight bytes has room for fewer digits.
 */
function asKey(key: Column): SQL {
  const bytes = sql`octet_length(${key})`;
  const digits = sql`min(7, ${bytes} - 1)`;
  const number = sql`substr(printf('%07d', rowid), -${digits}, ${digits})`;
  return sql`char(1) || ${number} || ${stars(sql`${bytes} - 8`)}`;
}

/** A key of a few bytes is left as it is: several rows that go at once might get the same one. */
function asLongKey(key: Column): SQL {
  return sql`iif(octet_length(${key}) < 8, ${key}, ${asKey(key)})`;
}

/** A JSON list becomes a list of one text, which fills it: `["***"]`. One too short for that has nothing in it. */
function asList(list: Column): SQL {
  const bytes = sql`octet_length(${list})`;
  return sql`iif(${bytes} < 4, ${list}, '["' || ${stars(sql`${bytes} - 4`)} || '"]')`;
}

/**
 * A JSON object becomes an object of one text, which fills it: `{"":"***"}`. One too short for that is left as it is.
 */
export function asObject(object: SQL): SQL {
  const bytes = sql`octet_length(${object})`;
  return sql`iif(${bytes} < 7, ${object}, '{"":"' || ${stars(sql`${bytes} - 7`)} || '"}')`;
}
