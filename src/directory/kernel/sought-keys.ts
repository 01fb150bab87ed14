import type { Column, SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { keyOfEmail } from './email-address.ts';
import { formerKey, keyOfExternalId, keyOfName } from './keys.ts';

/*
 * Looking records up by their keys. Those with keys of version 1 are given new ones in steps, and until then they are found
 * by what version 1 makes of the text: where that is another key, both are looked for.
 */

/** What a text is looked up by: its key and, if that is another one, the key that version 1 made of it. */
export type SoughtKeys = readonly [key: string, former?: string];

function keysOf(key: string, text: string): SoughtKeys {
  const former = formerKey(text);
  return former === key ? [key] : [key, former];
}

/** Returns what the name of a record is looked up by. */
export const soughtName = (name: string): SoughtKeys => keysOf(keyOfName(name), name);
/** Returns what an e-mail address is looked up by. */
export const soughtEmail = (email: string): SoughtKeys => keysOf(keyOfEmail(email), email);
/** Returns what an external id is looked up by. */
export const soughtExternalId = (externalId: string): SoughtKeys => keysOf(keyOfExternalId(externalId), externalId);

/** The keys that are looked for, as expressions. `former` may be NULL, or not given. */
export interface Sought {
  key: SQL;
  former?: SQL | undefined;
}

/** Returns keys as they are looked for in a statement. */
export const sought = ([key, former]: SoughtKeys): Sought => ({
  key: sql`${key}`,
  former: former === undefined ? undefined : sql`${former}`,
});

/** Returns the keys that a JSON object has in a member, as `soughtName` and the others return them. */
export const soughtIn = (object: SQL, member: string): Sought => ({
  key: sql`${object} ->> ${sql.raw(`'$.${member}[0]'`)}`,
  former: sql`${object} ->> ${sql.raw(`'$.${member}[1]'`)}`,
});

/**
 * Returns the condition that a row of `table`, which may be an alias, has one of these keys. It may hold for two rows: the
 * one that is meant comes first by `meantFirst`.
 */
export function hasKey(table: string, column: string, { key, former }: Sought): SQL {
  const named = sql`${sql.identifier(table)}.${sql.identifier(column)}`;
  if (former === undefined) return sql`${named} = ${key}`;
  const version = sql`${sql.identifier(table)}.key_version`;
  return sql`(${named} IN (${key}, ${former}) AND (${named} = ${key} OR ${version} = 1))`;
}

/**
 * Returns the end of a SELECT that leaves one of the rows of `hasKey`: one with keys of now is meant, else one with this key. Two
 * spellings of one address may both be there with keys of version 1: then the one that is given is meant.
 */
export function meantFirst(table: string, column: string, { key, former }: Sought): SQL {
  if (former === undefined) return sql``;
  const named = sql.identifier(table);
  const direction = sql.raw(column === 'email_key' ? 'ASC' : 'DESC');
  return sql`ORDER BY ${named}.key_version DESC, ${named}.${sql.identifier(column)} = ${key} ${direction} LIMIT 1`;
}

/**
 * Returns the condition that a row of `table` has one of these keys and is not deleted. It holds for one row at most: only keys
 * of those rows are unique.
 */
export function isHolder(table: string, column: string, keys: Sought): SQL {
  const named = sql.identifier(table);
  if (keys.former === undefined) return sql`${hasKey(table, column, keys)} AND ${named}.deleted_at IS NULL`;
  return sql`${named}.id = ${holderOf(table, column, keys)}`;
}

/** The id of the row of `table` that has one of these keys and is not deleted, as an expression: NULL where there is none. */
export const holderOf = (table: string, column: string, keys: Sought): SQL =>
  sql`(SELECT holder.id FROM ${sql.identifier(table)} holder
    WHERE holder.deleted_at IS NULL AND ${hasKey('holder', column, keys)} ${meantFirst('holder', column, keys)})`;

/** Returns the condition that a column has one of these keys, for lists: each text may be that of several records. */
export function hasAnyKey({ key, version }: Record<'key' | 'version', Column>, texts: readonly SoughtKeys[]): SQL {
  const isNew = (keys: readonly string[]) => sql`${key} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`;
  const keys = [...new Set(texts.map(([one]) => one))];
  const formers = texts.flatMap(([, former]) => former ?? []);
  if (formers.length === 0) return isNew(keys);
  return sql`(${isNew([...new Set([...keys, ...formers])])} AND (${isNew(keys)} OR ${version} = 1))`;
}
