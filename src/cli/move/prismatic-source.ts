import pRetry from 'p-retry';
import * as z from 'zod';
import type { Moving } from './records.ts';

/** Prismatic itself, with a token of somebody who may read customers and users. */
export interface PrismaticSource {
  /** The whole URL of its API. */
  url: string;
  token: string;
}

const text = z.string().nullish();
const customer = z.object({
  id: z.string(),
  name: z.string(),
  externalId: text,
  description: text,
  labels: z.array(z.string()).nullish(),
});
const user = z.object({
  id: z.string(),
  email: z.string(),
  name: text,
  phone: text,
  avatarUrl: text,
  externalId: text,
  role: z.object({ name: z.string() }),
  customer: customer.pick({ id: true, externalId: true }).nullish(),
});

const CUSTOMERS = `query ($after: String) {
  page: customers(isSystem: false, first: 100, after: $after) {
    nodes { id name externalId description labels } pageInfo { hasNextPage endCursor } } }`;
const USERS = `query ($after: String) {
  page: users(first: 100, after: $after) {
    nodes { id email name phone avatarUrl externalId role { name } customer { id externalId } }
    pageInfo { hasNextPage endCursor } } }`;

/** Prismatic has an empty text where there is none. */
const given = (value: string | null | undefined): string | undefined => value?.trim() || undefined;

/** What a record is called by from now on: the program's own id of it, or else the one that it had at Prismatic. */
const externalIdOf = ({ id, externalId }: { id: string; externalId?: string | null | undefined }): string =>
  given(externalId) ?? id;

/** Returns the customers at Prismatic, page by page. */
export const customersAt = (source: PrismaticSource): AsyncGenerator<Moving[]> =>
  pages(source, CUSTOMERS, customer, ({ name, description, labels }) => ({
    name,
    description: given(description),
    labels: labels ?? undefined,
  }));

/** Returns the users at Prismatic, page by page: those of customers name them as `customersAt` does. */
export const usersAt = (source: PrismaticSource): AsyncGenerator<Moving[]> =>
  pages(source, USERS, user, (record) => ({
    email: record.email,
    name: given(record.name),
    phone: given(record.phone),
    // Some pictures there are no address, but a place in a store.
    avatarUrl: /^https?:/.test(record.avatarUrl ?? '') ? record.avatarUrl : undefined,
    roleIdentifier: { name: record.role.name },
    customerIdentifier: record.customer ? { externalId: externalIdOf(record.customer) } : undefined,
  }));

async function* pages<Of extends { id: string; externalId?: string | null | undefined }>(
  source: PrismaticSource,
  query: string,
  shape: z.ZodType<Of>,
  rowOf: (record: Of) => Moving['row'],
): AsyncGenerator<Moving[]> {
  let after = '';
  for (;;) {
    const { nodes, pageInfo } = await pageAt(source, query, after, shape);
    yield nodes.map((record) => {
      const externalId = externalIdOf(record);
      return { from: record.id, externalId, row: { ...rowOf(record), externalId } };
    });
    if (!pageInfo.hasNextPage) return;
    if (!pageInfo.endCursor || pageInfo.endCursor === after)
      throw new Error(`${source.url} answers the same page again.`);
    after = pageInfo.endCursor;
  }
}

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() });

const REQUEST_MILLISECONDS = 60_000;

async function pageAt<Of>({ url, token }: PrismaticSource, query: string, after: string, shape: z.ZodType<Of>) {
  const answers = z.object({
    data: z.object({ page: z.object({ nodes: z.array(shape), pageInfo }) }).nullish(),
    errors: z.array(z.object({ message: z.string() })).default([]),
  });
  const ask = async () => {
    const response = await fetch(url, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query, variables: { after } }),
      signal: AbortSignal.timeout(REQUEST_MILLISECONDS),
    });
    if (response.status === 429 || response.status >= 500) throw new Error(`${url} answers ${response.status}.`);
    return { status: response.status, body: await response.text() };
  };
  const { status, body } = await pRetry(ask, { retries: 5, minTimeout: 1000, maxTimeout: 10_000 });
  const { data, errors } = answers.parse(jsonOf(body, `${url} answers ${status} without JSON.`));
  if (errors.length > 0 || !data) {
    throw new Error(
      `${url}: ${errors.map(({ message }) => message).join(' ') || `it answers ${status} without data.`}`,
    );
  }
  return data.page;
}

function jsonOf(body: string, otherwise: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    throw new Error(otherwise);
  }
}
