import { env } from 'cloudflare:workers';
import { ask, type Variables } from '../shared/gateway.ts';
import { type Entry, newEntry } from './model.ts';

const PAGE = 100;
const INCLUDED = 'filter: { deleted: INCLUDE, externalIds: $externalIds }';

const LISTS = {
  Tenant: `tenants(first: ${PAGE}, ${INCLUDED}) { nodes { id name externalId description version deletedAt } }`,
  Customer: `customers(first: ${PAGE}, ${INCLUDED}) { nodes { id name externalId description version deletedAt
    tenants(first: 20) { nodes { id } } } }`,
  User: `users(first: ${PAGE}, ${INCLUDED}) { nodes { id name externalId version deletedAt
    tenantRoles(first: 20) { nodes { tenant { id } role { id } } } } }`,
};

interface Found {
  id: string;
  name: string;
  externalId: string;
  description?: string | null;
  version: number;
  deletedAt: string | null;
  tenants?: { nodes: { id: string }[] };
  tenantRoles?: { nodes: { tenant: { id: string }; role: { id: string } }[] };
}

const entryOf = (kind: Entry['kind'], found: Found): Entry =>
  newEntry({
    kind,
    id: found.id,
    name: found.name,
    externalId: found.externalId,
    description: found.description ?? null,
    version: found.version,
    isDeleted: found.deletedAt !== null,
    tenants: new Map([
      ...(found.tenants?.nodes ?? []).map(({ id }): [string, string] => [id, '']),
      ...(found.tenantRoles?.nodes ?? []).map(({ tenant, role }): [string, string] => [tenant.id, role.id]),
    ]),
  });

async function read(query: string, variables: Variables = {}) {
  const answer = await ask(query, variables);
  if (answer.errors.length > 0) throw new Error(answer.text);
  return answer.data;
}

async function recordsOf(kind: keyof typeof LISTS, externalIds: readonly string[]): Promise<Entry[]> {
  const found: Entry[] = [];
  for (let next = 0; next < externalIds.length; next += PAGE) {
    const data = await read(`query($externalIds: [String!]) { ${LISTS[kind]} }`, {
      externalIds: externalIds.slice(next, next + PAGE),
    });
    const [{ nodes }] = Object.values(data) as [{ nodes: Found[] }];
    found.push(...nodes.map((node) => entryOf(kind, node)));
  }
  return found;
}

/** Reads these records from the directory, hidden ones as well. Those that have external ids are found by them. */
export async function readEntries(expected: readonly Entry[]): Promise<Entry[]> {
  const named = (['Tenant', 'Customer', 'User'] as const).map((kind) => {
    const externalIds = expected.flatMap((entry) => (entry.kind === kind ? [entry.externalId ?? ''] : []));
    return recordsOf(kind, externalIds);
  });
  return [...(await Promise.all(named)).flat(), ...(await unversioned(expected)), ...(await permissions(expected))];
}

async function unversioned(expected: readonly Entry[]): Promise<Entry[]> {
  const ids = expected.filter(({ kind }) => kind === 'Role' || kind === 'ApiKey').map(({ id }) => id);
  if (ids.length === 0) return [];
  const { nodes } = await read(
    `query($ids: [ID!]!) { nodes(ids: $ids) { __typename id
      ... on Role { name description permissions { nodes { name } } } ... on ApiKey { name revokedAt secrets { id } } } }`,
    { ids },
  );
  return nodes.filter((node: UnversionedNode | null) => node !== null).map(unversionedEntry);
}

/** Those of the product among these. */
async function permissions(expected: readonly Entry[]): Promise<Entry[]> {
  const names = new Set(expected.filter(({ kind }) => kind === 'Permission').map(({ id }) => id));
  if (names.size === 0) return [];
  const data = await read(
    `{ permissions(first: ${PAGE}, filter: { isBuiltIn: false }) { nodes { name description } } }`,
  );
  const found: { name: string; description: string }[] = data.permissions.nodes;
  return found
    .filter(({ name }) => names.has(name))
    .map(({ name, description }) => newEntry({ kind: 'Permission', id: name, name, description }));
}

interface UnversionedNode {
  __typename: 'Role' | 'ApiKey';
  id: string;
  name: string;
  permissions?: { nodes: { name: string }[] };
  revokedAt?: string | null;
  secrets?: unknown[];
}

function unversionedEntry({ __typename: kind, id, name, permissions, revokedAt, secrets }: UnversionedNode): Entry {
  if (kind === 'Role')
    return newEntry({ kind, id, name, detail: permissions?.nodes.map((one) => one.name).join() ?? '' });
  return newEntry({ kind, id, name, detail: String(secrets?.length), isDeleted: revokedAt !== null });
}

const COUNTED = ['tenant', 'customer', 'user', 'role', 'api_key', 'permission', 'membership', 'assignment', 'event'];

/** How many rows each table has: nothing may be there that nobody expects. */
export async function rowCounts(): Promise<Record<string, number>> {
  const counts = COUNTED.map((table) => `(SELECT count(*) FROM ${table}) AS ${table}`);
  const row = await env.DB.prepare(`SELECT ${counts.join(', ')}`).first<Record<string, number>>();
  return row ?? {};
}
