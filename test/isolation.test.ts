import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { schema } from '../src/graphql/schema.ts';
import { dump } from './fixtures.ts';
import { holdsKey, KEY_OPERATIONS } from './isolation/api-keys.ts';
import { CUSTOMER_OPERATIONS } from './isolation/customers.ts';
import { seesTenant, TENANT_OPERATIONS } from './isolation/tenants.ts';
import {
  beyond,
  CUSTOMERS,
  type Operation,
  prepare,
  reset,
  type State,
  secrets,
  sees,
  VIEWERS,
  type ViewerKind,
} from './isolation/world.ts';

/**
 * Every operation × every kind of viewer × every state of the record, against what the design's two tables say. The
 * expectation is computed from sets of tenants, independently of the SQL that is tested.
 */

beforeAll(prepare);

let walked = 0;
afterAll(() => console.log(`${walked} cells of operation × viewer × record were walked`));

/** Walks one operation over all viewers and records. */
function walk<Record extends string>(
  operations: readonly Operation<Record>[],
  records: readonly Record[],
  absent: Record,
  isHidden: (viewer: ViewerKind, record: Record) => boolean,
): void {
  for (const operation of operations) {
    it(operation.name.replaceAll(/\s+/g, ' '), async () => {
      for (const viewer of VIEWERS) {
        const key = secrets.get(viewer.name);
        await reset();
        const whenAbsent = (await operation.ask(absent, key)).text;
        await reset();
        let before = await dump();
        for (const record of records) {
          const cell = `${viewer.name}, ${record}`;
          const untouchable = await beyond(viewer);
          const answer = await operation.ask(record, key);
          const outcome = operation.outcome(answer, record, viewer);
          expect(outcome, `${cell}: ${answer.text}`).toBe(operation.expected(viewer, record));
          const after = await dump();
          if (outcome === 'done') {
            expect(await beyond(viewer), `${cell}: nothing beyond reach may change`).toBe(untouchable);
            await reset();
            before = await dump();
          } else {
            expect(after === before, `${cell}: nothing may change`).toBe(true);
            const unseen = (outcome === 'absent' || outcome === 'not_found') && isHidden(viewer, record);
            if (unseen && !operation.tellsApart) expect(answer.text, cell).toBe(whenAbsent);
          }
          walked += 1;
        }
      }
    });
  }
}

describe('customers', () => {
  const states = Object.keys(CUSTOMERS) as State[];
  walk(CUSTOMER_OPERATIONS, states, 'not existing', (viewer, state) => !sees(viewer, CUSTOMERS[state]));
});

describe('tenants', () => {
  walk(TENANT_OPERATIONS, ['a', 'b', 'gone', 'none'], 'none', (viewer, name) => !seesTenant(viewer, name));
});

describe('API keys', () => {
  walk(KEY_OPERATIONS, ['organization', 'a', 'b', 'ab', 'none'], 'none', (viewer, state) => !holdsKey(viewer, state));
});

describe('the matrix', () => {
  it('has every operation that reaches records', () => {
    const covered = new Set(
      [...CUSTOMER_OPERATIONS, ...TENANT_OPERATIONS, ...KEY_OPERATIONS].map(({ covers }) => covers),
    );
    const everyone = ['viewer', 'organization', 'permissions'];
    const all = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    expect(all.filter((field) => !covered.has(field)).sort()).toEqual(everyone.sort());
  });
});
