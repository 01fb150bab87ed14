import { type Column, getTableColumns, type SQL, sql, type Table } from 'drizzle-orm';
import { dataSources } from '../../db/schema/data-sources.ts';
import { mailedLinks, sessions } from '../../db/schema/sign-in.ts';
import type { EntityTable } from './entity.ts';

/*
 * SQLite leaves what it deletes where it stood until something else is written there, and D1 does not let us tell it
 * otherwise. So what is to be gone is overwritten first, with as many bytes, which SQLite does in place. Of a value that was
 * changed earlier, or moved, a copy may be left in unused space all the same: nothing reads that, but it is there.
 */

/** How each column is overwritten. Ids, choices, flags and times are left alone: they are nobody's. */
const OVERWRITTEN: Record<string, (column: Column) => SQL> = {
  name: asText,
  nameKey: asKey,
  shortName: asText,
  email: asText,
  emailKey: asKey,
  externalId: asText,
  externalIdKey: asLongKey,
  phone: asText,
  avatarUrl: asText,
  url: asText,
  description: asText,
  descriptionKey: asText,
  descriptionSort: asText,
  labels: asList,
  companyName: asText,
  vatId: asText,
  taxType: asText,
  oneTimePaymentValidThrough: asText,
  billingAddress: (column) => asObject(sql`${column}`),
  shippingAddress: (column) => asObject(sql`${column}`),
};

/** Assignments that leave as many bytes in the columns of a record, which say nothing. */
export function overwritten(table: EntityTable | typeof dataSources): SQL {
  const columns: Record<string, Column> = getTableColumns<Table>(table);
  const assignments = Object.entries(columns).flatMap(([key, column]) => {
    const overwritten = OVERWRITTEN[key]?.(column);
    return overwritten ? [sql`${sql.identifier(column.name)} = ${overwritten}`] : [];
  });
  return sql.join(assignments, sql`, `);
}

/** The same for what people sign in with, which goes with its users: `userIds` is a list for IN. */
export const overwrittenSignIn = (userIds: SQL): SQL[] => [
  sql`UPDATE password SET hash = ${stars(sql`octet_length(hash)`)} WHERE user_id IN ${userIds}`,
  sql`UPDATE session SET user_agent = ${asText(sessions.userAgent)} WHERE user_id IN ${userIds}`,
  sql`UPDATE mailed_link SET last_error = ${asText(mailedLinks.lastError)} WHERE user_id IN ${userIds}`,
  sql`UPDATE issued_identity SET external_id_hash = printf('%-64s', user_id) WHERE user_id IN ${userIds}`,
];

/** The same for the data sources of tenants, which go with them. */
export const overwrittenDataSources = (tenantIds: SQL): SQL =>
  sql`UPDATE data_source SET ${overwritten(dataSources)} WHERE tenant_id IN ${tenantIds}`;

const stars = (count: SQL): SQL => sql`replace(hex(zeroblob(max(0, ${count}))), '00', '*')`;

/** No more characters than before, and of ASCII as many: what holds for the length of the text holds for this. */
function asText(text: Column): SQL {
  const bytes = sql`octet_length(${text})`;
  const wide = sql`replace(hex(zeroblob(${bytes} / 4)), '00', char(128274)) || substr('*é…', ${bytes} % 4, iif(${bytes} % 4, 1, 0))`;
  return sql`iif(${bytes} = length(${text}), ${stars(bytes)}, ${wide})`;
}

/** Keys are unique: they begin with a character that no input has, and the end of the number of the row. */
function asKey(key: Column): SQL {
  const bytes = sql`octet_length(${key})`;
  const number = sql`substr(printf('%07d', rowid), -min(7, ${bytes} - 1), min(7, ${bytes} - 1))`;
  return sql`char(1) || ${number} || ${stars(sql`${bytes} - 8`)}`;
}

/** Of a few bytes, several rows that go at once might get the same. */
function asLongKey(key: Column): SQL {
  return sql`iif(octet_length(${key}) < 8, ${key}, ${asKey(key)})`;
}

function asList(list: Column): SQL {
  return sql`iif(octet_length(${list}) < 4, ${list}, '["' || ${stars(sql`octet_length(${list}) - 4`)} || '"]')`;
}

/** The same for a JSON object. */
export function asObject(object: SQL): SQL {
  return sql`iif(octet_length(${object}) < 7, ${object}, '{"":"' || ${stars(sql`octet_length(${object}) - 7`)} || '"}')`;
}
