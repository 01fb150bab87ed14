import { createExecutionContext, createScheduledController, waitOnExecutionContext } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import type { Environment } from '../../src/http/shared/environment.ts';
import { IDEMPOTENCY_KEY } from '../../src/http/shared/idempotency-key.ts';
import worker from '../../src/worker.ts';

export const ROOT_KEY = 'root-key-of-the-tests-0123456789abcdef';

export const PUBLIC_URL = 'https://tenantry.test';

/** What access tokens are signed with in tests, and nowhere else. */
export const SIGNING_KEYS = JSON.stringify({
  keys: [
    {
      kid: 'of-the-tests',
      kty: 'OKP',
      crv: 'Ed25519',
      x: 'SSkLGMjKxqyYiPtcw4Y8Zt4qFbNv9XLIH9F1w831Bv4',
      d: 'E2-n3Q1SYDAFPOegbiRmppyXRdin0C6TnwB_hk1LLwU',
    },
  ],
});

interface SentMail {
  to: string;
  subject: string;
  text: string;
}

/** Every mail that was sent, the oldest first: the way out of the company is the one thing that is made up. */
export const mailbox: SentMail[] = [];
const EMAIL = {
  send: async (mail: SentMail) => {
    mailbox.push(mail);
    return { messageId: String(mailbox.length) };
  },
} as unknown as SendEmail;

/** What a command may write although it has recorded no event: that it was asked, and traffic, which has none. */
const WITHOUT_EVENT =
  /^(INSERT OR REPLACE INTO idempotency_key|INSERT INTO traffic_|UPDATE data_source SET last_traffic_hour)/;

/** D1 that counts how often it is called, and what those calls read. */
export class CountingD1 {
  calls = 0;
  rowsRead = 0;
  /** What commands have written that have recorded no event: nothing, as their checks are asked behind their writes. */
  readonly unrecorded: string[] = [];
  readonly #d1: D1Database;
  readonly #texts = new Map<D1PreparedStatement, string>();

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  prepare(sql: string) {
    return {
      bind: (...values: unknown[]): D1PreparedStatement => {
        const statement = this.#d1.prepare(sql).bind(...values);
        this.#texts.set(statement, sql);
        return statement;
      },
    };
  }

  async batch<T>(statements: D1PreparedStatement[]): Promise<D1Result<T>[]> {
    this.calls += 1;
    const results = await this.#d1.batch<T>(statements);
    for (const { meta } of results) this.rowsRead += meta.rows_read;
    if (results.some(isOfNoEvent)) {
      const writes = statements.filter((_, index) => (results[index]?.meta.changes ?? 0) > 0);
      const texts = writes.map((statement) => this.#texts.get(statement) ?? '');
      this.unrecorded.push(...texts.filter((text) => !WITHOUT_EVENT.test(text)));
    }
    return results;
  }
}

/** Whether a result says what came of a command, and that this has recorded no event. */
function isOfNoEvent({ results: [row] }: D1Result<unknown>): boolean {
  return typeof row === 'object' && row !== null && 'is_heard' in row && 'types' in row && row.types === '[]';
}

/** Runs a call of D1, as it would have been run. */
type RunCall = () => Promise<D1Result<never>[]>;

/** D1 where something may be done before a call, or in its place. Calls are counted from 1. */
export function meddled(meddle: (call: number, run: RunCall) => ReturnType<RunCall>): D1Database {
  let calls = 0;
  const d1 = {
    prepare: (sql: string) => env.DB.prepare(sql),
    batch(statements: D1PreparedStatement[]) {
      calls += 1;
      return meddle(calls, () => env.DB.batch<never>(statements));
    },
  };
  return d1 as unknown as D1Database;
}

/** D1 where somebody else is faster: `task` is done before the call with this number. */
export const overtaken = (call: number, task: () => Promise<unknown>): D1Database =>
  meddled(async (number, run) => {
    if (number === call) await task();
    return run();
  });

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

/** A rate limit that is never reached: whoever tests limits brings some. */
const UNLIMITED: RateLimit = { limit: async () => ({ success: true }) };

const ENVIRONMENT: Environment = {
  DB: env.DB,
  ...(env.ASSETS && { ASSETS: env.ASSETS }),
  ROOT_KEY,
  PUBLIC_URL,
  SIGNING_KEYS,
  EMAIL,
  MAIL_FROM: 'Tenantry <no-reply@tenantry.test>',
  RATE_LIMIT_DEFAULT: UNLIMITED,
  RATE_LIMIT_HIGH: UNLIMITED,
  RATE_LIMIT_STRANGERS: UNLIMITED,
  RATE_LIMITS: env.RATE_LIMITS,
};

/** Runs what Cloudflare runs every few minutes. */
export async function cron(overrides: Partial<Environment> = {}): Promise<void> {
  await worker.scheduled(createScheduledController(), { ...ENVIRONMENT, ...overrides });
}

/** Sends a request through the Worker's own fetch, and waits for what it does behind the answer. */
export async function send(request: Request, overrides: Partial<Environment> = {}): Promise<Answer> {
  const d1 = new CountingD1(env.DB);
  const context = createExecutionContext();
  const environment = { ...ENVIRONMENT, DB: d1 as unknown as D1Database, ...overrides };
  const response = await worker.fetch(request, environment, context);
  const text = await response.text();
  const { calls, rowsRead, unrecorded } = d1;
  if (unrecorded.length > 0) throw new Error(`A command has written, and recorded no event: ${unrecorded.join('; ')}`);
  await waitOnExecutionContext(context);
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  const { data = null, errors = [] } = isJson ? JSON.parse(text) : {};
  return { status: response.status, headers: response.headers, data, errors, text, calls, rowsRead };
}

/** Sends a request through the Worker's own fetch, and returns its answer as soon as that begins: a stream goes on. */
export const begin = (request: Request, overrides: Partial<Environment> = {}): Promise<Response> =>
  worker.fetch(request, { ...ENVIRONMENT, ...overrides }, createExecutionContext());

export type Variables = Record<string, unknown>;

export function graphqlRequest(query: string, variables: Variables = {}, key: string | null = ROOT_KEY): Request {
  return new Request('https://tenantry.test/graphql', {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // Says by its status whether GraphQL refuses.
      accept: 'application/graphql-response+json',
      ...(key !== null && { authorization: `Bearer ${key}` }),
    },
    body: JSON.stringify({ query, variables }),
  });
}

/** One GraphQL request with a key, the root key by default. */
export const ask = (query: string, variables?: Variables, key?: string | null): Promise<Answer> =>
  send(graphqlRequest(query, variables, key));

/** The request, under a key that it may be repeated under. */
export function under(request: Request, key: string): Request {
  request.headers.set(IDEMPOTENCY_KEY, key);
  return request;
}
