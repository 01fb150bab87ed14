import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { requireReach } from '../access/viewer.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Check } from './checks.ts';
import type { CommandContext, Plan } from './command.ts';
import { type Entity, type EntityTable, inReachById, missing, subjectOf } from './entity.ts';
import { recordEvent, recordedSubjects } from './event-recording.ts';
import type { NamedTarget } from './identifiers.ts';
import { allExist } from './references.ts';
import {
  asObject,
  overwritten,
  overwrittenDataSources,
  overwrittenLabels,
  overwrittenSignIn,
} from './secure-overwrite.ts';

/** What is erased, or ends, together: its events, and what goes for good once these have named their tenants. */
export interface Erasure {
  recorded(condition: SQL): SQL;
  removals: readonly SQL[];
}

/**
 * Returns a SELECT of the ids of the events about these records. Those of tenants include the events about their data
 * sources, whether these are still there or not.
 */
function eventsOf({ name }: Entity, ids: SQL): SQL {
  const own = sql`SELECT id FROM event WHERE subject_id IN ${ids}`;
  if (name !== 'Tenant') return own;
  return sql`${own} UNION ALL SELECT event_id FROM event_tenant
    WHERE tenant_id IN ${ids} AND (type GLOB 'pixel.*' OR type GLOB 'pipeline.*')`;
}

/**
 * Returns the event and the removals that erase the records in `target`, and what events say of them. All else of the
 * events stays.
 */
export function erasure(context: CommandContext, entity: Entity, target: SQL): Erasure {
  const type: EventType = `${entity.word}.erased`;
  const { id } = entity.table;
  const table = sql.identifier(entity.word);
  const subjects = sql`event.id IN (${eventsOf(entity, recordedSubjects(context, type))})`;
  return {
    recorded: (condition) =>
      recordEvent(
        context,
        { type, subjectType: entity.name, subjectId: sql`${id}` },
        sql`FROM ${table} WHERE ${target} AND ${condition}`,
      ),
    removals: [
      sql`UPDATE event SET before = ${asObject(sql`before`)}, after = ${asObject(sql`after`)} WHERE ${subjects}`,
      sql`UPDATE event SET before = NULL, after = NULL WHERE ${subjects}`,
      ...(entity.name === 'User' ? overwrittenSignIn(recordedSubjects(context, type)) : []),
      ...(entity.name === 'Customer' ? [overwrittenLabels(recordedSubjects(context, type))] : []),
      ...(entity.name === 'Tenant' ? [overwrittenDataSources(recordedSubjects(context, type))] : []),
      sql`UPDATE ${table} SET ${overwritten(entity.table)} WHERE ${id} IN ${recordedSubjects(context, type)}`,
      sql`DELETE FROM ${table} WHERE ${id} IN ${recordedSubjects(context, type)}`,
    ],
  };
}

/**
 * Plans to remove a record for good, hidden or not. What is erased `along` with it goes first.
 * @throws ForbiddenError for a viewer who does not reach the whole organization
 */
export function planErasure<T extends EntityTable, Row, Result>(
  context: CommandContext,
  entity: Entity<T, Row>,
  { id, path }: NamedTarget,
  checks: readonly Check<Row>[],
  result: (row: Row | null) => Result,
  along: readonly Erasure[] = [],
): Plan<Result, Row> {
  requireReach(context.viewer, ['ORGANIZATION']);
  const target = inReachById(entity, context.viewer, id);
  const erased = [...along, erasure(context, entity, target)];
  return {
    checks: [allExist([missing(entity, target, path)]), ...checks],
    writes: (allowed) => erased.map(({ recorded }) => recorded(allowed)),
    removals: erased.flatMap(({ removals }) => removals),
    answer: entity.rows(sql`WHERE ${target}`),
    answersBeforeWriting: true,
    subject: subjectOf(entity, context.viewer, id, 'HIDDEN'),
    result,
  };
}
