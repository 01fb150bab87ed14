import { type Column, type SQL, sql } from 'drizzle-orm';
import type { Records } from '../../db/source.ts';
import { inList, jsonList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { folded } from '../kernel/folding.ts';
import { soughtExternalId } from '../kernel/sought-keys.ts';
import type { Range } from './index-scan.ts';

/** What a search needs to know of the records that it looks through. */
export interface Searched {
  records: Pick<Records<unknown>, 'id' | 'from'>;
  table: Record<'nameSort' | 'externalIdKey', Column>;
  /** The columns in which three characters and more may stand anywhere, and the FTS5 index of their trigrams. */
  search: { columns: readonly Column[]; index: SQL; hasTenants: boolean };
  isInReach: (reach: Reach, id: Column) => SQL;
}

/** A text to search for, as it is compared. How many characters it has, SQLite and its tokenizer count alike. */
export interface Search {
  key: string;
  characters: readonly string[];
}

/** Returns a search for this text without regard to case. The domain of a whole address may be spelled in either way. */
export function searchFor(text: string): Search {
  const key = folded(text);
  return { key, characters: [...key] };
}

/**
 * Returns the condition that a record is found. Three characters and more match anywhere, two the beginning of the
 * name, and one nothing; an external id matches as a whole, whatever its length. No character of the text has a meaning
 * of its own. Looks at all columns, or only at those given.
 */
export function isFound(
  { table, search }: Searched,
  { key, characters }: Search,
  columns: readonly Column[] = [...search.columns, table.externalIdKey],
): SQL {
  const found = columns.flatMap((column) => {
    if (column === table.externalIdKey) return [sql`${column} = ${key}`];
    if (characters.length > 2) return [sql`instr(${column}, ${key}) > 0`];
    return characters.length === 2 && column === table.nameSort ? [sql`substr(${column}, 1, 2) = ${key}`] : [];
  });
  return found.length === 0 ? sql`FALSE` : sql`(${sql.join(found, sql` OR `)})`;
}

/** Returns a key that sorts behind every text that begins like this: no text has a byte of 255. */
export const behindAllWith = (beginning: string): SQL => sql`${beginning} || CAST(x'FF' AS TEXT)`;

/** Selects the `id` of the records in reach that have one of these external ids. */
export function withExternalIds(
  { records, table, isInReach }: Searched,
  reach: Reach,
  externalIds: readonly string[],
): SQL {
  const wanted = jsonList([...new Set(externalIds.flatMap(soughtExternalId))]);
  return sql`SELECT ${records.id} AS id FROM json_each(${wanted}) wanted
    CROSS JOIN ${records.from} ON ${table.externalIdKey} = wanted.value WHERE ${isInReach(reach, records.id)}`;
}

/** More would hardly leave fewer records, which are compared in full then. */
const MAX_TRIGRAMS = 32;

/**
 * Returns a query for the `id` of the records that have all the trigrams of the text. They are those that are found,
 * and a few others. Returns no query where the index has records beyond the reach and does not tell them apart.
 */
export function withTrigrams({ records, search }: Searched, reach: Reach, { characters }: Search): SQL[] {
  const { index } = search;
  const trigrams = characters.slice(2).map((_, start) => characters.slice(start, start + 3).join(''));
  const quoted = [...new Set(trigrams)].slice(0, MAX_TRIGRAMS).map((trigram) => `"${trigram.replaceAll('"', '""')}"`);
  const allTrigrams = sql`${quoted.join(' AND ')}`;
  const indexed = sql`${index} CROSS JOIN ${records.from} ON ${records.from}.rowid = ${index}.rowid`;
  if (reach.kind === 'ORGANIZATION') {
    return [sql`SELECT ${records.id} AS id FROM ${indexed} WHERE ${index} MATCH ${allTrigrams}`];
  }
  if (reach.kind !== 'TENANTS' || !search.hasTenants) return [];
  const tenantTokens = sql`SELECT group_concat('"' || token || '"', ' OR ') AS tokens FROM tenant_search_token
    WHERE ${inList(sql`tenant_id`, reach.tenantIds)} HAVING count(*) > 0`;
  return [
    sql`SELECT ${records.id} AS id FROM (${tenantTokens}) reached CROSS JOIN ${indexed}
      WHERE ${index} MATCH ${allTrigrams} || ' AND (' || reached.tokens || ')'`,
  ];
}

/**
 * Returns the range of the order of names outside of which a search finds nothing: for two characters, the names that
 * begin with them. Nothing bounds it if a record in reach has the two characters as its external id, because its name
 * may be any.
 */
export function rangeOfSearch(searched: Searched, reach: Reach, { key, characters }: Search): Range {
  if (characters.length !== 2) return { from: null, to: null };
  const isExternalId = sql`EXISTS (${withExternalIds(searched, reach, [key])})`;
  const [beforeAllNames, behindAllNames] = [sql`''`, sql`x''`];
  return {
    from: { key: sql`iif(${isExternalId}, ${beforeAllNames}, ${key})`, id: '' },
    to: { key: sql`iif(${isExternalId}, ${behindAllNames}, ${behindAllWith(key)})`, id: '' },
  };
}
