import { createExecutionContext, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Environment } from '../src/http/environment.ts';
import worker from '../src/worker.ts';

export const ROOT_KEY = 'root-key-of-the-tests-0123456789abcdef';

/** D1 that counts how often it is called, and what those calls read. */
export class CountingD1 {
  calls = 0;
  rowsRead = 0;
  readonly #d1: D1Database;

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  prepare(sql: string): D1PreparedStatement {
    return this.#d1.prepare(sql);
  }

  async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    this.calls += 1;
    const results = await this.#d1.batch<T>(statements);
    for (const { meta } of results) this.rowsRead += meta.rows_read;
    return results;
  }
}

export interface Answer {
  status: number;
  headers: Headers;
  // biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it believes the answer to be
  data: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  errors: any[];
  text: string;
  /** How often D1 was called before the answer. */
  calls: number;
  rowsRead: number;
}

/** Sends a request through the Worker's own fetch, and waits for what it does behind the answer. */
export async function send(request: Request, overrides: Partial<Environment> = {}): Promise<Answer> {
  const d1 = new CountingD1(env.DB);
  const context = createExecutionContext();
  const environment = { DB: d1 as unknown as D1Database, ASSETS: env.ASSETS, ROOT_KEY, ...overrides };
  const response = await worker.fetch(request, environment, context);
  const text = await response.text();
  const { calls, rowsRead } = d1;
  await waitOnExecutionContext(context);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const { data = null, errors = [] } = isJson ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, data, errors, text, calls, rowsRead };
}

export type Variables = Record<string, unknown>;

export function graphqlRequest(query: string, variables: Variables = {}, key: string | null = ROOT_KEY): Request {
  return new Request('https://tenantry.test/graphql', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(key !== null && { authorization: `Bearer ${key}` }) },
    body: JSON.stringify({ query, variables }),
  });
}

/** One GraphQL request with a key, the root key by default. */
export const ask = (query: string, variables?: Variables, key?: string | null): Promise<Answer> =>
  send(graphqlRequest(query, variables, key));
