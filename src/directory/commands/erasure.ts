import { type SQL, sql } from 'drizzle-orm';
import { requireReach } from '../access/viewer.ts';
import type { EventType } from '../kernel/event-types.ts';
import type { Change, Check, Plan } from './command.ts';
import { type Entity, inReachById, missing, type RecordTable } from './entity.ts';
import { recordEvent, subjectsOf } from './event-recording.ts';
import { allExist } from './references.ts';
import { asObject, blackened, blackenedAccess, blackenedDataSources } from './secure-overwrite.ts';

interface Erasure {
  recorded(condition: SQL): SQL;
  removals: readonly SQL[];
}

/** The ids of the events about these records; of tenants, also of those about their data sources, there still or not. */
function eventsOf({ name }: Entity, ids: SQL): SQL {
  const own = sql`SELECT id FROM event WHERE subject_id IN ${ids}`;
  if (name !== 'Tenant') return own;
  return sql`${own} UNION ALL SELECT event_id FROM event_tenant
    WHERE tenant_id IN ${ids} AND (type GLOB 'pixel.*' OR type GLOB 'pipeline.*')`;
}

/** The records in `target` go, and with them what their events say of them: of the events, all else stays. */
export function erasure(change: Change, entity: Entity, target: SQL): Erasure {
  const type: EventType = `${entity.word}.erased`;
  const { id } = entity.table;
  const table = sql.identifier(entity.word);
  const subjects = sql`event.id IN (${eventsOf(entity, subjectsOf(change, type))})`;
  return {
    recorded: (condition) =>
      recordEvent(
        change,
        { type, subjectType: entity.name, subjectId: sql`${id}` },
        sql`FROM ${table} WHERE ${target} AND ${condition}`,
      ),
    removals: [
      sql`UPDATE event SET before = ${asObject(sql`before`)}, after = ${asObject(sql`after`)} WHERE ${subjects}`,
      sql`UPDATE event SET before = NULL, after = NULL WHERE ${subjects}`,
      ...(entity.name === 'User' ? blackenedAccess(subjectsOf(change, type)) : []),
      ...(entity.name === 'Tenant' ? [blackenedDataSources(subjectsOf(change, type))] : []),
      sql`UPDATE ${table} SET ${blackened(entity.table)} WHERE ${id} IN ${subjectsOf(change, type)}`,
      sql`DELETE FROM ${table} WHERE ${id} IN ${subjectsOf(change, type)}`,
    ],
  };
}

/** Removes the record with this id for good, hidden or not. `along` goes before it. */
export function planErasure<T extends RecordTable, Row, Result>(
  change: Change,
  entity: Entity<T, Row>,
  id: string,
  checks: readonly Check<Row>[],
  result: (row: Row) => Result,
  along: readonly Erasure[] = [],
): Plan<Result, Row> {
  requireReach(change.viewer, ['ORGANIZATION']);
  const target = inReachById(entity, change.viewer, id);
  const erased = [...along, erasure(change, entity, target)];
  return {
    checks: [allExist([missing(entity, target, 'id')]), ...checks],
    writes: (allowed) => erased.map(({ recorded }) => recorded(allowed)),
    removals: erased.flatMap(({ removals }) => removals),
    answer: entity.rows(sql`WHERE ${target}`),
    answersBeforeWriting: true,
    result,
  };
}
