import { env } from 'cloudflare:workers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  codeOf,
  DATA_SOURCE_FIELDS,
  eventsAbout,
  globalId,
  mutate,
  mutationDocument,
  newKey,
  newPipeline,
  newPixel,
  newTenant,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { ask, cron } from '../../shared/gateway.ts';

const HOUR = 60 * 60 * 1000;
const MINUTE = 60 * 1000;

/** So long before now. */
const ago = (milliseconds: number): string => new Date(Date.now() - milliseconds).toISOString();
/** When the hour begins that was so many hours before the present one. */
const hourAgo = (hours: number): string => new Date(Math.floor(Date.now() / HOUR - hours) * HOUR).toISOString();

interface Entry {
  entryId: string;
  pixelId: string;
  at: string;
  events: number;
  publishErrors: number;
}

/** Ten events just now, under an id of its own, unless said otherwise. */
const entry = (pixelId: string, given: Partial<Entry> = {}): Entry => ({
  entryId: unique('entry'),
  pixelId,
  at: ago(0),
  events: 10,
  publishErrors: 0,
  ...given,
});

const record = (entries: readonly Entry[], key?: string): Promise<Result> =>
  mutate('recordTraffic', 'entries { entryId outcome }', { entries }, key);

/** What became of each entry. */
async function outcomes(entries: readonly Entry[]): Promise<string[]> {
  const result = await record(entries);
  expect(result.__typename, JSON.stringify(result)).toBe('RecordTrafficPayload');
  return result.entries.map(({ outcome }: Result) => outcome);
}

const USAGE = `query($id: ID!, $hours: Int! = 24) { tenant(id: $id) { usage(durationInHours: $hours) {
  durationInHours pixels { total active inactive } pipelines { total active inactive }
  eventsReceived pixelsWithTraffic publishFailed publishErrors lastUpdatedAt } } }`;

const usageOf = async (id: string, hours?: number, key?: string) =>
  (await ask(USAGE, { id, hours }, key)).data.tenant.usage;

const SERIES = `query($id: ID!, $hours: Int!) { tenant(id: $id) { usage(durationInHours: $hours) {
  hours { hour events publishErrors } } } }`;
const seriesOf = async (id: string, hours: number): Promise<Result[]> =>
  (await ask(SERIES, { id, hours })).data.tenant.usage.hours;

afterEach(() => {
  vi.useRealTimers();
});

describe('a tenant', () => {
  it('has pixels and pipelines, which are found by id and listed, the oldest first', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    const [first, second] = [await newPixel(tenant.id, { externalId: ' Shop ' }), await newPixel(tenant.id)];
    const pipeline = await newPipeline(tenant.id, { externalId: 'shop' });
    await newPixel(other.id, { externalId: 'shop' });
    expect(first).toMatchObject({ externalId: 'Shop', status: 'ACTIVE' });
    const { data } = await ask(
      `query($t: ID!, $ids: [ID!]!) {
        tenant(id: $t) { pixels(first: 1) { nodes { ${DATA_SOURCE_FIELDS} tenant { id } } totalCount pageInfo { endCursor } }
          pipelines { nodes { id } totalCount } }
        nodes(ids: $ids) { id __typename } }`,
      { t: tenant.id, ids: [second.id, pipeline.id, globalId('Pipeline', rawId(second.id))] },
    );
    expect(data.tenant.pixels).toMatchObject({ nodes: [{ ...first, tenant: { id: tenant.id } }], totalCount: 2 });
    expect(data.tenant.pipelines).toEqual({ nodes: [{ id: pipeline.id }], totalCount: 1 });
    expect(data.nodes).toEqual([
      { id: second.id, __typename: 'Pixel' },
      { id: pipeline.id, __typename: 'Pipeline' },
      null,
    ]);
    const rest = await ask('query($t: ID!, $c: String) { tenant(id: $t) { pixels(after: $c) { nodes { id } } } }', {
      t: tenant.id,
      c: data.tenant.pixels.pageInfo.endCursor,
    });
    expect(rest.data.tenant.pixels.nodes).toEqual([{ id: second.id }]);
  });

  it('has each external id once among its pixels', async () => {
    const tenant = await newTenant();
    const [pixel, other] = [await newPixel(tenant.id, { externalId: 'Shop \u00e9' }), await newPixel(tenant.id)];
    const taken = {
      __typename: 'AlreadyExistsError',
      path: 'externalId',
      existing: { __typename: 'Pixel', id: pixel.id },
    };
    const again = { tenantIdentifier: { id: tenant.id }, name: 'x', externalId: ' Shop e\u0301' };
    expect(await mutate('registerPixel', 'pixel { id }', again)).toMatchObject(taken);
    expect(await mutate('updatePixel', 'pixel { id }', { id: other.id, externalId: 'Shop \u00e9' })).toMatchObject(
      taken,
    );
    await succeed('updatePixel', 'pixel { id }', { id: other.id, externalId: 'SHOP \u00e9' });
    await succeed('updatePixel', 'pixel { id }', { id: pixel.id, externalId: null });
    await succeed('updatePixel', 'pixel { id }', { id: other.id, externalId: 'Shop \u00e9' });
  });

  it('has a pixel changed and removed, each time with an event that names the tenant', async () => {
    const tenant = await newTenant();
    const [ofTenant, ofOther] = [
      await newKey({ tenants: [tenant.id] }),
      await newKey({ tenants: [(await newTenant()).id] }),
    ];
    const pixel = await newPixel(tenant.id, { name: 'Before' }, ofTenant.secret);
    const update = { id: pixel.id, name: 'After', status: 'INACTIVE' };
    const changed = await succeed('updatePixel', 'pixel { name status }', update, ofTenant.secret);
    expect(changed.pixel).toEqual({ name: 'After', status: 'INACTIVE' });
    await succeed('updatePixel', 'pixel { id }', update);
    const removed = await succeed('removePixel', 'pixel { id name }', { id: pixel.id });
    expect(removed.pixel).toEqual({ id: pixel.id, name: 'After' });
    expect(await mutate('removePixel', 'pixel { id }', { id: pixel.id })).toMatchObject({ code: 'not_found' });
    const document = '{ events(last: 3) { nodes { type subjectId before after } } }';
    const { data } = await ask(document, {}, ofTenant.secret);
    const before = { name: 'Before', externalId: null, status: 'ACTIVE', tenantId: tenant.id };
    const after = { ...before, name: 'After', status: 'INACTIVE' };
    expect(data.events.nodes).toEqual([
      { type: 'pixel.created', subjectId: pixel.id, before: null, after: before },
      { type: 'pixel.updated', subjectId: pixel.id, before, after },
      { type: 'pixel.removed', subjectId: pixel.id, before: after, after: null },
    ]);
    expect((await ask(document, {}, ofOther.secret)).text).not.toContain(pixel.id);
  });

  it('has no more than 1,000 pixels', async () => {
    const tenant = await newTenant();
    await fill(tenant.id, 1000);
    const input = { tenantIdentifier: { id: tenant.id }, name: 'x' };
    expect(await mutate('registerPixel', 'pixel { id }', input)).toMatchObject({ code: 'too_many_data_sources' });
    await newPipeline(tenant.id);
  });

  it('hides them while it is deleted, and takes them with it when it is erased', async () => {
    const tenant = await newTenant();
    const [pixel, removed] = [await newPixel(tenant.id, { name: 'Zephyrine' }), await newPixel(tenant.id)];
    await record([entry(pixel.id), entry(removed.id)]);
    await succeed('removePixel', 'pixel { id }', { id: removed.id });
    const seen = async () => {
      const { data } = await ask(
        `query($id: ID!, $x: [String!]) { node(id: $id) { id }
          tenants(filter: { deleted: INCLUDE, externalIds: $x }) { nodes { usage { eventsReceived } pixels { totalCount } } } }`,
        { id: pixel.id, x: [tenant.externalId] },
      );
      return data;
    };
    const live = {
      node: { id: pixel.id },
      tenants: { nodes: [{ usage: { eventsReceived: 20 }, pixels: { totalCount: 1 } }] },
    };
    expect(await seen()).toEqual(live);
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id });
    expect(await seen()).toEqual({ node: null, tenants: { nodes: [{ usage: null, pixels: { totalCount: 0 } }] } });
    expect((await record([entry(pixel.id)])).code).toBe('not_found');
    expect((await mutate('updatePixel', 'pixel { id }', { id: pixel.id, name: 'x' })).code).toBe('not_found');
    await succeed('restoreTenant', 'tenant { id }', { id: tenant.id });
    expect(await seen()).toEqual(live);
    await succeed('deleteTenant', 'tenant { id }', { id: tenant.id, permanently: true });
    const raw = rawId(tenant.id);
    for (const table of ['data_source', 'traffic_entry', 'traffic_hour']) {
      expect(await env.DB.prepare(`SELECT 1 FROM ${table} WHERE tenant_id = ?`).bind(raw).first()).toBeNull();
    }
    for (const id of [pixel.id, removed.id]) {
      const { data } = await ask('query($s: ID!) { events(filter: { subjectId: $s }) { nodes { before after } } }', {
        s: id,
      });
      for (const event of data.events.nodes) expect(event).toEqual({ before: null, after: null });
    }
  });
});

describe('traffic', () => {
  it('is recorded, and read as the usage of the tenant', async () => {
    const tenant = await newTenant();
    const [busy, idle, off] = [await newPixel(tenant.id), await newPixel(tenant.id), await newPixel(tenant.id)];
    await newPipeline(tenant.id);
    await succeed('updatePixel', 'pixel { id }', { id: off.id, status: 'INACTIVE' });
    expect(await usageOf(tenant.id)).toEqual({
      durationInHours: 24,
      pixels: { total: 3, active: 2, inactive: 1 },
      pipelines: { total: 1, active: 1, inactive: 0 },
      eventsReceived: 0,
      pixelsWithTraffic: 0,
      publishFailed: false,
      publishErrors: 0,
      lastUpdatedAt: null,
    });
    const before = Date.now();
    expect(
      await outcomes([
        entry(busy.id, { events: 2_000_000_000 }),
        entry(busy.id, { at: ago(2 * HOUR), events: 2_000_000_000, publishErrors: 3 }),
        entry(off.id, { events: 5 }),
        entry(idle.id, { events: 0 }),
      ]),
    ).toEqual(['RECORDED', 'RECORDED', 'RECORDED', 'RECORDED']);
    const usage = await usageOf(tenant.id);
    expect(usage).toMatchObject({
      eventsReceived: 4_000_000_005,
      pixelsWithTraffic: 2,
      publishFailed: true,
      publishErrors: 3,
    });
    expect(Date.parse(usage.lastUpdatedAt)).toBeGreaterThanOrEqual(before);
    expect(await usageOf((await newTenant()).id)).toMatchObject({ eventsReceived: 0, pixels: { total: 0 } });
  });

  it('is counted once for each entry id, in one call, in another, and in two at once', async () => {
    const tenant = await newTenant();
    const [pixel, other] = [await newPixel(tenant.id), await newPixel(tenant.id)];
    const entries = [entry(pixel.id), entry(pixel.id)];
    const [first] = entries as [Entry];
    // The second of the same id counts nothing, whatever it says.
    expect(await outcomes([...entries, first, { ...first, pixelId: other.id, events: 99 }])).toEqual([
      'RECORDED',
      'RECORDED',
      'DUPLICATE',
      'DUPLICATE',
    ]);
    expect(await outcomes(entries)).toEqual(['DUPLICATE', 'DUPLICATE']);
    expect(await outcomes([{ ...first, pixelId: other.id }, entry(other.id)])).toEqual(['DUPLICATE', 'RECORDED']);
    expect(await usageOf(tenant.id)).toMatchObject({ eventsReceived: 30, pixelsWithTraffic: 2 });

    const contested = Array.from({ length: 10 }, () => entry(pixel.id, { events: 1 }));
    const racing = await Promise.all(Array.from({ length: 5 }, () => outcomes(contested)));
    expect(racing.flat().filter((outcome) => outcome === 'RECORDED')).toHaveLength(10);
    expect((await usageOf(tenant.id)).eventsReceived).toBe(40);
  });

  it('has entry ids of each tenant by itself, compared to the letter', async () => {
    const [one, two] = [await newPixel((await newTenant()).id), await newPixel((await newTenant()).id)];
    const entryId = unique('Entry');
    expect(
      await outcomes([
        entry(one.id, { entryId }),
        entry(two.id, { entryId }),
        entry(one.id, { entryId: entryId.toUpperCase() }),
        entry(two.id, { entryId }),
      ]),
    ).toEqual(['RECORDED', 'RECORDED', 'RECORDED', 'DUPLICATE']);
  });

  it('comes 1,000 entries in one call, as one D1 call', async () => {
    const tenant = await newTenant();
    const pixels = [await newPixel(tenant.id), await newPixel(tenant.id), await newPixel(tenant.id)];
    const entries = Array.from({ length: 1000 }, (_, index) =>
      entry(pixels[index % 3]?.id, { at: ago((index % 48) * HOUR), events: index, publishErrors: index % 2 }),
    );
    const document = mutationDocument('recordTraffic', 'entries { outcome }');
    const answer = await ask(document, { input: { entries } });
    expect(answer.data.recordTraffic.entries, answer.text).toHaveLength(1000);
    expect(answer.calls).toBe(1);
    expect(await usageOf(tenant.id, 48)).toMatchObject({
      eventsReceived: 499_500,
      publishErrors: 500,
      pixelsWithTraffic: 3,
    });
    const again = await ask(document, { input: { entries } });
    expect(new Set(again.data.recordTraffic.entries.map(({ outcome }: Result) => outcome))).toEqual(
      new Set(['DUPLICATE']),
    );
    expect(await usageOf(tenant.id, 48)).toMatchObject({ eventsReceived: 499_500 });
    const tooMany = await record([...entries, entry(pixels[0]?.id)]);
    expect(tooMany.message ?? '').toContain('entries');
  });

  it('is recorded as a whole or not at all, and all that is wrong is said at once', async () => {
    const tenant = await newTenant();
    const pixel = await newPixel(tenant.id);
    const pipeline = await newPipeline(tenant.id);
    const good = entry(pixel.id);
    const invalid = await record([
      good,
      { ...good, entryId: ' ' },
      entry(pixel.id, { at: ago(721 * HOUR) }),
      entry(pixel.id, { at: ago(-6 * MINUTE) }),
      entry('junk', { events: -1, publishErrors: -1 }),
    ]);
    expect(invalid.issues).toEqual([
      { path: 'entries.1.entryId', message: 'must not be empty', kind: 'INVALID' },
      { path: 'entries.2.at', message: 'must lie within the last 720 hours', kind: 'INVALID' },
      { path: 'entries.3.at', message: 'must not lie in the future', kind: 'INVALID' },
      { path: 'entries.4.pixelId', message: 'is not an id of this kind', kind: 'INVALID' },
      { path: 'entries.4.events', message: 'must not be negative', kind: 'INVALID' },
      { path: 'entries.4.publishErrors', message: 'must not be negative', kind: 'INVALID' },
    ]);
    const raw = rawId(pipeline.id);
    const unknown = await record([
      good,
      entry(globalId('Pixel', '01900000-0000-7000-8000-000000000000')),
      entry(globalId('Pixel', raw)),
    ]);
    expect(unknown.references.map(({ path }: Result) => path)).toEqual(['entries.1.pixelId', 'entries.2.pixelId']);
    expect((await record([])).issues).toMatchObject([{ path: 'entries', message: 'must not be empty' }]);
    expect(await usageOf(tenant.id)).toMatchObject({ eventsReceived: 0 });
    expect(await outcomes([good])).toEqual(['RECORDED']);
  });

  it('of an entry id that was recorded is a duplicate, whatever became of its pixel since, and one of a removed pixel fails alone', async () => {
    const tenant = await newTenant();
    const [pixel, gone, never] = [await newPixel(tenant.id), await newPixel(tenant.id), await newPixel(tenant.id)];
    const [ofPixel, ofGone, later] = [entry(pixel.id), entry(gone.id), entry(gone.id)];
    expect(await outcomes([ofPixel, ofGone])).toEqual(['RECORDED', 'RECORDED']);
    for (const { id } of [gone, never]) await succeed('removePixel', 'pixel { id }', { id });
    const good = Array.from({ length: 995 }, () => entry(pixel.id, { events: 1 }));
    const all = [...good, ofGone, later, entry(never.id), { ...ofGone, pixelId: never.id }, ofPixel];
    const fields = 'entries { entryId outcome error { code references { path } } }';
    const { entries } = await succeed('recordTraffic', fields, { entries: all });
    expect(entries.slice(0, 995).every(({ outcome }: Result) => outcome === 'RECORDED')).toBe(true);
    const failed = (index: number) => ({
      outcome: 'FAILED',
      error: { code: 'not_found', references: [{ path: `entries.${index}.pixelId` }] },
    });
    const duplicate = { outcome: 'DUPLICATE', error: null };
    expect(entries.slice(995)).toMatchObject([duplicate, failed(996), failed(997), duplicate, duplicate]);
    expect(await usageOf(tenant.id)).toMatchObject({ eventsReceived: 20 + 995 });
    expect(await outcomes([later])).toEqual(['FAILED']);

    const { secret } = await newKey({ tenants: [(await newTenant()).id] });
    const unknown = await record(
      [{ ...later, pixelId: globalId('Pixel', '01900000-0000-7000-8000-000000000000') }],
      secret,
    );
    const outOfReach = await record([later], secret);
    expect(outOfReach).toEqual(unknown);
    expect(unknown.__typename).toBe('NotFoundError');
  });

  it('has entry ids that are taken to the letter or refused, and never trimmed', async () => {
    const pixel = await newPixel((await newTenant()).id);
    const id = unique('Entry');
    const exact = [
      id,
      id.toLowerCase(),
      `${id}  x`,
      `${id}\u00e9`,
      `${id}e\u0301`,
      `${id}\u200b`,
      '\u200b1',
      '0',
      'a'.repeat(256),
    ];
    expect(await outcomes(exact.map((entryId) => entry(pixel.id, { entryId })))).toEqual(exact.map(() => 'RECORDED'));
    expect(await outcomes(exact.map((entryId) => entry(pixel.id, { entryId })))).toEqual(exact.map(() => 'DUPLICATE'));
    const around = [' ', '\t', '\n', '\r\n', '\u00a0', '\ufeff', '\u2003', '\u2028'];
    for (const entryId of around.flatMap((space) => [`${id}${space}`, `${space}${id}`, space])) {
      const { issues } = await record([entry(pixel.id, { entryId })]);
      expect(issues?.[0], JSON.stringify(entryId)).toMatchObject({ path: 'entries.0.entryId', kind: 'INVALID' });
    }
  });

  it('is no event', async () => {
    const tenant = await newTenant();
    const pixel = await newPixel(tenant.id);
    await record([entry(pixel.id)]);
    expect(await eventsAbout(pixel.id)).toEqual(['pixel.created']);
    expect(await eventsAbout(tenant.id)).toEqual(['tenant.created']);
  });

  it('stays with the tenant when the pixel that counted it is removed', async () => {
    const tenant = await newTenant();
    const [pixel, other] = [await newPixel(tenant.id), await newPixel(tenant.id)];
    await record([entry(pixel.id), entry(other.id)]);
    await succeed('removePixel', 'pixel { id }', { id: pixel.id });
    expect(await usageOf(tenant.id)).toMatchObject({ eventsReceived: 20, pixelsWithTraffic: 1, pixels: { total: 1 } });
  });
});

describe('a window', () => {
  it('has as many hours as are asked for, of which the present one is the last', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    const tenant = await newTenant();
    const pixel = await newPixel(tenant.id);
    const late = await newPixel(tenant.id);
    await outcomes([
      entry(pixel.id, { at: hourAgo(0), events: 1 }),
      // A clock that is ahead counts as now.
      entry(pixel.id, { at: ago(-4 * MINUTE), events: 10 }),
      entry(pixel.id, { at: hourAgo(1), events: 100 }),
      entry(pixel.id, { at: new Date(Date.parse(hourAgo(1)) - 1).toISOString(), events: 1000, publishErrors: 1 }),
      entry(late.id, { at: hourAgo(719), events: 10_000 }),
    ]);
    const counted = async (hours: number) => {
      const { eventsReceived, publishFailed, pixelsWithTraffic } = await usageOf(tenant.id, hours);
      return [eventsReceived, publishFailed, pixelsWithTraffic];
    };
    expect(await counted(1)).toEqual([11, false, 1]);
    expect(await counted(2)).toEqual([111, false, 1]);
    expect(await counted(3)).toEqual([1111, true, 1]);
    expect(await counted(719)).toEqual([1111, true, 1]);
    expect(await counted(720)).toEqual([11_111, true, 2]);
    expect(await seriesOf(tenant.id, 4)).toEqual([
      { hour: hourAgo(3), events: 0, publishErrors: 0 },
      { hour: hourAgo(2), events: 1000, publishErrors: 1 },
      { hour: hourAgo(1), events: 100, publishErrors: 0 },
      { hour: hourAgo(0), events: 11, publishErrors: 0 },
    ]);
    expect(await seriesOf(tenant.id, 720)).toHaveLength(720);
  });

  it('has between 1 and 720 hours', async () => {
    const { id } = await newTenant();
    for (const hours of [0, 721]) {
      const answer = await ask(USAGE, { id, hours });
      expect(codeOf(answer)).toBe('BAD_USER_INPUT');
      expect(answer.errors[0].extensions.issues).toMatchObject([{ path: 'durationInHours' }]);
    }
  });

  it('is read for a whole list of tenants in one statement, by who may read it', async () => {
    const tenants = [await newTenant(), await newTenant(), await newTenant()];
    for (const [index, { id }] of tenants.entries()) {
      await record([entry((await newPixel(id)).id, { events: index + 1 })]);
    }
    const document = `query($x: [String!]) { tenants(filter: { externalIds: $x }) { nodes {
      usage { eventsReceived hours { events } } pixels { nodes { name } } } } }`;
    const variables = { x: tenants.map(({ externalId }) => externalId) };
    const answer = await ask(document, variables);
    expect(answer.data.tenants.nodes.map(({ usage }: Result) => usage.eventsReceived)).toEqual([1, 2, 3]);
    expect(answer.calls).toBe(1);
    const { secret } = await newKey({ permissions: ['tenant:read'] });
    const refused = await ask(document, variables, secret);
    expect(refused.data.tenants.nodes).toMatchObject([{ usage: null }, { usage: null }, { usage: null }]);
    expect(refused.errors[0].extensions.missingPermissions).toEqual(['usage:read']);
  });

  it('costs as much as it has hours', async () => {
    const { id } = await newTenant();
    const cost = async (field: string) =>
      (await ask(`query($id: ID!) { tenant(id: $id) { ${field} } }`, { id })).errors;
    expect(await cost('usage(durationInHours: 720) { hours { hour events publishErrors } eventsReceived }')).toEqual(
      [],
    );
    const series = 'usage(durationInHours: 720) { hours { hour events publishErrors } }';
    const many = (count: number) => Array.from({ length: count }, (_, index) => `a${index}: ${series}`).join(' ');
    expect(await cost(many(10))).toEqual([]);
    expect((await cost(many(11)))[0]).toMatchObject({
      extensions: { code: 'BAD_USER_INPUT', cost: 1 + 11 * (10 + 30 + 1 + 1.3 * 720) },
    });
  });
});

/** So many pixels, and traffic of every second one in each of the last 800 hours. */
async function fill(tenantId: string, pixelCount: number): Promise<void> {
  const raw = rawId(tenantId);
  const numbers = (count: number) =>
    `WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${count - 1})`;
  const now = Math.floor(Date.now() / HOUR);
  await env.DB.batch(
    [
      `INSERT INTO data_source (id, tenant_id, kind, name, status, last_traffic_hour, created_at, updated_at)
        ${numbers(pixelCount)} SELECT ?1 || n, ?1, 'PIXEL', 'p' || n, 'ACTIVE', iif(n % 2, ?2, NULL), 1, 1 FROM numbers`,
      `INSERT INTO traffic_hour ${numbers(800)} SELECT ?1, ?2 - n, 1, 0, 1 FROM numbers`,
    ].map((sql) => env.DB.prepare(sql).bind(raw, now)),
  );
}

describe('reading usage', () => {
  it('reads the hours of the window and the data sources of the tenant, and no other', async () => {
    const [tenant, other] = [await newTenant(), await newTenant()];
    for (const { id } of [tenant, other]) await fill(id, 200);
    for (const hours of [1, 24, 720]) {
      const answer = await ask(USAGE, { id: tenant.id, hours });
      expect(answer.data.tenant.usage).toMatchObject({ eventsReceived: hours, pixelsWithTraffic: 100 });
      // The root key, the tenant, and whether it is live.
      expect(answer.rowsRead).toBeLessThanOrEqual(hours + 200 + 20);
    }
  });
});

// Ids are made of the time, and never go back: nothing may come after these.
describe('what is older than 720 hours', () => {
  it('is removed by cron, ids of entries and hours, but not before they can no longer be recorded', async () => {
    const tenant = await newTenant();
    const pixel = await newPixel(tenant.id);
    vi.useFakeTimers({ toFake: ['Date'] });
    const start = Date.parse(hourAgo(0)) + HOUR;
    vi.setSystemTime(start - MINUTE);
    // By a clock that is ahead, and in the next hour already.
    const kept = entry(pixel.id, { at: ago(-4 * MINUTE) });
    await record([kept]);
    const left = async (table: string) => {
      const rows = env.DB.prepare(`SELECT count(*) AS count FROM ${table} WHERE tenant_id = ?`);
      return rows.bind(rawId(tenant.id)).first('count');
    };
    const leftAt = async (time: number) => {
      vi.setSystemTime(time);
      await cron();
      return [await left('traffic_entry'), await left('traffic_hour')];
    };
    expect(await leftAt(start + 719 * HOUR - 1)).toEqual([1, 1]);
    expect(await usageOf(tenant.id, 720)).toMatchObject({ eventsReceived: 10, pixelsWithTraffic: 1 });
    // An hour that no window has any more goes; an id stays for as long as its entry could be recorded.
    expect(await leftAt(start + 719 * HOUR)).toEqual([1, 0]);
    expect(await usageOf(tenant.id, 720)).toMatchObject({
      eventsReceived: 0,
      pixelsWithTraffic: 0,
      lastUpdatedAt: null,
    });
    expect(await outcomes([kept])).toEqual(['DUPLICATE']);
    expect(await leftAt(start + 720 * HOUR)).toEqual([0, 0]);
    expect((await record([kept])).issues).toMatchObject([{ path: 'entries.0.at' }]);
  });

  it('is removed a part at a time', async () => {
    const tenant = await newTenant();
    const raw = rawId(tenant.id);
    const count = async () =>
      env.DB.prepare('SELECT count(*) AS count FROM traffic_entry WHERE tenant_id = ?').bind(raw).first('count');
    await env.DB.prepare(
      `INSERT INTO traffic_entry
       WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < 20005)
       SELECT ?, n, '00000000-0000-7000-8000-000000000000', 'p', 1, 0, 0 FROM numbers`,
    )
      .bind(raw)
      .run();
    await cron();
    expect(await count()).toBe(5);
    await cron();
    expect(await count()).toBe(0);
  });
});
