import { setTimeout as pause } from 'node:timers/promises';
import pRetry from 'p-retry';
import * as z from 'zod';

/** Plain itself, with a key of it that may read tenants and customers. */
export interface PlainSource {
  /** The whole URL of its API. */
  url: string;
  key: string;
}

const PAGE_SIZE = 100;
/** Few customers have more tenants. Those that do are asked for the rest of them. */
const TENANTS_OF_CUSTOMER = 25;
const REQUEST_MILLISECONDS = 60_000;
const RETRIES = { retries: 5, minTimeout: 1000, maxTimeout: 10_000 };

/** Thrown for a failure that may be over in a moment, so that the request is sent again. */
class PassingError extends Error {}

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullable() });
const connectionOf = <Node extends z.ZodType>(node: Node) => z.object({ edges: z.array(z.object({ node })), pageInfo });

const tenant = z.object({ id: z.string(), name: z.string(), externalId: z.string(), url: z.string().nullable() });
const memberships = connectionOf(z.object({ tenant: z.object({ externalId: z.string() }) }));
const customer = z.object({
  id: z.string(),
  fullName: z.string(),
  shortName: z.string().nullable(),
  externalId: z.string().nullable(),
  email: z.object({ email: z.string(), isVerified: z.boolean() }),
  tenantMemberships: memberships,
});

/** A tenant as Plain has it. */
export interface PlainTenant extends z.output<typeof tenant> {}

/** A customer as Plain has it, with the external ids of all its tenants. */
export interface PlainCustomer extends Omit<z.output<typeof customer>, 'tenantMemberships'> {
  tenants: string[];
}

const PAGE_INFO = 'pageInfo { hasNextPage endCursor }';
const MEMBERSHIPS = `edges { node { tenant { externalId } } } ${PAGE_INFO}`;

// Without a filter, Plain lists the tenants that were deleted, too.
const TENANTS = `query ($first: Int!, $after: String) {
  tenants(first: $first, after: $after, filters: { isDeleted: false }) {
    edges { node { id name externalId url } } ${PAGE_INFO}
  }
}`;

const CUSTOMERS = `query ($first: Int!, $after: String, $tenants: Int!) {
  customers(first: $first, after: $after, filters: { isMarkedAsSpam: false }) {
    edges { node {
      id fullName shortName externalId email { email isVerified } tenantMemberships(first: $tenants) { ${MEMBERSHIPS} }
    } } ${PAGE_INFO}
  }
}`;

const TENANTS_OF = `query ($id: ID!, $first: Int!, $after: String) {
  customer(customerId: $id) { tenantMemberships(first: $first, after: $after) { ${MEMBERSHIPS} } }
}`;

/** Yields all live tenants, a page at a time. */
export async function* plainTenants(source: PlainSource): AsyncGenerator<PlainTenant[]> {
  const read = (after: string | null) => ask(source, TENANTS, { after }, z.object({ tenants: connectionOf(tenant) }));
  yield* pagesOf(async (after) => (await read(after)).tenants);
}

/** Yields all customers who are not marked as spam, a page at a time, each with all its tenants. */
export async function* plainCustomers(source: PlainSource): AsyncGenerator<PlainCustomer[]> {
  const shape = z.object({ customers: connectionOf(customer) });
  const read = (after: string | null) => ask(source, CUSTOMERS, { after, tenants: TENANTS_OF_CUSTOMER }, shape);
  for await (const page of pagesOf(async (after) => (await read(after)).customers)) {
    const whole: PlainCustomer[] = [];
    for (const { tenantMemberships, ...rest } of page)
      whole.push({ ...rest, tenants: await allTenants(source, rest.id, tenantMemberships) });
    yield whole;
  }
}

async function allTenants(source: PlainSource, id: string, first: z.output<typeof memberships>): Promise<string[]> {
  const shape = z.object({ customer: z.object({ tenantMemberships: memberships }) });
  const names: string[] = [];
  const read = async (after: string | null) =>
    after === null ? first : (await ask(source, TENANTS_OF, { id, after }, shape)).customer.tenantMemberships;
  for await (const page of pagesOf(read)) names.push(...page.map((member) => member.tenant.externalId));
  return names;
}

interface Connection<Node> {
  edges: readonly { node: Node }[];
  pageInfo: z.output<typeof pageInfo>;
}

async function* pagesOf<Node>(read: (after: string | null) => Promise<Connection<Node>>): AsyncGenerator<Node[]> {
  let after: string | null = null;
  do {
    const page: Connection<Node> = await read(after);
    yield page.edges.map(({ node }) => node);
    after = page.pageInfo.hasNextPage ? page.pageInfo.endCursor : null;
  } while (after !== null);
}

const answers = z.object({
  data: z.unknown().optional(),
  errors: z.array(z.object({ message: z.string() })).default([]),
});

/**
 * Runs a query at Plain, and returns its data in the given shape. What fails in passing is asked again.
 * @throws Error if Plain answers an error, or another shape.
 */
async function ask<T>(
  source: PlainSource,
  query: string,
  variables: Record<string, unknown>,
  shape: z.ZodType<T>,
): Promise<T> {
  const body = JSON.stringify({ query, variables: { first: PAGE_SIZE, ...variables } });
  return pRetry(() => attempt(source, body, shape), {
    ...RETRIES,
    shouldRetry: ({ error }) => error instanceof PassingError,
  });
}

async function attempt<T>({ url, key }: PlainSource, body: string, shape: z.ZodType<T>): Promise<T> {
  const response = await fetch(url, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body,
    signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
  }).catch((error: unknown) => {
    throw new PassingError(`Plain does not answer: ${error}`);
  });
  const text = await response.text();
  if (response.status === 429 || response.status >= 500) {
    await pause(Number(response.headers.get('retry-after') ?? 0) * 1000);
    throw new PassingError(`Plain answers ${response.status}.`);
  }
  const { data, errors } = answers.parse(JSON.parse(text));
  if (!response.ok || errors.length > 0)
    throw new Error(`Plain answers ${response.status}. ${errors.map(({ message }) => message).join(' ')}`.trim());
  return shape.parse(data);
}
