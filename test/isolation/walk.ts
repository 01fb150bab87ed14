import { afterAll, beforeAll, expect, it } from 'vitest';
import { dump } from '../fixtures.ts';
import { reset } from './reset.ts';
import { beyond, type Operation, prepare, secrets, VIEWERS, type ViewerKind } from './world.ts';

/**
 * Every operation × every kind of viewer × every state of the record, against what the design's two tables say. The
 * expectation is computed from sets of tenants and customers, independently of the SQL that is tested.
 */

beforeAll(prepare);

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
      `${kind.padEnd(10)} ${operations} operations × ${viewers} viewers × ${records} records = ${cells} cells`,
  );
  console.log(['Walked:', ...rows].join('\n'));
});

/** Whether the world is as `reset` leaves it. */
let isClean = false;

async function clean(): Promise<void> {
  if (!isClean) await reset();
  isClean = true;
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
    await clean();
    const answered = await operation.ask(absent, key);
    isClean = operation.outcome(answered, absent, viewer) !== 'done';
    await clean();
    let before = await dump();
    const nothingChanged = async (cell: string) => {
      expect((await dump()) === before, `${cell}: nothing may have changed since the last change`).toBe(true);
    };
    for (const record of records) {
      const cell = `${viewer.name}, ${record}`;
      const expected = operation.expected(viewer, record);
      const untouchable = expected === 'done' ? await beyond(viewer) : '';
      if (expected === 'done') await nothingChanged(cell);
      // A list that is asked for without a word about the record answers the same for each.
      const answer = operation.isForAll ? answered : await operation.ask(record, key);
      const outcome = operation.outcome(answer, record, viewer);
      expect(outcome, `${cell}: ${answer.text}`).toBe(expected);
      sum.cells += 1;
      if (outcome === 'done') {
        expect((await beyond(viewer)) === untouchable, `${cell}: nothing beyond reach may change`).toBe(true);
        isClean = false;
        await clean();
        before = await dump();
        continue;
      }
      const isUnseen = (outcome === 'absent' || outcome === 'not_found') && isHidden(viewer, record);
      if (isUnseen && !operation.tellsApart) expect(answer.text, cell).toBe(answered.text);
    }
    await nothingChanged(viewer.name);
  }

  for (const operation of operations) {
    it(operation.name.replaceAll(/\s+/g, ' '), { timeout: 60_000 }, async () => {
      isClean = false;
      for (const viewer of viewers) await walkAs(viewer, operation);
    });
  }
}
