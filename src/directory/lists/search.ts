import { type Column, type SQL, sql } from 'drizzle-orm';
import { inList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { comparable } from '../kernel/input.ts';

/** What a search of one kind of record looks at. */
export interface Searched {
  from: SQL;
  table: Record<'id' | 'nameKey' | 'externalIdKey', Column>;
  /** The columns in which three characters and more may stand anywhere, and the FTS5 index of their trigrams. */
  search: { columns: readonly Column[]; index: SQL; hasTenants: boolean };
}

/** A text to search for, as it is compared. How many characters it has, SQLite and its tokenizer count alike. */
export interface Search {
  key: string;
  characters: readonly string[];
}

export function searchFor(text: string): Search {
  const key = comparable(text);
  return { key, characters: [...key] };
}

/**
 * Three characters and more match anywhere, two the beginning of the name, and one nothing; an external id matches as a
 * whole, whatever its length. Nothing in the text has a meaning of its own. Looks at all columns, or only at those given.
 */
export function isFound(
  { table, search }: Searched,
  { key, characters }: Search,
  columns: readonly Column[] = [...search.columns, table.externalIdKey],
): SQL {
  const found = columns.flatMap((column) => {
    if (column === table.externalIdKey) return [sql`${column} = ${key}`];
    if (characters.length > 2) return [sql`instr(${column}, ${key}) > 0`];
    return characters.length === 2 && column === table.nameKey ? [sql`substr(${column}, 1, 2) = ${key}`] : [];
  });
  return found.length === 0 ? sql`FALSE` : sql`(${sql.join(found, sql` OR `)})`;
}

/** Behind every text that begins like this: no text has a byte of 255. */
export const behindAllWith = (beginning: string): SQL => sql`${beginning} || CAST(x'FF' AS TEXT)`;

/** More would hardly leave fewer records, which are compared in full then. */
const MAX_TRIGRAMS = 32;

/**
 * The ids of the records that have all the trigrams of three characters or more: those that are found, and a few others.
 * None where the index has records beyond the reach and does not tell them apart.
 */
export function withTrigrams({ from, table, search }: Searched, reach: Reach, { characters }: Search): SQL[] {
  const { index } = search;
  const trigrams = characters.slice(2).map((_, start) => characters.slice(start, start + 3).join(''));
  const quoted = [...new Set(trigrams)].slice(0, MAX_TRIGRAMS).map((trigram) => `"${trigram.replaceAll('"', '""')}"`);
  const query = sql`${quoted.join(' AND ')}`;
  const found = sql`CROSS JOIN ${from} ON ${from}.rowid = ${index}.rowid`;
  if (reach.kind === 'ORGANIZATION') {
    return [sql`SELECT ${table.id} AS id FROM ${index} ${found} WHERE ${index} MATCH ${query}`];
  }
  if (reach.kind !== 'TENANTS' || !search.hasTenants) return [];
  const inTenants = sql`SELECT ${table.id} AS id FROM (
      SELECT group_concat('"' || token || '"', ' OR ') AS tokens FROM tenant_search_token
      WHERE ${inList(sql`tenant_id`, reach.tenantIds)} HAVING count(*) > 0) reached
    CROSS JOIN ${index} ${found} WHERE ${index} MATCH ${query} || ' AND (' || reached.tokens || ')'`;
  return [inTenants];
}
