import type { SQL } from 'drizzle-orm';
import { customType, integer, text } from 'drizzle-orm/sqlite-core';
import { sql } from '../sql.ts';

/** Returns a column that holds milliseconds since the epoch, and is read as a Date. */
export const timestamp = (name: string) => integer(name, { mode: 'timestamp_ms' });

/** Returns a column that holds 0 or 1, and is read as a boolean. */
export const flag = (name: string) => integer(name, { mode: 'boolean' });

/** The column that says by which rules the keys of a record were made: see `KEY_VERSION`. */
export const keyVersion = { keyVersion: integer('key_version').notNull() };

/** What the signs of words (kernel/folding.ts) are sent as. */
const SENT_AS = '\u0001';
const SIGNS = /[\u{f8000}-\u{f8002}]/u;

/**
 * Sends the words of a text with another character in the place of their sign, which SQL puts back. The sign alone would make
 * every text of the call take two bytes a character.
 */
function sentWords(words: string): string | SQL<string> {
  const [sign] = SIGNS.exec(words) ?? [];
  if (sign === undefined || words.includes(SENT_AS)) return words;
  return sql`replace(${words.replaceAll(sign, SENT_AS)}, ${SENT_AS}, char(${sql.raw(String(sign.codePointAt(0)))}))`;
}

/** Returns a column that holds words for the search index, each behind signs. */
export const words = customType<{ data: string; driverData: string }>({ dataType: () => 'text', toDriver: sentWords });

/**
 * The columns of a name beside it: as it is compared, as it is searched, and how its words begin. `nameSort` is what lists are
 * sorted by. The last three of a record with keys of version 1 are null, null, and its `nameKey`.
 */
export const nameKeys = {
  nameKey: text('name_key').notNull(),
  nameFolded: text('name_folded'),
  nameWords: words('name_words'),
  nameSort: text('name_sort').notNull().generatedAlwaysAs(sql`coalesce(name_folded, name_key)`),
};

/** The columns of an e-mail address beside it, as those of a name. An address is searched in both spellings of its domain. */
export const emailKeys = {
  emailFolded: text('email_folded'),
  emailWords: words('email_words'),
};

/** Who can have caused a change. ROOT and SYSTEM have no id. */
export const ACTOR_TYPES = ['ROOT', 'API_KEY', 'USER', 'SYSTEM'] as const;

/** What an event can be about. */
export const SUBJECT_TYPES = [
  'Organization',
  'Tenant',
  'Customer',
  'User',
  'Role',
  'ApiKey',
  'TrustedIssuer',
  'Pixel',
  'Pipeline',
  'Webhook',
  'Permission',
] as const;

/** The columns that say who created a record, as the type and the id of an actor. */
export const creator = {
  createdByType: text('created_by_type', { enum: ACTOR_TYPES }).notNull(),
  createdById: text('created_by_id'),
};

/** The columns that say who created a record and who changed it last. */
export const authors = {
  ...creator,
  updatedByType: text('updated_by_type', { enum: ACTOR_TYPES }).notNull(),
  updatedById: text('updated_by_id'),
};

/** The columns of a record that has versions, and that can be deleted and restored. `version` starts at 1. */
export const lifecycle = {
  createdAt: timestamp('created_at').notNull(),
  updatedAt: timestamp('updated_at').notNull(),
  deletedAt: timestamp('deleted_at'),
  deleted: flag('deleted').notNull().generatedAlwaysAs(sql`deleted_at IS NOT NULL`),
  version: integer('version').notNull(),
};

/** Returns the column of a primary key: a UUIDv7, so that the order of ids is the order of creation. */
export const id = () => text('id').primaryKey();
