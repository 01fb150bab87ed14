import type { SQL } from 'drizzle-orm';
import { sql } from '../../db/sql.ts';
import { allOf, parseJsonList, type Statement } from '../../db/statement.ts';
import type { RateLimitError } from '../kernel/authentication-errors.ts';
import type { DirectoryError } from '../kernel/errors.ts';
import type { EventType } from '../kernel/event-types.ts';
import { type EventContext, recordedBy } from './event-recording.ts';

/**
 * A condition under which nothing is written. `problem` is an SQL expression: NULL when all is well, else a detail for
 * the error. The same expression guards the first event and, where nothing was recorded, reports to the caller.
 */
export interface Check<Answer> {
  readonly problem: SQL;
  error(detail: string, answer: Answer | undefined): DirectoryError | RateLimitError;
}

/** The problem of a check that cannot fail for this viewer or with this input. It is not asked: nothing is made of it in SQL. */
export const NO_PROBLEM = sql`NULL`;

/** Whether a check is to be asked at all. */
export const canFail = ({ problem }: Pick<Check<never>, 'problem'>): boolean => problem !== NO_PROBLEM;

/** Returns an expression: whether all of the checks pass. */
export const isAllowed = (checks: readonly Check<never>[]): SQL =>
  allOf(checks.filter(canFail).map(({ problem }) => sql`${problem} IS NULL`));

/** What a change came to. */
interface Outcome {
  /** The types of the events that it recorded. */
  recorded: ReadonlySet<EventType>;
  isHeard: number;
  /** The details of the checks that have failed, by their places among all: none where anything was recorded. */
  problems: readonly (string | null)[];
}

/** Reads what a change came to, behind its writes. The checks are asked again only where nothing was recorded. */
export function outcomeOf(context: Pick<EventContext, 'id'>, checks: readonly Check<never>[]): Statement<Outcome> {
  const problems = checks.map(
    ({ problem }, index) => sql`, CASE WHEN types = '[]' THEN ${problem} END AS ${nameOf(index)}`,
  );
  return {
    sql: sql`SELECT types, is_heard${sql.join(problems)} FROM ${recordedBy(context)}`,
    decode: ({ types, is_heard: isHeard, ...details }) => ({
      recorded: new Set(parseJsonList<EventType>(String(types))),
      isHeard: Number(isHeard),
      // In the order of the checks, which is that of their columns.
      problems: Object.values(details).map((detail) => (detail === null ? null : String(detail))),
    }),
  };
}

const nameOf = (index: number): SQL => sql.raw(`check_${index}`);
