import { describe, expect, it } from 'vitest';
import { parseRfc3339, RoundedUpTime } from '../../../src/directory/kernel/rfc3339.ts';
import { api as prismatic } from '../../dialects/prismatic/api.ts';
import {
  allBut,
  codeOf,
  globalId,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  rawId,
} from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';

const UUID = '01900000-0000-7000-8000-0000000000ff';

describe('a time', () => {
  const good: Record<string, string> = {
    '2026-11-21T09:30:00Z': '2026-11-21T09:30:00.000Z',
    '2026-11-21t09:30:00z': '2026-11-21T09:30:00.000Z',
    '2026-11-21T00:00:00+23:59': '2026-11-20T00:01:00.000Z',
    '2026-11-21T23:59:59-23:59': '2026-11-22T23:58:59.000Z',
    '2026-11-21T09:30:00-00:00': '2026-11-21T09:30:00.000Z',
    '2026-11-21T09:30:00.1Z': '2026-11-21T09:30:00.100Z',
    '2026-11-21T09:30:00.123000000Z': '2026-11-21T09:30:00.123Z',
    '2026-11-21T09:30:00.123000001Z': '2026-11-21T09:30:00.124Z',
    '2026-11-21T09:30:00.1234Z': '2026-11-21T09:30:00.124Z',
    '2026-11-21T23:59:59.9999Z': '2026-11-22T00:00:00.000Z',
    '2024-02-29T00:00:00Z': '2024-02-29T00:00:00.000Z',
    '0000-01-01T00:00:00Z': '0000-01-01T00:00:00.000Z',
    '9999-12-31T23:59:59.999Z': '9999-12-31T23:59:59.999Z',
    '2016-12-31T23:59:60Z': '2017-01-01T00:00:00.000Z',
    '2015-07-01T01:59:60+02:00': '2015-07-01T00:00:00.000Z',
    '2015-06-30T23:59:60.75Z': '2015-07-01T00:00:00.000Z',
  };
  const bad = [
    '2026-11-21T24:00:00Z',
    '2026-11-21T24:00:00.000+00:00',
    '2026-11-21T25:00:00Z',
    '2026-11-21T09:60:00Z',
    '2026-11-21T09:30:60Z',
    '2026-11-30T23:59:60Z',
    '2026-11-21T09:30:61Z',
    '2026-11-21T09:30:00+24:00',
    '2026-11-21T09:30:00+01:60',
    '2026-11-21T09:30:00+0100',
    '2026-11-21T09:30:00',
    '2026-11-21T09:30Z',
    '2026-11-21 09:30:00Z',
    '2026-11-21',
    '2026-02-30T00:00:00Z',
    '2025-02-29T00:00:00Z',
    '2026-13-01T00:00:00Z',
    '2026-00-10T00:00:00Z',
    '2026-01-00T00:00:00Z',
    '2026-11-21T09:30:00.Z',
    '2026-11-21T09:30:00,5Z',
    '+002026-11-21T09:30:00Z',
    '9999-12-31T23:59:59.9999Z',
    '9999-12-31T23:59:59-01:00',
    '0000-01-01T00:00:00+00:01',
    ' 2026-11-21T09:30:00Z',
    '２026-11-21T09:30:00Z',
    '',
  ];

  it('is read as RFC 3339 has it, and rounded up to the millisecond', () => {
    for (const [text, time] of Object.entries(good)) expect(parseRfc3339(text)?.toISOString(), text).toBe(time);
    for (const text of [...bad, 0, null, [], new Date()]) expect(parseRfc3339(text), String(text)).toBeNull();
    expect(parseRfc3339('2026-11-21T09:30:00.1230Z')).not.toBeInstanceOf(RoundedUpTime);
    expect(parseRfc3339('2026-11-21T09:30:00.1231Z')).toBeInstanceOf(RoundedUpTime);
    expect(parseRfc3339('2016-12-31T23:59:60Z')).toBeInstanceOf(RoundedUpTime);
  });

  it('is refused where it is not one, in a document and in variables', async () => {
    for (const text of ['2026-11-21T24:00:00Z', '2026-02-30T00:00:00Z', '2026-11-21T09:30:00+24:00']) {
      const inVariables = 'query ($t: DateTime) { tenants(filter: { createdAt: { from: $t } }) { nodes { id } } }';
      const inDocument = `{ tenants(filter: { createdAt: { from: "${text}" } }) { nodes { id } } }`;
      for (const answer of [await ask(inVariables, { t: text }), await ask(inDocument)]) {
        expect([answer.status, answer.calls], answer.text).toEqual([400, 0]);
        expect(answer.errors[0].message).toContain('RFC 3339');
      }
    }
  });
});

describe('a range of times', () => {
  const LISTS = ['tenants', 'customers', 'users'];
  const RANGES = ['createdAt', 'updatedAt'];

  it('whose start is after its end is refused by its path, in every list, and one of no length has nothing', async () => {
    const query = (list: string) =>
      `query ($f: ${{ tenants: 'TenantFilter', users: 'UserFilter' }[list] ?? 'CustomerFilter'}) { ${list}(filter: $f) { nodes { id } } }`;
    for (const list of LISTS) {
      for (const range of RANGES) {
        for (const [from, to] of [
          ['2026-11-22T00:00:00Z', '2026-11-21T00:00:00Z'],
          ['2026-11-21T00:00:00.001Z', '2026-11-21T00:00:00Z'],
          ['2026-11-21T00:00:00Z', '2026-11-21T00:00:00+00:01'],
          ['9999-12-31T23:59:59Z', '0000-01-01T00:00:00Z'],
        ]) {
          const { data, errors } = await ask(query(list), { f: { [range]: { from, to } } });
          expect(data[list], list).toBeNull();
          expect(errors[0].extensions).toEqual({
            code: 'BAD_USER_INPUT',
            documentation: '/docs/errors#BAD_USER_INPUT',
            issues: [
              { path: `filter.${range}.from`, message: 'must not be after the end of the range', kind: 'INVALID' },
            ],
          });
        }
        const same = { from: '2026-11-21T00:00:00Z', to: '2026-11-21T01:00:00+01:00' };
        expect(await ask(query(list), { f: { [range]: same } })).toMatchObject({
          data: { [list]: { nodes: [] } },
          errors: [],
        });
      }
    }
    const reversed = 'createdAt_Gte: "2026-11-22T00:00:00Z", createdAt_Lte: "2026-11-21T00:00:00Z"';
    for (const list of ['customers', 'users']) {
      const { errors } = await prismatic(`{ ${list}(${reversed}) { nodes { id } } }`);
      expect(errors[0].extensions.issues).toMatchObject([{ path: 'createdAt_Gte' }]);
    }
  });

  it('has nothing that lies outside it by less than a millisecond, and leaves out nothing within', async () => {
    const { id } = await newCustomer();
    const { data } = await ask('query ($id: ID!) { customer(id: $id) { updatedAt createdAt } }', { id });
    for (const range of RANGES) {
      const at = Date.parse(data.customer[range]);
      const written = (milliseconds: number, further = '') =>
        new Date(at + milliseconds).toISOString().replace('Z', `${further}Z`);
      const found = async (from: string | undefined, to: string | undefined) => {
        const filter = { [range]: { from, to } };
        const query = 'query ($f: CustomerFilter) { customers(filter: $f, last: 100) { nodes { id } } }';
        const answer = await ask(query, { f: filter });
        return answer.data.customers.nodes.some((node: { id: string }) => node.id === id);
      };
      expect(await found(written(0), undefined), range).toBe(true);
      expect(await found(written(0, '000'), undefined), range).toBe(true);
      expect(await found(written(0, '1'), undefined), range).toBe(false);
      expect(await found(written(0, '000001'), undefined), range).toBe(false);
      expect(await found(written(-1, '9'), undefined), range).toBe(true);
      expect(await found(undefined, written(0)), range).toBe(false);
      expect(await found(undefined, written(0, '000001')), range).toBe(true);
      expect(await found(undefined, written(-1, '999')), range).toBe(false);
      const upTo = async (lte: string) => {
        const list = await prismatic(`{ customers(${range}_Lte: "${lte}", last: 100) { nodes { id } } }`);
        const ids = list.data.customers.nodes.map((node: { id: string }) => node.id);
        return ids.includes(globalId('Customer', rawId(id)));
      };
      expect(await upTo(written(0)), range).toBe(true);
      expect(await upTo(written(0, '5')), range).toBe(true);
      expect(await upTo(written(-1, '5')), range).toBe(false);
    }
  });
});

describe('an id in a query', () => {
  const NO_IDS = [
    '',
    'x',
    'Customer',
    UUID.slice(1),
    btoa('Customer:'),
    btoa('Customer:x'),
    btoa(`Nobody:${UUID}`),
    btoa(`:${UUID}`),
    btoa(`Event:${UUID}`),
    '%',
    'null',
    btoa(btoa(`Customer:${UUID}`)),
  ];

  /** Each query with the type of the record that its id names, and where the id stands. */
  const QUERIES: readonly [type: string, path: string, document: string][] = [
    ['Customer', 'id', 'query ($id: ID!) { found: customer(id: $id) { id } }'],
    ['Tenant', 'id', 'query ($id: ID!) { found: tenant(id: $id) { id } }'],
    ['User', 'id', 'query ($id: ID!) { found: user(id: $id) { id } }'],
    ['Customer', 'identifier.id', 'query ($id: ID!) { found: customerBy(identifier: { id: $id }) { id } }'],
    ['Tenant', 'identifier.id', 'query ($id: ID!) { found: tenantBy(identifier: { id: $id }) { id } }'],
    ['User', 'identifier.id', 'query ($id: ID!) { found: userBy(identifier: { id: $id }) { id } }'],
  ];
  const LISTS: readonly [type: string, path: string, document: string][] = [
    [
      'Customer',
      'filter.customerId',
      'query ($id: ID!) { found: users(filter: { customerId: $id }) { nodes { id } } }',
    ],
    ['User', 'userId', 'query ($id: ID!) { found: sessions(userId: $id) { nodes { id } } }'],
    [
      'User',
      'filter.actor.id',
      'query ($id: ID!) { found: events(filter: { actor: { type: USER, id: $id } }) { nodes { id } } }',
    ],
    [
      'ApiKey',
      'filter.actor.id',
      'query ($id: ID!) { found: events(filter: { actor: { type: API_KEY, id: $id } }) { nodes { id } } }',
    ],
  ];
  const TYPES = [
    'Organization',
    'Tenant',
    'Customer',
    'User',
    'Role',
    'ApiKey',
    'TrustedIssuer',
    'Pixel',
    'Pipeline',
    'Session',
  ];

  it('that is none, or of another type, is an error that says so; one of nobody finds nothing', async () => {
    for (const [type, path, document] of [...QUERIES, ...LISTS]) {
      const wrong = [...NO_IDS, ...TYPES.filter((other) => other !== type).map((other) => globalId(other, UUID))];
      for (const id of wrong) {
        const { data, errors } = await ask(document, { id });
        expect([data.found, errors[0]?.extensions.code], `${document} ${id}`).toEqual([null, 'BAD_USER_INPUT']);
        expect(errors[0].extensions.issues, id).toMatchObject([{ path, kind: 'INVALID' }]);
      }
      for (const id of [globalId(type, UUID), UUID, UUID.toUpperCase()]) {
        const { data, errors } = await ask(document, { id });
        expect(errors, `${document} ${id}`).toEqual([]);
        expect(data.found?.nodes ?? null, id).toEqual(document.includes('nodes') ? [] : null);
      }
    }
    const { errors } = await ask(QUERIES[0]?.[2] ?? '', { id: globalId('Tenant', UUID) });
    expect(errors[0].message).toContain('id must be the id of a Customer, and is that of a Tenant');
  });

  it('that is none is an error of `node`, and of its place alone in `nodes`; one of nobody is null', async () => {
    const { id } = await newTenant();
    const query = 'query ($ids: [ID!]!) { nodes(ids: $ids) { id } }';
    for (const wrong of [...NO_IDS, UUID]) {
      const one = await ask('query ($id: ID!) { node(id: $id) { id } }', { id: wrong });
      expect([one.data.node, one.errors[0]?.extensions.issues], wrong).toMatchObject([null, [{ path: 'id' }]]);
      const { data, errors } = await ask(query, { ids: [id, wrong, globalId('User', UUID)] });
      expect(data.nodes, wrong).toEqual([{ id }, null, null]);
      expect(errors, wrong).toMatchObject([{ path: ['nodes', 1], extensions: { issues: [{ path: 'ids.1' }] } }]);
    }
    const nobody = [...TYPES.map((type) => globalId(type, UUID)), globalId('Event', '999999999')];
    expect(await ask(query, { ids: nobody })).toMatchObject({ data: { nodes: nobody.map(() => null) }, errors: [] });
  });

  it('tells who may not read such records nothing but that', async () => {
    const member = await newTeamMember();
    const needed: Record<string, Parameters<typeof allBut>[0]> = {
      Customer: 'customer:read',
      Tenant: 'tenant:read',
      User: 'user:read',
    };
    for (const [type, , document] of QUERIES) {
      const { secret } = await newKey({ permissions: allBut(needed[type] ?? 'user:read') });
      for (const id of ['x', globalId('Role', UUID), member.id]) {
        expect(codeOf(await ask(document, { id }, secret)), `${document} ${id}`).toBe('FORBIDDEN');
      }
    }
  });
});
