import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';

/*
 * Plain itself is out of reach of a test. In its place stands a server that has the slice of its published schema that is read here,
 * and its rules: pages of 100 at most, a key, and a limit of requests that is met once.
 */

type GraphQL = typeof import('graphql');
const { buildSchema, graphql }: GraphQL = createRequire(import.meta.url)('graphql');

const SCHEMA = buildSchema(`
  type Query {
    tenants(first: Int, after: String, last: Int, before: String, filters: TenantsFilter): TenantConnection!
    customers(first: Int, after: String, last: Int, before: String, filters: CustomersFilter): CustomerConnection!
    customer(customerId: ID!): Customer
  }
  input TenantsFilter { isDeleted: Boolean tenantIds: [ID!] }
  input CustomersFilter { isMarkedAsSpam: Boolean tenantIdentifiers: [TenantIdentifierInput!] }
  input TenantIdentifierInput { tenantId: ID externalId: String }
  type PageInfo { hasNextPage: Boolean! hasPreviousPage: Boolean! startCursor: String endCursor: String }
  type Tenant { id: ID! name: String! externalId: String! url: String }
  type TenantEdge { cursor: String! node: Tenant! }
  type TenantConnection { edges: [TenantEdge!]! pageInfo: PageInfo! }
  type EmailAddress { email: String! isVerified: Boolean! }
  type CustomerTenantMembership { tenant: Tenant! }
  type CustomerTenantMembershipEdge { cursor: String! node: CustomerTenantMembership! }
  type CustomerTenantMembershipConnection { edges: [CustomerTenantMembershipEdge!]! pageInfo: PageInfo! }
  type Customer {
    id: ID! fullName: String! shortName: String externalId: ID email: EmailAddress!
    tenantMemberships(first: Int, after: String, last: Int, before: String): CustomerTenantMembershipConnection!
  }
  type CustomerEdge { cursor: String! node: Customer! }
  type CustomerConnection { edges: [CustomerEdge!]! pageInfo: PageInfo! }
`);

const MAX_PAGE_SIZE = 100;

interface Page {
  first?: number | null;
  after?: string | null;
}

function pageOf<Node>(nodes: readonly Node[], { first, after }: Page) {
  const size = first ?? 25;
  if (size > MAX_PAGE_SIZE) throw new Error(`first must be at most ${MAX_PAGE_SIZE}`);
  const start = after ? Number(after) + 1 : 0;
  const edges = nodes.slice(start, start + size).map((node, index) => ({ cursor: String(start + index), node }));
  const endCursor = edges.at(-1)?.cursor ?? null;
  return {
    edges,
    pageInfo: { hasNextPage: start + size < nodes.length, hasPreviousPage: start > 0, startCursor: null, endCursor },
  };
}

const id = (prefix: string, n: number) => `${prefix}_01F${String(n).padStart(23, '0')}`;

const tenants = Array.from({ length: 140 }, (_, n) => ({
  id: id('te', n),
  name: `Team ${n}`,
  externalId: `team_${n}`,
  url: n % 2 === 0 ? 'acme.com' : null,
  isDeleted: n === 139,
}));

const customers = Array.from({ length: 105 }, (_, n) => ({
  id: id('c', n),
  fullName: `Jane ${n}`,
  shortName: n % 2 === 0 ? 'Jane' : null,
  externalId: n % 3 === 0 ? null : `person-${n}`,
  email: { email: `jane.${n}@aol.example`, isVerified: n % 2 === 0 },
  // One is in more tenants than a row or a page has.
  teams: n === 7 ? tenants.slice(0, 125) : tenants.slice(n, n + (n % 30)),
  isSpam: n === 5,
}));

const withMemberships = (customer: (typeof customers)[number]) => ({
  ...customer,
  tenantMemberships: (page: Page) =>
    pageOf(
      customer.teams.map((tenant) => ({ tenant })),
      page,
    ),
});

const root = {
  tenants: ({ filters, ...page }: Page & { filters?: { isDeleted?: boolean } }) =>
    pageOf(
      tenants.filter(({ isDeleted }) => filters?.isDeleted === undefined || filters.isDeleted === isDeleted),
      page,
    ),
  customers: ({ filters, ...page }: Page & { filters?: { isMarkedAsSpam?: boolean } }) =>
    pageOf(
      customers
        .filter(({ isSpam }) => filters?.isMarkedAsSpam === undefined || filters.isMarkedAsSpam === isSpam)
        .map(withMemberships),
      page,
    ),
  customer: ({ customerId }: { customerId: string }) =>
    customers.filter((customer) => customer.id === customerId).map(withMemberships)[0],
};

let directory: string;
let gateway: Started;
let standIn: Server;
let from: string;
let requests = 0;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
  standIn = createServer(async (request, response) => {
    requests += 1;
    response.setHeader('content-type', 'application/json');
    if (request.headers.authorization !== 'Bearer plainApiKey_1') return response.writeHead(401).end('{"errors":[]}');
    if (requests === 2) return response.writeHead(429, { 'retry-after': '0' }).end('{}');
    const { query, variables } = JSON.parse(await text(request));
    response.end(
      JSON.stringify(await graphql({ schema: SCHEMA, source: query, variableValues: variables, rootValue: root })),
    );
  }).listen(0, 'localhost');
  await once(standIn, 'listening');
  const address = standIn.address();
  from = typeof address === 'object' ? `http://localhost:${address?.port}/graphql/v1` : '';
});

afterAll(async () => {
  standIn.close();
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

const SCRIPT = fileURLToPath(new URL('../../src/cli/move/plain.ts', import.meta.url));

async function move(plainKey: string) {
  const child = spawn(process.execPath, [SCRIPT, '--from', from, '--url', gateway.url, '--pairs', 'pairs.csv'], {
    cwd: directory,
    env: { PATH: process.env.PATH, INIT_CWD: directory, PLAIN_API_KEY: plainKey, TENANTRY_KEY: gateway.key },
  });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code, out, error };
}

const page = (field: string, size: number, node: string) =>
  `query($after: String) { page: ${field}(first: ${size}, after: $after) { edges { node { ${node} } } pageInfo { hasNextPage endCursor } } }`;

const pages = z.object({
  data: z.object({
    page: z.object({
      edges: z.array(z.object({ node: z.record(z.string(), z.unknown()) })),
      pageInfo: z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() }),
    }),
  }),
});

/** All records that a list has here, as the same API shows them, by their ids. */
async function listed(query: string): Promise<Map<unknown, Record<string, unknown>>> {
  const found = new Map<unknown, Record<string, unknown>>();
  for (let after: string | null = null; ; ) {
    const response: Response = await fetch(`${gateway.url}/plain/graphql/v1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { after } }),
    });
    const { edges, pageInfo }: z.output<typeof pages>['data']['page'] = pages.parse(await response.json()).data.page;
    for (const { node } of edges) found.set(node.id, node);
    if (!pageInfo.hasNextPage) return found;
    after = pageInfo.endCursor;
  }
}

/** What is here of everything, by the ids there. */
async function moved(): Promise<Record<string, unknown>> {
  const memberships =
    'tenantMemberships(first: 100) { edges { node { tenant { externalId } } } pageInfo { hasNextPage } }';
  const here = new Map([
    ...(await listed(page('tenants', 100, 'id name externalId url'))),
    ...(await listed(
      page('customers', 25, `id fullName shortName externalId email { email isVerified } ${memberships}`),
    )),
  ]);
  const pairs: Record<string, string>[] = parse(readFileSync(join(directory, 'pairs.csv'), 'utf8'), { columns: true });
  expect(pairs).toHaveLength(here.size);
  return Object.fromEntries(
    pairs.map(({ from = '', to }) => {
      const { id: _, ...record } = here.get(to) ?? {};
      return [from, record];
    }),
  );
}

const eventCount = async () => {
  const shape = z.object({
    events: z.object({ nodes: z.array(z.unknown()), pageInfo: z.object({ endCursor: z.string().nullable() }) }),
  });
  let after: string | null = null;
  for (let count = 0; ; ) {
    const { events }: z.output<typeof shape> = await ask(
      gateway,
      'query($after: String) { events(first: 100, after: $after) { nodes { id } pageInfo { endCursor } } }',
      { after },
      shape,
    );
    count += events.nodes.length;
    if (events.nodes.length === 0) return count;
    after = events.pageInfo.endCursor;
  }
};

it('moves all tenants and customers, writes both ids of each, and changes nothing when it is run again', async () => {
  const first = await move('plainApiKey_1');
  expect(first).toMatchObject({ code: 0, error: '', out: expect.stringContaining('139 tenants and 104 customers') });
  const answers = await moved();
  const expected = Object.fromEntries<unknown>([
    ...tenants.filter(({ isDeleted }) => !isDeleted).map(({ id, isDeleted: _, ...tenant }) => [id, tenant] as const),
    ...customers
      .filter(({ isSpam }) => !isSpam)
      .map(({ id, teams, isSpam: _, externalId, ...customer }) => {
        const names = teams.map((team) => ({ node: { tenant: { externalId: team.externalId } } }));
        const tenantMemberships = { edges: names.slice(0, 100), pageInfo: { hasNextPage: names.length > 100 } };
        return [id, { ...customer, externalId: externalId ?? id, tenantMemberships }] as const;
      }),
  ]);
  expect(answers).toEqual(expected);
  const { customerBy } = await ask(
    gateway,
    '{ customerBy(identifier: { externalId: "person-7" }) { tenants(first: 1) { totalCount } } }',
    {},
    z.object({ customerBy: z.object({ tenants: z.object({ totalCount: z.number() }) }) }),
  );
  expect(customerBy.tenants.totalCount).toBe(125);

  const [events, pairs] = [await eventCount(), readFileSync(join(directory, 'pairs.csv'), 'utf8')];
  expect((await move('plainApiKey_1')).code).toBe(0);
  expect(await eventCount()).toBe(events);
  expect(readFileSync(join(directory, 'pairs.csv'), 'utf8')).toBe(pairs);
});

it('says which records are left behind and why, and which key is wrong', async () => {
  const [one, other] = [customers[10], customers[11]];
  if (!one || !other) throw new Error('There are more customers than that');
  const kept = [one.fullName, other.externalId] as const;
  one.fullName = 'x'.repeat(300);
  other.externalId = ` ${customers[13]?.externalId} `;
  const { code, out, error } = await move('plainApiKey_1');
  [one.fullName, other.externalId] = kept;
  expect([code, out]).toEqual([1, expect.stringContaining('3 are not: see above')]);
  expect(error).toContain(`customer ${one.id}: The input is not valid: name must be at most 256 characters.`);
  expect(error).toContain(`customer ${other.id}: The value given at email.address belongs to another record`);
  expect(error).toContain(`customer ${customers[13]?.id}: another has the external id person-13, too`);

  expect(await move('wrong')).toMatchObject({ code: 1, error: expect.stringContaining('Plain answers 401') });
});
