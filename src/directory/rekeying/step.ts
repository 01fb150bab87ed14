import type { SQL } from 'drizzle-orm';
import { Database } from '../../db/client.ts';
import { violatedUniqueColumns } from '../../db/constraint.ts';
import { sql } from '../../db/sql.ts';
import { jsonList, type Statement, select, write } from '../../db/statement.ts';
import { recordEvent } from '../commands/event-recording.ts';
import { derivedOf } from '../kernel/derived-columns.ts';
import { newId } from '../kernel/ids.ts';
import { KEY_VERSION } from '../kernel/keys.ts';
import { decideKeys, type Holder, type Rekeyed } from './decisions.ts';
import { KEYED_TABLES, type KeyedTable, type UniqueKey } from './tables.ts';

/*
 * Gives the records of before new keys, a few of each table at a time. Nothing of a record changes but what is derived of it:
 * it has no other version, and there is no event, unless its key turns out to be that of another record. A step can be
 * interrupted, repeated, and run beside another one: it writes what still has keys of version 1 and is as it was read, at once.
 */

/** How many records of each table a step reads, and how long what it writes of them may be: D1 takes values of 2 MB. */
const MAX_RECORDS = 500;
const MAX_JSON_LENGTH = 500_000;

/** Of each table, the records that a step writes, as far as they were read. */
interface Read {
  table: KeyedTable;
  records: readonly Rekeyed[];
}

/**
 * Gives some records new keys, in at most four D1 calls; in one, if there are none left.
 * @returns whether there was anything to do: then there may be more
 */
export async function rekeySome(db: Database): Promise<boolean> {
  const found = await readEach(
    db,
    KEYED_TABLES.map((table) => ({ table, rows: FIRST })),
  );
  const first = found.flatMap(({ table, records }) => (records.length > 0 ? [{ table, records: cut(records) }] : []));
  if (first.length === 0) return false;
  const held = await holdersOf(db, first);
  const inTheWay = first.map(({ table, records }, at) => ({ table, ids: withFormerKeys(records, held[at] ?? []) }));
  const isClear = inTheWay.every(({ ids }) => ids.length === 0);
  const reads = isClear ? first : await alsoReading(db, first, inTheWay);
  await writeKeys(db, reads, isClear ? held : await holdersOf(db, reads));
  return true;
}

/** Gives all records new keys. */
export async function rekeyAll(d1: D1Database, note: (steps: number) => void = () => {}): Promise<void> {
  for (let steps = 1; await rekeySome(new Database(d1)); steps += 1) note(steps);
}

/** For how long cron goes on, in milliseconds, and for how many steps at most. */
const CRON_MILLISECONDS = 10_000;
const CRON_STEPS = 20;

/** Gives as many records new keys as cron has time for. */
export async function rekeyForAWhile(db: Database): Promise<void> {
  const end = Date.now() + CRON_MILLISECONDS;
  for (let step = 0; step < CRON_STEPS && Date.now() < end; step += 1) if (!(await rekeySome(db))) return;
}

const list = (parts: readonly SQL[]): SQL => sql.join([...parts], sql`, `);
const member = (name: string): SQL => sql.raw(`given.value ->> '${name}'`);
const column = (name: string): SQL => sql.raw(`keyed.${name}`);
const identifier = ({ name }: KeyedTable): SQL => sql`${sql.identifier(name)}`;

/** The first records with keys of version 1: the partial index of these has them by their ids. */
const FIRST = sql`WHERE keyed.key_version = 1 ORDER BY keyed.id LIMIT ${MAX_RECORDS}`;

async function readEach(db: Database, each: readonly { table: KeyedTable; rows: SQL }[]): Promise<Read[]> {
  const { read } = await db.reads({ read: each.map(({ table, rows }) => recordsOf(table, rows)) });
  return each.map(({ table }, at) => ({
    table,
    records: (read[at] ?? []).map(({ record }) => asRekeyed(table, record)),
  }));
}

const recordsOf = (table: KeyedTable, rows: SQL): Statement<{ record: string }> => {
  const columns = new Set([
    'id',
    table.guard,
    ...table.texts,
    ...table.derived,
    ...table.unique.flatMap(({ within }) => within),
  ]);
  const members = [...columns].map((name) => sql`${sql.raw(`'${name}'`)}, ${column(name)}`);
  const held = table.unique.map((key) => sql`${sql.raw(`'${key.column}'`)}, ${table.holds(key)}`);
  return select(
    { record: sql<string>`json_object(${list(members)}, 'holds', json_object(${list(held)}))` },
    sql`FROM ${identifier(table)} keyed ${rows}`,
  );
};

function asRekeyed(table: KeyedTable, json: string): Rekeyed {
  const { holds, ...stored } = JSON.parse(json);
  const derived = derivedOf(Object.fromEntries(table.texts.map((name) => [name, stored[name]])));
  return {
    id: stored.id,
    guard: stored[table.guard],
    keys: Object.fromEntries(table.derived.map((name) => [name, derived[name] ?? null])),
    unique: table.unique.flatMap((key) => {
      const value = derived[key.column];
      if (value == null || !holds[key.column]) return [];
      return [{ key, value, within: key.within.map((name) => stored[name]) }];
    }),
  };
}

/** Leaves what would be too long for one statement to the next step. There is always one. */
function cut(records: readonly Rekeyed[]): Rekeyed[] {
  let length = 0;
  return records.filter((record, at) => {
    length += JSON.stringify(record.keys).length;
    return at === 0 || length <= MAX_JSON_LENGTH;
  });
}

/** Reads, for each table, who holds a unique key that its records are to have. */
async function holdersOf(db: Database, reads: readonly Read[]): Promise<Holder[][]> {
  const lookups = reads.flatMap(({ table, records }) => table.unique.map((key) => holders(table, key, records)));
  const { found } = await db.reads({ found: lookups });
  let next = 0;
  return reads.map(({ table: { unique } }) => unique.flatMap(() => found[next++] ?? []));
}

function holders(table: KeyedTable, key: UniqueKey, records: readonly Rekeyed[]): Statement<Holder> {
  const wanted = records.flatMap(({ unique }) => unique.filter((one) => one.key === key));
  const given = wanted.map(({ value, within }) => ({
    value,
    ...Object.fromEntries(key.within.map((name, at) => [name, within[at]])),
  }));
  const isSame = key.within.map((name) => sql`AND ${column(name)} = ${member(name)}`);
  return select(
    {
      id: sql<string>`keyed.id`,
      column: sql<string>`${key.column}`,
      value: sql<string>`${column(key.column)}`,
      within: sql<string>`json_array(${list(key.within.map(column))})`,
      version: sql<number>`keyed.key_version`,
    },
    sql`FROM json_each(${jsonList(given)}) given CROSS JOIN ${identifier(table)} keyed
      ON ${column(key.column)} = ${member('value')} ${sql.join(isSame, sql` `)} AND ${table.holds(key)}`,
  );
}

/** The ids of those whose keys of version 1 are in the way, and who were not read: they are to have other keys themselves. */
const withFormerKeys = (records: readonly Rekeyed[], held: readonly Holder[]): string[] => {
  const read = new Set(records.map(({ id }) => id));
  return held.flatMap(({ id, version }) => (version === 1 && !read.has(id) ? [id] : []));
};

async function alsoReading(
  db: Database,
  reads: readonly Read[],
  more: readonly { table: KeyedTable; ids: readonly string[] }[],
): Promise<Read[]> {
  const rows = (ids: readonly string[]) =>
    sql`WHERE keyed.id IN (SELECT value FROM json_each(${jsonList(ids)})) AND keyed.key_version = 1`;
  const also = await readEach(
    db,
    more.map(({ table, ids }) => ({ table, rows: rows(ids) })),
  );
  return reads.map(({ table, records }, at) => ({ table, records: [...records, ...(also[at]?.records ?? [])] }));
}

/** Writes the keys. If somebody else has taken one of them meanwhile, nothing is written, and the next step sees it. */
async function writeKeys(db: Database, reads: readonly Read[], held: readonly (readonly Holder[])[]): Promise<void> {
  const context = { id: newId(), at: new Date(), viewer: { actor: { type: 'SYSTEM', id: null } } } as const;
  const writes = reads.flatMap(({ table, records }, index) => {
    const { decided, collisions, waiting } = decideKeys(records, held[index] ?? []);
    const isAsRead = sql`keyed.id = ${member('id')} AND keyed.key_version = 1 AND ${column(table.guard)} IS ${member('guard')}`;
    const after = sql`json_object('path', ${member('path')}, 'collidesWith', ${member('with')})`;
    const from = (rows: readonly object[]) => sql`FROM json_each(${jsonList(rows)}) given`;
    const named = sql`${identifier(table)} AS keyed`;
    return [
      ...(collisions.length === 0
        ? []
        : [
            recordEvent(
              context,
              {
                type: table.collided,
                subjectType: table.subjectType,
                subjectId: sql`keyed.id`,
                version: table.guard === 'version' ? column('version') : sql`NULL`,
                after,
              },
              sql`${from(collisions)} CROSS JOIN ${named} ON ${isAsRead}`,
            ),
          ]),
      // SQLite holds keys unique row by row: who has a key that another record of the step is to have gives it up first.
      ...[...Map.groupBy(waiting, ({ column }) => column)].map(
        ([name, rows]) =>
          sql`UPDATE ${named} SET ${sql.identifier(name)} = ${column(name)} || char(10) || keyed.id ${from(rows)} WHERE ${isAsRead}`,
      ),
      sql`UPDATE ${named} SET key_version = ${KEY_VERSION}, ${list(
        table.derived.map((name) => sql`${sql.identifier(name)} = ${member(name)}`),
      )} ${from(decided)} WHERE ${isAsRead}`,
    ];
  });
  await db.batch({ writes: writes.map(write) }).catch((error) => {
    if (violatedUniqueColumns(error) === null) throw error;
  });
}
