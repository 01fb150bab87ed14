import { env } from 'cloudflare:workers';
import { beforeEach, describe, expect, it } from 'vitest';
import { sendRounds } from '../../../src/http/webhooks/rounds.ts';
import { newCustomer, newTenant, rawId, succeed, unique } from '../../shared/fixtures.ts';
import { ask, cron, graphqlRequest, send, under } from '../../shared/gateway.ts';

const DAY = 24 * 60 * 60 * 1000;

const counts = async () => {
  const [events, named] = await env.DB.batch<{ count: number; first: number }>([
    env.DB.prepare('SELECT count(*) AS count, min(id) AS first FROM event'),
    env.DB.prepare('SELECT count(*) AS count, min(event_id) AS first FROM event_tenant'),
  ]);
  return { events: events?.results[0], named: named?.results[0] };
};

const cursors = async (): Promise<string[]> => {
  const { data } = await ask('{ events(first: 100) { edges { cursor } } }');
  return data.events.edges.map(({ cursor }: { cursor: string }) => cursor);
};

const isOld = (days: number, where = 'TRUE') =>
  env.DB.prepare(`UPDATE event SET created_at = created_at - ${days * DAY} WHERE ${where}`).run();

describe('events', () => {
  beforeEach(async () => {
    await env.DB.batch([env.DB.prepare('DELETE FROM event_tenant'), env.DB.prepare('DELETE FROM event')]);
    for (let count = 0; count < 4; count += 1) await newTenant();
  });

  it('are kept for ever, unless it is said for how long', async () => {
    await isOld(10_000);
    await cron();
    expect((await counts()).events?.count).toBe(4);
    await cron({ EVENTS_KEPT_DAYS: '0' });
    await cron({ EVENTS_KEPT_DAYS: 'soon' });
    expect((await counts()).events?.count).toBe(4);
  });

  it('go once they are older, from the beginning, with the tenants that they name; a cursor of before is refused', async () => {
    const all = await cursors();
    await isOld(3, 'id < (SELECT max(id) - 1 FROM event)');
    await cron({ EVENTS_KEPT_DAYS: '4' });
    expect((await counts()).events?.count).toBe(4);
    await cron({ EVENTS_KEPT_DAYS: '2' });
    const { events, named } = await counts();
    expect([events?.count, named?.count, named?.first]).toEqual([2, 2, events?.first]);
    const behind = (after: string | undefined) =>
      ask('query($after: String) { events(after: $after) { edges { cursor } } }', { after });
    const refused = await behind(all[0]);
    expect(refused.errors[0]).toMatchObject({
      message: expect.stringContaining('is older than what is kept'),
      extensions: { code: 'BAD_USER_INPUT', issues: [{ path: 'after' }] },
    });
    expect(refused.calls).toBe(1);
    // Of the last one that is gone, all that comes behind it is there.
    const { data } = await behind(all[1]);
    expect(data.events.edges.map(({ cursor }: { cursor: string }) => cursor)).toEqual(all.slice(2));
    const before = await ask('query($c: String) { events(before: $c) { edges { cursor } } }', { c: all[0] });
    expect(before.errors[0].extensions.issues).toMatchObject([{ path: 'before' }]);
    const filtered = await ask(
      'query($c: String) { events(after: $c, filter: { types: ["role.created"] }) { totalCount nodes { id } } }',
      {
        c: all[0],
      },
    );
    expect(filtered.errors[0].extensions.issues).toMatchObject([{ path: 'after' }]);
  });

  it('do not all go: the newest says how far they have gone', async () => {
    const all = await cursors();
    await isOld(9);
    await cron({ EVENTS_KEPT_DAYS: '1' });
    expect((await cursors()).length).toBe(1);
    const { errors } = await ask('query($c: String) { events(after: $c) { nodes { id } } }', { c: all[0] });
    expect(errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('that stand behind a newer one wait for it, so that there is no gap', async () => {
    await isOld(9, 'id <> (SELECT min(id) FROM event)');
    await cron({ EVENTS_KEPT_DAYS: '1' });
    expect((await counts()).events?.count).toBe(4);
  });

  it('go so many at a time, and so many names of tenants', async () => {
    const insert = (count: number, sql: string) =>
      env.DB.prepare(`WITH RECURSIVE n (n) AS (VALUES (1) UNION ALL SELECT n + 1 FROM n WHERE n < ${count}) ${sql}`);
    await env.DB.batch([
      insert(
        25_000,
        `INSERT INTO event (command_id, type, subject_type, subject_id, actor_type, created_at)
        SELECT 'c', 'tenant.created', 'Tenant', 's', 'ROOT', 0 FROM n`,
      ),
      insert(
        21_000,
        `INSERT INTO event_tenant (tenant_id, event_id, type, actor_type)
        SELECT 't' || n, (SELECT max(id) - 100 FROM event), 'tenant.created', 'ROOT' FROM n`,
      ),
    ]);
    await isOld(9);
    const left = async () => {
      await cron({ EVENTS_KEPT_DAYS: '1' });
      const { events, named } = await counts();
      return [events?.count, named?.count];
    };
    expect(await left()).toEqual([5005, 21_000]);
    expect(await left()).toEqual([101, 21_000]);
    // The one event that names so many goes with all of them, or never would.
    expect(await left()).toEqual([100, 0]);
    expect(await left()).toEqual([1, 0]);
  }, 60_000);

  it('that are a day old tell a repetition what the change did', async () => {
    const document = `mutation($input: CreateCustomerInput!) { createCustomer(input: $input) {
      ... on CreateCustomerPayload { customer { id } } } }`;
    const input = { name: unique('Repeated') };
    const repeat = () => send(under(graphqlRequest(document, { input }), 'a key of the test of events'));
    const first = await repeat();
    await isOld(0.99);
    await newCustomer();
    await cron({ EVENTS_KEPT_DAYS: '1' });
    expect((await repeat()).text).toBe(first.text);
  });

  it('are not what stops a webhook that has fallen behind them', async () => {
    const { webhook } = await succeed('createWebhook', 'webhook { id }', {
      url: `https://${unique('late')}.example/hook`,
      reach: 'ORGANIZATION',
      permissions: [],
      eventTypes: ['role.created'],
    });
    await newCustomer();
    await newCustomer();
    await isOld(9);
    await newCustomer();
    await cron({ EVENTS_KEPT_DAYS: '1' });
    expect(await sendRounds({ DB: env.DB }, rawId(webhook.id))).toBeNull();
    const { results } = await env.DB.prepare(
      'SELECT position = (SELECT max(id) FROM event) AS has_read_all FROM webhook WHERE id = ?',
    )
      .bind(rawId(webhook.id))
      .all();
    expect(results).toEqual([{ has_read_all: 1 }]);
  });
});

describe('a deployment', () => {
  it('says what is wrong with the number of days or of queries, and does not serve', async () => {
    const wrong = ['0', '-1', '1.5', 'soon', '1e3', ' 7', '36501', '99999999999'];
    for (const EVENTS_KEPT_DAYS of wrong) {
      const answer = await send(graphqlRequest('{ viewer { type } }'), { EVENTS_KEPT_DAYS });
      expect([answer.status, answer.errors[0].message], EVENTS_KEPT_DAYS).toEqual([
        503,
        'EVENTS_KEPT_DAYS is not a whole number from 1 to 36500.',
      ]);
    }
    for (const D1_QUERIES of ['49', '1001', 'many']) {
      expect((await send(graphqlRequest('{ viewer { type } }'), { D1_QUERIES })).status).toBe(503);
    }
    for (const good of [{ EVENTS_KEPT_DAYS: '' }, { EVENTS_KEPT_DAYS: '1' }, { D1_QUERIES: '1000' }]) {
      expect((await send(graphqlRequest('{ viewer { type } }'), good)).status).toBe(200);
    }
  });
});
