import { type Column, type SQL, sql } from 'drizzle-orm';
import type * as z from 'zod';
import { folded } from '../kernel/folding.ts';
import { text } from '../kernel/input.ts';
import { keyOfName } from '../kernel/keys.ts';
import type { Range } from './index-scan.ts';
import { behindAllWith, searchFor } from './search.ts';

/** What a list can be filtered by of names, without regard to case. A name must match everything that is given. */
export const nameFilter = {
  name: text.nullish(),
  nameStartsWith: text.nullish(),
  nameContains: text.nullish(),
};

/** What of names a filter asks for. A list that cannot be filtered by them leaves all of it out. */
export type NameFilter = { [K in keyof typeof nameFilter]?: z.output<(typeof nameFilter)[K]> };

/** Returns the conditions that a name matches all that is asked for. */
export function conditionsOnName(
  { nameKey, nameSort }: Record<'nameKey' | 'nameSort', Column>,
  { name, nameStartsWith, nameContains }: NameFilter,
): SQL[] {
  const { key, characters } = searchFor(nameStartsWith ?? '');
  return [
    ...(name == null ? [] : [sql`${nameKey} = ${keyOfName(name)}`]),
    ...(nameStartsWith == null ? [] : [sql`substr(${nameSort}, 1, ${characters.length}) = ${key}`]),
    ...(nameContains == null ? [] : [sql`instr(${nameSort}, ${folded(nameContains)}) > 0`]),
  ];
}

/**
 * Returns bounds for an index of names: those of the name and those of its beginning, if they are asked for. What
 * matches is within each of them.
 */
export function boundsOfName(nameSort: Column, { name, nameStartsWith }: NameFilter): SQL[][] {
  return [
    ...(name == null ? [] : [[sql`${nameSort} = ${folded(name)}`]]),
    ...(nameStartsWith == null ? [] : [beginningWith(nameSort, folded(nameStartsWith))]),
  ];
}

/** Returns the bounds of the names that begin with this key. */
export const beginningWith = (nameSort: Column, key: string): SQL[] => [
  sql`${nameSort} >= ${key}`,
  sql`${nameSort} < ${behindAllWith(key)}`,
];

/** Returns the range of names outside of which nothing can match; null if neither name nor beginning bounds it. */
export function rangeOfName({ name, nameStartsWith }: NameFilter): Range | null {
  const beginning = name ?? nameStartsWith;
  if (beginning == null) return null;
  const key = folded(beginning);
  return { from: { key: sql`${key}`, id: '' }, to: { key: behindAllWith(key), id: '' } };
}
