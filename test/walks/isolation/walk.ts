import { env } from 'cloudflare:workers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countOfChanges } from '../../shared/changes.ts';
import type { Answer } from '../../shared/gateway.ts';
import { rewind } from '../../shared/rewind.ts';
import { askAlone, askTogether } from './together.ts';
import { beyond, type Operation, type Outcome, prepare, secrets, VIEWERS, type ViewerKind } from './world.ts';

/**
 * In `npm test`, each operation is walked by a third of the viewers, so that each third has all kinds of operations:
 * `npm run test:isolation` walks all of them.
 */
const SHARE = env.IS_ISOLATION_WHOLE ? 1 : 3;

/**
 * Every operation × every kind of viewer × every state of the record, against what the design's two tables say. The
 * expectation is computed from sets of tenants and customers, independently of the SQL that is tested.
 */

beforeAll(prepare, 60_000);

interface Walked {
  operations: number;
  viewers: number;
  records: number;
  cells: number;
}

const walked: Record<string, Walked> = {};
afterAll(() => {
  const rows = Object.entries(walked).map(
    ([kind, { operations, viewers, records, cells }]) =>
      `${kind.padEnd(10)} ${operations} operations × ${viewers} viewers × ${records} records / ${SHARE} = ${cells} cells`,
  );
  console.log(['Walked:', ...rows].join('\n'));
});

/** Reads in one call how many changes there were, and what these statements find; then runs others. */
async function look(found: readonly D1PreparedStatement[], then: readonly D1PreparedStatement[] = []) {
  const [changes, ...results] = await env.DB.batch([countOfChanges(), ...found, ...then]);
  return {
    changes: JSON.stringify(changes?.results),
    found: JSON.stringify(results.slice(0, found.length).map(({ results }) => results)),
  };
}

/** Walks one operation over all viewers and records. */
export function walk<Record extends string>(
  kind: string,
  operations: readonly Operation<Record>[],
  records: readonly Record[],
  absent: Record,
  isHidden: (viewer: ViewerKind, record: Record) => boolean,
  viewers: readonly ViewerKind[] = VIEWERS,
): void {
  const sum = { operations: operations.length, viewers: viewers.length, records: records.length, cells: 0 };
  walked[kind] = sum;

  async function walkAs(viewer: ViewerKind, operation: Operation<Record>): Promise<void> {
    const key = secrets.get(viewer.name);
    const isDone = (record: Record) => operation.expected(viewer, record) === 'done';
    const judge = (record: Record, answer: Answer): Outcome => {
      const outcome = operation.outcome(answer, record, viewer);
      expect(outcome, `${viewer.name}, ${record}: ${answer.text}`).toBe(operation.expected(viewer, record));
      sum.cells += 1;
      return outcome;
    };

    const before = await look(beyond(viewer));
    // What changes nothing is asked for together.
    const others = records.filter((record) => !isDone(record));
    const answers = await askTogether(others.map(operation.ask), key);
    const answered = answers[others.indexOf(absent)];
    for (const [index, record] of others.entries()) {
      const answer = answers[index] as Answer;
      const outcome = judge(record, answer);
      const isUnseen = (outcome === 'absent' || outcome === 'not_found') && isHidden(viewer, record);
      if (isUnseen && !operation.tellsApart) expect(answer.text, `${viewer.name}, ${record}`).toBe(answered?.text);
    }
    const { changes } = await look([]);
    expect(changes, `${viewer.name}: what is not done changes nothing`).toBe(before.changes);

    for (const record of records.filter(isDone)) {
      judge(record, await askAlone(operation.ask(record), key));
      const { found } = await look(beyond(viewer), [rewind()]);
      expect(found === before.found, `${viewer.name}, ${record}: nothing beyond reach may change`).toBe(true);
    }
  }

  for (const [position, operation] of operations.entries()) {
    const walking = viewers.length < SHARE ? viewers : viewers.filter((_, index) => (position + index) % SHARE === 0);
    it(operation.name.replaceAll(/\s+/g, ' '), { timeout: 60_000 }, async () => {
      await rewind().run();
      for (const viewer of walking) await walkAs(viewer, operation);
    });
  }
}
