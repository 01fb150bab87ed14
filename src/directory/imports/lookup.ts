import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { jsonList, type Statement, select } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import type { Entity } from '../commands/entity.ts';
import { holderOf, type Sought, soughtIn } from '../kernel/sought-keys.ts';
import { storedRecord } from './stored-columns.ts';

/** What the lookup of an import answers for a row. */
export interface LookupRow {
  /**
   * All that decides what becomes of the row, as JSON: an import writes only if it still reads the same. The version of
   * the record is in it, so that any change of the record is noticed.
   */
  found: string;
  /** The columns of the record that the row names, as JSON; null where there is no such record. */
  record: string | null;
}

/** What decides about a row, once `found` is parsed. Each import adds what else its rows name. */
export interface Found {
  /** The record that the row names; null where there is none. */
  id: string | null;
}

type Facts<F extends Found> = Record<string, SQL> & { [Name in Exclude<keyof F, 'id'>]: SQL };

/**
 * Looks up all rows of an import in one statement, which answers one row for each, in their order. `joins` joins the table
 * of the entity, and whatever else `facts` reads, to the row `given.value`.
 */
export function lookUp<F extends Found>(
  entity: Entity,
  rows: readonly unknown[],
  joins: SQL,
  facts: Facts<F>,
): Statement<LookupRow> {
  const table = sql.identifier(entity.word);
  const all: Record<string, SQL> = { id: sql`${table}.id`, version: sql`${table}.version`, ...facts };
  const members = Object.entries(all).map(([name, fact]) => sql`${sql.raw(`'${name}'`)}, ${fact}`);
  return select(
    {
      found: sql<string>`json_object(${sql.join(members, sql`, `)})`,
      record: sql<string | null>`${storedRecord(entity)}`,
    },
    sql`FROM json_each(${jsonList(rows)}) given ${joins} ORDER BY given.key`,
  );
}

/** A text of the row that is looked up, as an expression: NULL where the row has none. */
export const givenText = (name: string): SQL => sql.raw(`given.value ->> '${name}'`);

/** The keys that a text of the row is looked up by. */
export const givenKeys = (name: string): Sought => soughtIn(sql`given.value`, name);

/** A part of the row that is looked up, as JSON. */
export const givenJson = (name: string): SQL => sql.raw(`given.value -> '${name}'`);

/** Whether the viewer may see the live record with this id, as an expression. */
export function isSeen({ table, readPermission, isLive, inReach }: Entity, viewer: Viewer, id: SQL): SQL {
  if (!viewer.permissions.has(readPermission)) return sql`0`;
  if (viewer.reach.kind === 'ORGANIZATION') return sql`1`;
  return sql`EXISTS (SELECT 1 FROM (SELECT ${id} AS id) held CROSS JOIN ${table} ON ${table.id} = held.id
    WHERE ${isLive} AND ${inReach(viewer.reach)})`;
}

/**
 * Joins the record that a row names: by the keys in its `externalId`, or else by those in its `email`. Both holders are facts of their
 * own, too, because the row may give a record a value that another one has. A record that is hidden or out of reach is not
 * joined: the row is decided on like one that names nobody, to the end, and only then its value turns out to be taken.
 */
export function joinIdentified(entity: Entity, viewer: Viewer) {
  const { word, table, isLive, inReach } = entity;
  const externalIdHolder = holderOf(word, 'external_id_key', givenKeys('externalId'));
  const emailHolder = holderOf(word, 'email_key', givenKeys('email'));
  const named = sql`iif(${givenText('externalId')} IS NULL, ${emailHolder}, ${externalIdHolder})`;
  return {
    holders: {
      externalIdHolder,
      externalIdHolderIsSeen: isSeen(entity, viewer, externalIdHolder),
      emailHolder,
      emailHolderIsSeen: isSeen(entity, viewer, emailHolder),
    },
    join: sql`LEFT JOIN ${table} ON ${table.id} = ${named} AND ${isLive} AND ${inReach(viewer.reach)}`,
  };
}
