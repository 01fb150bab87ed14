import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import { userdocks } from '../dialects/userdocks/table.ts';
import { mutationDocument, newWebhook, unique } from '../shared/fixtures.ts';
import { graphqlRequest, ROOT_KEY, send, type Variables } from '../shared/gateway.ts';
import { newWorld, type World } from '../shared/world.ts';
import { printFigures } from './counts.ts';
import { repeatable, withKey } from './keys.ts';

interface Cost {
  calls: number;
  statements: number;
  rowsRead: number;
  rowsWritten: number;
}

/** D1 that counts what it is asked for, and what that reads and writes. */
function metered(): { DB: D1Database; cost: Cost } {
  const cost = { calls: 0, statements: 0, rowsRead: 0, rowsWritten: 0 };
  const d1 = {
    prepare: (sql: string) => env.DB.prepare(sql),
    async batch(statements: D1PreparedStatement[]) {
      const results = await env.DB.batch(statements);
      cost.calls += 1;
      cost.statements += statements.length;
      for (const { meta } of results) {
        cost.rowsRead += meta.rows_read;
        cost.rowsWritten += meta.rows_written;
      }
      return results;
    },
  };
  return { DB: d1 as unknown as D1Database, cost };
}

const own = (name: string, payload: string, input: (world: World) => Variables) => ({
  name,
  request: (world: World) => graphqlRequest(mutationDocument(name, payload), { input: input(world) }),
});

const ROWS = 10;

const put = userdocks.operations.filter(({ writes }) => writes);

const MEASURED = [
  own('createCustomer', 'customer { id }', ({ tenant }) => ({
    name: unique('C'),
    externalId: unique('c'),
    tenantIdentifiers: [{ id: tenant.id }],
  })),
  own('updateCustomer', 'customer { id }', ({ customer }) => ({ id: customer.id, description: unique('d') })),
  own('upsertCustomer', 'outcome customer { id }', ({ customer: { externalId, name } }) => ({
    identifier: { externalId },
    name,
  })),
  own('importCustomers', 'rows { outcome }', () => ({
    rows: Array.from({ length: ROWS }, () => ({ externalId: unique('c'), name: unique('C') })),
  })),
  ...put.map(({ name, request }) => ({ name, request: (world: World) => request(world, ROOT_KEY) })),
];

const spelled = ({ calls, statements, rowsRead, rowsWritten }: Cost): string =>
  `${calls} calls, ${statements} statements, ${rowsRead} rows read, ${rowsWritten} written`;

describe('a mutation with an idempotency key', () => {
  for (const { name, request } of MEASURED) {
    it(`takes no more D1 calls than without one, and its repetition one more and writes nothing: ${name}`, async () => {
      const world = await newWorld();
      const costOf = async (asked: Request) => {
        const { DB, cost } = metered();
        const { status, errors } = await send(asked, { DB });
        expect([status, errors]).toEqual([200, []]);
        return cost;
      };
      const without = await costOf(request(world));
      const again = await repeatable(withKey(request(world), unique('key')));
      const withOne = await costOf(again());
      const repeated = await costOf(again());
      printFigures(`${name}: ${spelled(without)}; with a key ${spelled(withOne)}; repeated ${spelled(repeated)}`);
      expect(withOne.calls).toBeLessThanOrEqual(without.calls);
      expect(repeated.calls).toBeLessThanOrEqual(without.calls + 1);
      expect(repeated.rowsWritten).toBe(0);
    });
  }
});

describe('a mutation of which webhooks are to hear', () => {
  it('costs as much as without any, however many there are', async () => {
    const costs: Cost[] = [];
    let made = 0;
    for (const webhooks of [0, 1, 100]) {
      for (; made < webhooks; made += 1) await newWebhook();
      const input = { name: unique('C'), externalId: unique('c') };
      const { DB, cost } = metered();
      const { errors } = await send(graphqlRequest(mutationDocument('createCustomer', 'customer { id }'), { input }), {
        DB,
      });
      expect(errors).toEqual([]);
      printFigures(`createCustomer with ${webhooks} webhooks: ${spelled(cost)}`);
      costs.push(cost);
    }
    const [none, one, many] = costs;
    expect([one, many]).toEqual([none, none]);
  });
});
