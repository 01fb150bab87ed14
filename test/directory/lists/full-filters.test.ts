import { expect, it } from 'vitest';
import { globalId, newCustomer, newKey, newTenant } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

/** Eight words that are looked for in two spellings each. */
const SEARCH = Array.from({ length: 8 }, (_, at) => `Ab${at}²@bücher${at}.example`).join(' ');
const TEXT = 'Ab²@bücher.example';
const TIMES = { from: '2020-01-01T00:00:00Z', to: '2040-01-01T00:00:00Z' };
const SHARED = { deleted: 'INCLUDE', createdAt: TIMES, updatedAt: TIMES, search: SEARCH };
const NAMES = { name: 'a²  ﬁ', nameStartsWith: 'a²', nameContains: TEXT };

/** All that a list can be filtered by, at once. */
const FILTERS: Record<'customers' | 'users', { type: string; orders: string; filter: Variables }> = {
  customers: {
    type: 'CustomerFilter',
    orders: 'RecordOrder',
    filter: {
      ...SHARED,
      ...NAMES,
      kinds: ['COMPANY', 'PERSON'],
      descriptionContains: TEXT,
      labels: Array.from({ length: 50 }, (_, at) => `Label ${at}`),
    },
  },
  users: {
    type: 'UserFilter',
    orders: 'UserOrder',
    filter: {
      ...SHARED,
      ...NAMES,
      statuses: ['ACTIVE', 'INVITED', 'DEACTIVATED'],
      email: TEXT,
      emailContains: TEXT,
      hasExternalId: false,
      hasCustomer: true,
      hasPlace: false,
      roleId: globalId('Role', '00000000-0000-7000-8000-000000000304'),
    },
  },
};

it('answers whoever asks for everything at once that a list can be filtered by', async () => {
  const tenants = [];
  for (let count = 0; count < 6; count += 1) tenants.push((await newTenant()).id);
  const customer = await newCustomer({ tenantIdentifiers: tenants.map((id) => ({ id })) });
  const limits = [{}, { tenants: tenants.slice(0, 1) }, { tenants: tenants.slice(0, 5) }, { tenants }];
  for (const limit of [...limits, { customer: customer.id }]) {
    const { secret } = await newKey(limit);
    for (const [list, { type, orders, filter }] of Object.entries(FILTERS)) {
      for (const [field, key] of [['CREATED_AT', null] as const, ['UPDATED_AT', 5] as const, ['NAME', 'a'] as const]) {
        const after = Buffer.from(JSON.stringify([list, field, key, '00'])).toString('base64url');
        const document = `query($filter: ${type}, $order: ${orders}, $after: String) {
          ${list}(filter: $filter, orderBy: $order, after: $after) { totalCount nodes { id } } }`;
        const { data, text } = await ask(document, { filter, order: { field }, after }, secret);
        expect(data?.[list], `${JSON.stringify(limit)} ${list} ${field} ${text}`).toEqual({ totalCount: 0, nodes: [] });
      }
    }
  }
});
