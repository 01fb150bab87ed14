import { describe, expect, it } from 'vitest';
import { PATH as PLAIN } from '../dialects/plain/table.ts';
import {
  mutate,
  newCustomer,
  newRole,
  newTeamMember,
  newTenant,
  type Result,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, ROOT_KEY, send, type Variables } from '../shared/gateway.ts';
import { posted } from './dialects/table.ts';

/*
 * Whether two spellings are one record or two is the same wherever a record is named: at each API, in look-ups, references,
 * filters and imports, and where a value must be unique.
 */

/** Two spellings, and whether they are one. A star stands for what makes them unique. */
type Pair = readonly [one: string, other: string, areOne: boolean];

const EXTERNAL_IDS: readonly Pair[] = [
  ['Ab*', 'ab*', false],
  ['*é', '*e\u0301', true],
  ['\u2126*', '\u03a9*', true],
  ['\u212a*', 'K*', true],
  ['\u212b*', 'A\u030a*', true],
  ['①*', '1*', false],
  ['ﬁ*', 'fi*', false],
  ['ｗ*', 'w*', false],
  ['Straße*', 'STRASSE*', false],
  ['*ς', '*σ', false],
  ['*a  b', '*a b', false],
  ['*a\u00a0b', '*a b', false],
  ['*x\u200dy', '*xy', false],
  ['*x', ' *x ', true],
];

const NAMES: readonly Pair[] = [
  ['Ab*', 'aB*', true],
  ['*é', '*E\u0301', true],
  ['*é', '*e', false],
  ['a²*', 'a2*', false],
  ['*ß', '*ss', false],
  ['*ẞ', '*ß', true],
  ['ﬁ*', 'fi*', false],
  ['①*', '1*', false],
  ['*ΣΑΣ', '*σας', true],
  ['*σας', '*σασ', true],
  ['*A \u00a0 B', '*a b', true],
  ['*A\u3000B', '*a b', true],
  ['*می\u200cخواهم', '*میخواهم', true],
  ['*ක්\u200dර', '*ක්ර', true],
  ['*İ', '*i', false],
  ['*ı', '*I', false],
  ['\u212a*', 'k*', true],
];

const ADDRESSES: readonly Pair[] = [
  ['*@bücher.example', '*@xn--bcher-kva.example', true],
  ['*@bücher.example', '*@BU\u0308CHER.example', true],
  ['*@ｂücher.example', '*@bücher.example', true],
  ['*@例え.jp', '*@XN--R8JZ45G.jp', true],
  ['A*@Example.com', 'a*@example.COM', true],
  ['*@a。co', '*@a.co', true],
  ['*@straße.de', '*@strasse.de', false],
  ['a.b*@example.com', 'ab*@example.com', false],
  ['a+b*@example.com', 'a*@example.com', false],
  ['*@bücher.example', '*@bucher.example', false],
];

const spelled = (pair: string, word: string) => pair.replace('*', word);

const found = async (query: string, value: string): Promise<number> => {
  const { data, text } = await ask(query, { value });
  expect(data, text).not.toBeNull();
  const [record] = Object.values<{ nodes?: unknown[] } | null>(data);
  return record?.nodes ? record.nodes.length : Number(record !== null && record !== undefined);
};

const byDialect = async (path: string, query: string, value: string): Promise<number> => {
  const { data, text } = await send(posted(path, query, { value }, ROOT_KEY));
  expect(data, text).not.toBeNull();
  const [record] = Object.values<{ nodes?: unknown[] } | null>(data);
  return record?.nodes ? record.nodes.length : Number(record !== null);
};

const outcome = async (name: string, input: Variables): Promise<number> => {
  const result = await mutate(name, 'outcome', input);
  expect(result.outcome, JSON.stringify(result)).toMatch(/CREATED|NOOP|UPDATED/);
  return Number(result.outcome !== 'CREATED');
};

/** What a dry run says becomes of a row: it is not created where it means a record that is there. */
const imported = async (kind: string, row: Variables): Promise<number> => {
  const { rows } = await mutate(`import${kind}`, 'rows { outcome errors { message } }', { rows: [row], dryRun: true });
  return Number(rows[0].outcome !== 'CREATED');
};

const isTaken = async (name: string, input: Variables): Promise<number> =>
  Number((await mutate(name, '__typename', input)).__typename === 'AlreadyExistsError');

type Ways = Record<string, (value: string) => Promise<number>>;

const TENANT_BY_ID: Ways = {
  tenantBy: (value) => found('query($value: String!) { tenantBy(identifier: { externalId: $value }) { id } }', value),
  filter: (value) =>
    found('query($value: String!) { tenants(filter: { externalIds: [$value] }) { nodes { id } } }', value),
  members: (value) =>
    byDialect(
      PLAIN,
      `query($value: String!) {
        customers(filters: { tenantIdentifiers: [{ externalId: $value }] }) { nodes: edges { node { id } } } }`,
      value,
    ),
  import: (value) => imported('Tenants', { externalId: value, name: unique('T') }),
  importReference: async (value) =>
    1 -
    (await failsToImport({ name: unique('C'), externalId: unique('c'), tenantIdentifiers: [{ externalId: value }] })),
  reference: async (value) =>
    Number(
      (await mutate('createCustomer', '__typename', { name: unique('C'), tenantIdentifiers: [{ externalId: value }] }))
        .__typename !== 'NotFoundError',
    ),
  role: async (value) =>
    Number(
      (
        await mutate('createTenantUser', '__typename', {
          email: `${unique('u')}@x.example`,
          roleIdentifier: { name: 'view' },
          tenantIdentifier: { externalId: value },
        })
      ).__typename !== 'NotFoundError',
    ),
  taken: (value) => isTaken('createTenant', { name: unique('T'), externalId: value }),
};

const failsToImport = async (row: Variables): Promise<number> => {
  const { rows } = await mutate('importCustomers', 'rows { outcome }', { rows: [row], dryRun: true });
  return Number(rows[0].outcome === 'FAILED');
};

const CUSTOMER_BY_ID: Ways = {
  customerBy: (value) =>
    found('query($value: String!) { customerBy(identifier: { externalId: $value }) { id } }', value),
  filter: (value) =>
    found('query($value: String!) { customers(filter: { externalIds: [$value] }) { nodes { id } } }', value),
  import: (value) => imported('Customers', { externalId: value, name: unique('C') }),
  plain: (value) => byDialect(PLAIN, 'query($value: ID!) { customerByExternalId(externalId: $value) { id } }', value),
  prismatic: (value) =>
    byDialect('/api', 'query($value: String!) { customers(externalId: $value) { nodes { id } } }', value),
  taken: (value) => isTaken('createCustomer', { name: unique('C'), externalId: value }),
};

const USER_BY_ID: Ways = {
  userBy: (value) => found('query($value: String!) { userBy(identifier: { externalId: $value }) { id } }', value),
  filter: (value) =>
    found('query($value: String!) { users(filter: { externalIds: [$value] }) { nodes { id } } }', value),
  prismatic: (value) =>
    byDialect('/api', 'query($value: String!) { users(externalId: $value) { nodes { id } } }', value),
  import: (value) =>
    imported('Users', { externalId: value, email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }),
  taken: (value) =>
    isTaken('createOrganizationUser', {
      email: `${unique('u')}@x.example`,
      externalId: value,
      roleIdentifier: { name: 'viewer' },
    }),
};

const COMPANY_BY_NAME: Ways = {
  filter: (value) => found('query($value: String!) { customers(filter: { name: $value }) { nodes { id } } }', value),
  prismatic: (value) => byDialect('/api', 'query($value: String!) { customers(name: $value) { nodes { id } } }', value),
  import: (value) => failsToImport({ externalId: unique('c'), name: value }),
  taken: (value) => isTaken('createCustomer', { name: value }),
};

const ROLE_BY_NAME: Ways = {
  reference: async (value) =>
    Number(
      (
        await mutate('createOrganizationUser', '__typename', {
          email: `${unique('u')}@x.example`,
          roleIdentifier: { name: value },
        })
      ).__typename !== 'NotFoundError',
    ),
  import: async (value) => {
    const row = { email: `${unique('u')}@x.example`, roleIdentifier: { name: value } };
    const { rows } = await mutate('importUsers', 'rows { outcome }', { rows: [row], dryRun: true });
    return Number(rows[0].outcome === 'CREATED');
  },
  taken: (value) => isTaken('createRole', { scope: 'ORGANIZATION', name: value, permissions: ['tenant:read'] }),
};

const CUSTOMER_BY_ADDRESS: Ways = {
  customerBy: (value) => found('query($value: String!) { customerBy(identifier: { email: $value }) { id } }', value),
  plain: (value) => byDialect(PLAIN, 'query($value: String!) { customerByEmail(email: $value) { id } }', value),
  import: (value) => imported('Customers', { email: { address: value }, name: unique('C') }),
  taken: (value) => isTaken('createCustomer', { name: unique('C'), email: { address: value } }),
};

const USER_BY_ADDRESS: Ways = {
  userBy: (value) => found('query($value: String!) { userBy(identifier: { email: $value }) { id } }', value),
  filter: (value) => found('query($value: String!) { users(filter: { email: $value }) { nodes { id } } }', value),
  prismatic: (value) => byDialect('/api', 'query($value: String!) { users(email: $value) { nodes { id } } }', value),
  import: (value) => imported('Users', { email: value, roleIdentifier: { name: 'viewer' } }),
  taken: (value) => isTaken('createOrganizationUser', { email: value, roleIdentifier: { name: 'viewer' } }),
};

type Make = (value: string) => Promise<Result>;

const KINDS: [kind: string, pairs: readonly Pair[], make: Make, ways: Ways, upsert: string | null][] = [
  ['the external id of a tenant', EXTERNAL_IDS, tenantWithMember, TENANT_BY_ID, 'upsertTenant'],
  [
    'the external id of a customer',
    EXTERNAL_IDS,
    (value) => newCustomer({ externalId: value }),
    CUSTOMER_BY_ID,
    'upsertCustomer',
  ],
  ['the external id of a user', EXTERNAL_IDS, (value) => newTeamMember({ externalId: value }), USER_BY_ID, null],
  ['the name of a company', NAMES, (value) => newCustomer({ name: value }), COMPANY_BY_NAME, null],
  ['the name of a role', NAMES, (value) => newRole({ scope: 'ORGANIZATION', name: value }), ROLE_BY_NAME, null],
  [
    'the address of a customer',
    ADDRESSES,
    (value) => newCustomer({ email: { address: value } }),
    CUSTOMER_BY_ADDRESS,
    null,
  ],
  ['the address of a user', ADDRESSES, (value) => newTeamMember({ email: value }), USER_BY_ADDRESS, null],
];

async function tenantWithMember(externalId: string): Promise<Result> {
  const tenant = await newTenant({ externalId });
  await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
  return tenant;
}

describe('two spellings of', () => {
  it.each(KINDS)(
    '%s are one or two wherever it is named',
    async (_, pairs, make, ways, upsert) => {
      const wrong: string[] = [];
      for (const [one, other, areOne] of pairs) {
        const word = unique('w').replaceAll('-', 'q');
        await make(spelled(one, word));
        const told = (way: string, is: boolean) => {
          if (is !== areOne) wrong.push(`${JSON.stringify([one, other])} are ${is ? 'one' : 'two'} for ${way}`);
        };
        // Last what makes a record of what is not there.
        for (const [way, isFound] of Object.entries(ways)) told(way, (await isFound(spelled(other, word))) > 0);
        if (upsert === null || !areOne) continue;
        told(
          upsert,
          (await outcome(upsert, { identifier: { externalId: spelled(other, word) }, description: 'x' })) > 0,
        );
      }
      expect(wrong).toEqual([]);
    },
    60_000,
  );

  it('a label are one or two where customers are filtered by it, and are shown as they were given first', async () => {
    for (const [one, other, areOne] of NAMES) {
      const word = unique('w').replaceAll('-', 'q');
      const [first, second] = [spelled(one, word), spelled(other, word)];
      const { id, labels } = await newCustomer({ labels: [first, second] });
      expect(labels, first).toEqual(areOne ? [first] : [first, second]);
      const { customer } = await succeed('updateCustomer', 'customer { version labels }', { id, labels: [first] });
      expect(customer, first).toEqual({ version: areOne ? 1 : 2, labels: [first] });
      for (const count of [
        await found('query($value: [String!]!) { customers(filter: { labels: $value }) { nodes { id } } }', second),
        await byDialect(
          '/api',
          'query($value: [String]) { customers(labels_Contains: $value) { nodes { id } } }',
          second,
        ),
      ]) {
        expect(count, `${first} ${second}`).toBe(areOne ? 1 : 0);
      }
      const imports = await mutate('importCustomers', 'rows { outcome }', {
        rows: [{ externalId: unique('l'), name: unique('L'), labels: [first, second] }],
      });
      expect(imports.rows).toEqual([{ outcome: 'CREATED' }]);
    }
  }, 60_000);
});
