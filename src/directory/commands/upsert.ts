import type { SQL } from 'drizzle-orm';
import type * as z from 'zod';
import { sql } from '../../db/sql.ts';
import type { Values } from '../../db/statement.ts';
import type { Viewer } from '../access/viewer.ts';
import { AlreadyExistsError, ValidationError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { type Check, NO_PROBLEM } from './checks.ts';
import type { CommandContext, UniqueValue } from './command.ts';
import {
  alteration,
  creation,
  type Entity,
  type EntityTable,
  type EntityWord,
  exists,
  snapshotOfSubject,
  uniqueValues,
  type Writes,
} from './entity.ts';
import { recordAfter, recordEvent } from './event-recording.ts';
import { changes, formerKeysOf, keptValue } from './unique-values.ts';

/** What an upsert did. NOOP: the record existed and nothing differed, so nothing was written. */
export type UpsertOutcome = 'CREATED' | 'UPDATED' | 'NOOP';

/** Returns what an upsert did, by the events that it recorded. */
export function upsertOutcome(recorded: ReadonlySet<EventType>, word: EntityWord): UpsertOutcome {
  if (recorded.has(`${word}.created`)) return 'CREATED';
  return recorded.has(`${word}.updated`) ? 'UPDATED' : 'NOOP';
}

/** What an upsert writes: a record with a new id, if there is none, and else what is changed of the one there is. */
interface Upserted<T extends EntityTable> {
  newId: string;
  created: Values<T>;
  changed: Values<T>;
}

/**
 * Returns the event and the writes of an upsert: the record in `target`, which matches one at most, is changed, if anything of it
 * differs, and created if there is none.
 */
export function upserting<T extends EntityTable>(
  context: CommandContext,
  entity: Entity<T>,
  target: SQL,
  { newId, created, changed }: Upserted<T>,
): Writes {
  const { table, word, name, snapshot } = entity;
  const creating = creation(context, entity, newId, created);
  const changing = alteration(context, entity, target, changed);
  const isNew = sql`${table.id} IS NULL`;
  const event = {
    type: sql`iif(${isNew}, ${creating.type}, ${changing.type})`,
    subjectType: sql`${name}`,
    subjectId: sql`coalesce(${table.id}, ${newId})`,
    before: sql`iif(${isNew}, NULL, ${snapshot})`,
    version: sql`coalesce(${table.version}, 1)`,
  };
  const found = sql`FROM (SELECT 1) LEFT JOIN ${sql.identifier(word)} ON ${target}`;
  return {
    recorded: (condition) =>
      recordEvent(
        context,
        event,
        sql`${found} WHERE (${isNew} OR ${changes<EntityTable>(table, changed)}) AND ${condition}`,
      ),
    writes: [
      changing.record,
      creating.record,
      recordAfter(context, [changing.type, creating.type], snapshotOfSubject(entity)),
    ],
  };
}

/**
 * A check that the identifier does not name a record out of reach: the value counts as taken then, and nothing more is
 * told.
 * @throws AlreadyExistsError without the record
 */
export function isNotTaken({ reach }: Viewer, entity: Entity, target: SQL, reached: SQL, path: string): Check<unknown> {
  const isOutOfReach = sql`iif(${exists(entity, target)} AND NOT ${exists(entity, reached)}, 'taken', NULL)`;
  return {
    problem: reach.kind === 'ORGANIZATION' ? NO_PROBLEM : isOutOfReach,
    error: () => new AlreadyExistsError(path, null),
  };
}

/**
 * Returns the unique values that an upsert may collide on. A record in `target` gets the changed value, or keeps its own
 * where none is given; a new one gets the created value. The target is in reach: else whoever may not guess any more would
 * be told that there is a record, by not being refused at once.
 */
export function uniqueValuesOfUpsert(
  entity: Entity,
  viewer: Viewer,
  target: SQL,
  created: Record<string, unknown>,
  changed: Record<string, unknown>,
): UniqueValue[] {
  const value = (key: string): SQL => {
    const ofExisting = sql`coalesce(${changed[key] ?? null}, ${keptValue(entity.table, key, target)})`;
    const ofNew = sql`${created[key] ?? null}`;
    return sql`iif(${exists(entity, target)}, ${ofExisting}, ${ofNew})`;
  };
  const [ofNew, ofExisting] = [formerKeysOf(created), formerKeysOf(changed)];
  const formerKeys = Object.keys({ ...ofNew, ...ofExisting }).map((key) => [
    key,
    sql`iif(${exists(entity, target)}, ${ofExisting[key] ?? null}, ${ofNew[key] ?? null})`,
  ]);
  return uniqueValues(entity, viewer, { value, formerKeys: Object.fromEntries(formerKeys) }, target);
}

/**
 * A check that a name is given where a new record will be created; a record that exists keeps its own.
 * @throws ValidationError at `name`
 */
export function isNamed(entity: Entity, target: SQL, name: string | undefined): Check<unknown> {
  return {
    problem: name === undefined ? sql`iif(${exists(entity, target)}, NULL, 'missing')` : NO_PROBLEM,
    error: () => ValidationError.at('name', `is required to create a ${entity.word}`, 'REQUIRED'),
  };
}

interface UpsertInput {
  identifier: Record<string, unknown>;
  onUpdate?: Record<string, unknown> | undefined;
  [field: string]: unknown;
}

/**
 * A refinement of an upsert's input that refuses to clear the very value by which the record is looked up. The same call
 * would find nothing the next time, and create a second record.
 */
export const keepsIdentifier = (fields: readonly string[]) => (input: UpsertInput, context: z.RefinementCtx) => {
  const message = 'cannot be cleared where it is the identifier';
  for (const field of fields) {
    if (input.identifier?.[field] == null) continue;
    if (input[field] === null) context.addIssue({ code: 'custom', path: [field], message, input });
    if (input.onUpdate?.[field] === null) {
      context.addIssue({ code: 'custom', path: ['onUpdate', field], message, input });
    }
  }
};
