import { type SQL, sql } from 'drizzle-orm';
import type * as z from 'zod';
import type { Viewer } from '../access/viewer.ts';
import { AlreadyExistsError, ValidationError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Check, UniqueValue } from './command.ts';
import { type Entity, type EntityWord, exists, uniqueValues } from './entity.ts';
import { formerKeysOf, keptValue } from './unique-values.ts';

/** What an upsert did. NOOP: the record existed and nothing differed, so nothing was written. */
export type UpsertOutcome = 'CREATED' | 'UPDATED' | 'NOOP';

/** Returns what an upsert did, by the events that it recorded. */
export function upsertOutcome(recorded: ReadonlySet<EventType>, word: EntityWord): UpsertOutcome {
  if (recorded.has(`${word}.created`)) return 'CREATED';
  return recorded.has(`${word}.updated`) ? 'UPDATED' : 'NOOP';
}

/**
 * A check that the identifier does not name a record out of reach: the value counts as taken then, and nothing more is
 * told.
 * @throws AlreadyExistsError without the record
 */
export function isNotTaken(entity: Entity, target: SQL, reached: SQL, path: string): Check<unknown> {
  return {
    problem: sql`iif(${exists(entity, target)} AND NOT ${exists(entity, reached)}, 'taken', NULL)`,
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
  const written = (key: string): SQL => {
    const ofExisting = sql`coalesce(${changed[key] ?? null}, ${keptValue(entity.table, key, target)})`;
    const ofNew = sql`${created[key] ?? null}`;
    return sql`iif(${exists(entity, target)}, ${ofExisting}, ${ofNew})`;
  };
  const keys = entity.unique.flatMap(({ columns }) => columns);
  const [ofNew, ofExisting] = [formerKeysOf(created), formerKeysOf(changed)];
  const formerKeys = Object.keys({ ...ofNew, ...ofExisting }).map((key) => [
    key,
    sql`iif(${exists(entity, target)}, ${ofExisting[key] ?? null}, ${ofNew[key] ?? null})`,
  ]);
  const values = Object.fromEntries(keys.map((key) => [key, written(key)]));
  return uniqueValues(entity, viewer, values, target, Object.fromEntries(formerKeys));
}

/**
 * A check that a name is given where a new record will be created; a record that exists keeps its own.
 * @throws ValidationError at `name`
 */
export function isNamed(entity: Entity, target: SQL, name: string | undefined): Check<unknown> {
  return {
    problem: sql`iif(${name === undefined ? 1 : 0} AND NOT ${exists(entity, target)}, 'missing', NULL)`,
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
