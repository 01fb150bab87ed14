import { type Column, getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { RecordTable } from './concept.ts';

/*
 * SQLite leaves what it deletes where it stood until something else is written there, and D1 does not let us tell it
 * otherwise. So what is to be gone is overwritten first, with as many bytes, which SQLite does in place. Of a value that was
 * changed earlier, or moved, a copy may be left in unused space all the same: nothing reads that, but it is there.
 */

const PERSONAL = new Set([
  'name',
  'nameKey',
  'shortName',
  'email',
  'emailKey',
  'phone',
  'avatarUrl',
  'description',
  'url',
  'companyName',
  'vatId',
]);

/** Assignments that leave nothing of a person in the text columns of a record. */
export function blackened(table: RecordTable): SQL {
  const personal = Object.entries(getTableColumns<RecordTable>(table)).filter(([key]) => PERSONAL.has(key));
  return sql.join(
    personal.map(([, column]) => sql`${sql.identifier(column.name)} = ${asManyBytes(column)}`),
    sql`, `,
  );
}

/**
 * A text of as many bytes, and no more characters, so that what holds for the text holds for this. It begins with the
 * number of the row, because some are unique.
 */
function asManyBytes(text: Column): SQL {
  const number = sql`printf('%012d', rowid)`;
  const bytes = sql`octet_length(${text})`;
  return sql`iif(${bytes} <= 12, substr(${number}, -${bytes}),
    ${number} || replace(hex(zeroblob((${bytes} - 12) / 4)), '00', char(128274)) || substr('*é…', (${bytes} - 12) % 4, 1))`;
}

/** The same for a JSON object. */
export const blackenedObject = (object: SQL): SQL =>
  sql`'{"":"' || replace(hex(zeroblob(octet_length(${object}) - 7)), '00', '*') || '"}'`;
