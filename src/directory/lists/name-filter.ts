import type { Column, SQL } from 'drizzle-orm';
import type * as z from 'zod';
import { sql } from '../../db/sql.ts';
import { inList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { folded } from '../kernel/folding.ts';
import { text } from '../kernel/input.ts';
import { formerKey } from '../kernel/keys.ts';
import { lazily } from '../kernel/lazily.ts';
import { hasAnyKey, soughtName } from '../kernel/sought-keys.ts';
import type { Range } from './index-scan.ts';
import { behindAllWith, candidatesContaining, contains, type Searched } from './search.ts';

/**
 * What a list can be filtered by of names: the name itself, by its identity, and by folded texts how it begins and what it has in
 * it, in one piece. A name must match everything that is given.
 */
export const nameFilter = lazily(() => ({
  name: text().nullish(),
  nameStartsWith: text().nullish(),
  nameContains: text().nullish(),
}));

/** What of names a filter asks for. A list that cannot be filtered by them leaves all of it out. */
export type NameFilter = { [K in keyof ReturnType<typeof nameFilter>]?: z.output<ReturnType<typeof nameFilter>[K]> };

/** Returns the conditions that a name matches all that is asked for. What is folded to nothing matches no name. */
export function conditionsOnName(
  { table, search }: Searched & { table: Record<'nameKey' | 'nameSort' | 'keyVersion', Column> },
  { name, nameStartsWith, nameContains }: NameFilter,
): SQL[] {
  const beginning = folded(nameStartsWith ?? '');
  return [
    ...(name == null ? [] : [hasAnyKey({ key: table.nameKey, version: table.keyVersion }, [soughtName(name)])]),
    ...(nameStartsWith == null ? [] : [startsWith(table.nameSort, beginning)]),
    ...(nameContains == null ? [] : [contains(search.name, nameContains)]),
  ];
}

const startsWith = (nameSort: Column, beginning: string): SQL =>
  beginning === '' ? sql`FALSE` : sql`substr(${nameSort}, 1, ${[...beginning].length}) = ${beginning}`;

/** Returns queries for candidates of what names must have in them, as `candidatesContaining` does. */
export const candidatesByName = (searched: Searched, reach: Reach, { nameContains }: NameFilter): SQL[] =>
  nameContains == null ? [] : candidatesContaining(searched, reach, searched.search.name, nameContains);

/** What a record with this name may be sorted by: with keys of version 1 it is sorted by its key. */
const sortedAs = (name: string): string[] => [...new Set([folded(name), formerKey(name)])];

/**
 * Returns bounds for an index of names: those of the name and those of its beginning, if they are asked for. What
 * matches is within each of them.
 */
export function boundsOfName(nameSort: Column, { name, nameStartsWith }: NameFilter): SQL[][] {
  return [
    ...(name == null ? [] : [[inList(nameSort, sortedAs(name))]]),
    ...(nameStartsWith == null ? [] : [beginningWith(nameSort, folded(nameStartsWith))]),
  ];
}

/** Returns the bounds of the names that begin with this key. */
const beginningWith = (nameSort: Column, key: string): SQL[] => [
  sql`${nameSort} >= ${key}`,
  sql`${nameSort} < ${behindAllWith(key)}`,
];

/** Returns the range of names outside of which nothing can match; null if neither name nor beginning bounds it. */
export function rangeOfName({ name, nameStartsWith }: NameFilter): Range | null {
  if (name != null) {
    const [key = '', former = key] = sortedAs(name);
    const last = sql`max(${key}, ${former})`;
    return { from: { key: sql`min(${key}, ${former})`, id: '' }, to: { key: behindAllWith(last), id: '' } };
  }
  if (nameStartsWith == null) return null;
  const key = folded(nameStartsWith);
  return { from: { key: sql`${key}`, id: '' }, to: { key: behindAllWith(key), id: '' } };
}
