import { type SQL, sql } from 'drizzle-orm';
import type * as z from 'zod';
import { AlreadyExistsError, ValidationError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Check } from './command.ts';
import { type Entity, type EntityWord, exists, keyOf } from './entity.ts';

/** What an upsert did. NOOP: the record existed and nothing differed, so nothing was written. */
export type UpsertOutcome = 'CREATED' | 'UPDATED' | 'NOOP';

export function upsertOutcome(recorded: ReadonlySet<EventType>, word: EntityWord): UpsertOutcome {
  if (recorded.has(`${word}.created`)) return 'CREATED';
  return recorded.has(`${word}.updated`) ? 'UPDATED' : 'NOOP';
}

/** An identifier that names a record out of reach is taken: that alone shows. */
export function isNotTaken(entity: Entity, target: SQL, reached: SQL, path: string): Check<unknown> {
  return {
    problem: sql`iif(${exists(entity, target)} AND NOT ${exists(entity, reached)}, 'taken', NULL)`,
    error: () => new AlreadyExistsError(path, null),
  };
}

/** The unique values that are written: to a record that exists those of its change, beside what it keeps. */
export function eitherOf(entity: Entity, target: SQL, created: object, changed: object): Record<string, SQL> {
  const [ofNew, ofOld] = [new Map(Object.entries(created)), new Map(Object.entries(changed))];
  const values = entity.unique.map(({ column }): [string, SQL] => {
    const key = keyOf(entity, column);
    const kept = sql`(SELECT ${column} FROM ${entity.table} WHERE ${target})`;
    return [
      key,
      sql`iif(${exists(entity, target)}, coalesce(${ofOld.get(key) ?? null}, ${kept}), ${ofNew.get(key) ?? null})`,
    ];
  });
  return Object.fromEntries(values);
}

/** A name is needed for a record that does not exist yet, and only then. */
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
 * Refuses to clear the very value that the record is looked up by: the same call would find nothing the next time, and
 * create a second record.
 */
export const keepsIdentifier = (fields: readonly string[]) => (input: UpsertInput, context: z.RefinementCtx) => {
  const message = 'cannot be cleared where it is the identifier';
  for (const field of fields) {
    if (input.identifier[field] == null) continue;
    if (input[field] === null) context.addIssue({ code: 'custom', path: [field], message, input });
    if (input.onUpdate?.[field] === null) {
      context.addIssue({ code: 'custom', path: ['onUpdate', field], message, input });
    }
  }
};
