import { type Column, type SQL, sql } from 'drizzle-orm';
import type * as z from 'zod';
import { comparable, text } from '../kernel/input.ts';
import type { Range } from './index-scan.ts';
import { behindAllWith, searchFor } from './search.ts';

/** What a list can be filtered by of names, without regard to case. What is given must all be so. */
export const nameFilter = {
  name: text.nullish(),
  nameStartsWith: text.nullish(),
  nameContains: text.nullish(),
};

export type NameFilter = { [K in keyof typeof nameFilter]?: z.output<(typeof nameFilter)[K]> };

export function conditionsOnName(nameKey: Column, { name, nameStartsWith, nameContains }: NameFilter): SQL[] {
  const { key, characters } = searchFor(nameStartsWith ?? '');
  return [
    ...(name == null ? [] : [sql`${nameKey} = ${comparable(name)}`]),
    ...(nameStartsWith == null ? [] : [sql`substr(${nameKey}, 1, ${characters.length}) = ${key}`]),
    ...(nameContains == null ? [] : [sql`instr(${nameKey}, ${comparable(nameContains)}) > 0`]),
  ];
}

/** Of a scan whose index has the names in order, the stretches outside of which nothing can match. */
export function stretchesOfName(nameKey: Column, { name, nameStartsWith }: NameFilter): SQL[][] {
  return [
    ...(name == null ? [] : [[sql`${nameKey} = ${comparable(name)}`]]),
    ...(nameStartsWith == null ? [] : [beginningWith(nameKey, comparable(nameStartsWith))]),
  ];
}

const beginningWith = (nameKey: Column, key: string): SQL[] => [
  sql`${nameKey} >= ${key}`,
  sql`${nameKey} < ${behindAllWith(key)}`,
];

/** The same as places in the order of names; null where nothing bounds it. */
export function rangeOfName({ name, nameStartsWith }: NameFilter): Range | null {
  const beginning = name ?? nameStartsWith;
  if (beginning == null) return null;
  const key = comparable(beginning);
  return { from: { key: sql`${key}`, id: '' }, to: { key: behindAllWith(key), id: '' } };
}
