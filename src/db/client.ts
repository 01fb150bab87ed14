import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import pRetry from 'p-retry';
import type { Statement } from './statement.ts';

const dialect = new SQLiteAsyncDialect();

/** Failures of D1 that pass by themselves. Overload and time-outs are not among them: a retry would feed the fire. */
const PASSING =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|Cannot resolve D1 DB due to transient issue/;

const READ_RETRIES = { retries: 2, minTimeout: 50, maxTimeout: 1000, randomize: true };

/** Statements by the names that their rows are read by. A list of statements has a list of rows each. */
export type Statements = Readonly<Record<string, Statement | readonly Statement[]>>;

type RowsOf<S> = S extends Statement<infer Row> ? Row[] : S extends readonly Statement<infer Row>[] ? Row[][] : never;

/** The rows of statements, by the names of the statements. */
export type Results<S extends Statements> = { readonly [Name in keyof S]: RowsOf<S[Name]> };

interface PendingRead {
  statement: Statement;
  resolve: (rows: never[]) => void;
  reject: (reason: unknown) => void;
}

/**
 * What a request takes for granted before it has been read, such as a cached credential. Its statement goes along with
 * the first read of the request, which fails unless it holds.
 */
export interface Revalidation<Row = unknown> {
  statement: Statement<Row>;
  holds(rows: readonly Row[]): boolean;
}

/** Says that a revalidation did not hold: nothing that was read may leave, and nothing was written. */
export class RevalidationError extends Error {}

/** D1 for the length of one request: the one place that talks to it. */
export class Database {
  readonly #d1: D1Database;
  #pending: PendingRead[] = [];
  #revalidation: Revalidation | null = null;
  /** Why the revalidation failed; undefined when it held, or there is none. */
  #objection: Promise<unknown> = Promise.resolve();

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** Goes on as if the revalidation held: it is checked with the first read, and before anything is written. */
  revalidateWith<Row>(revalidation: Revalidation<Row>): void {
    this.#revalidation = revalidation;
  }

  /**
   * Resolves once what the request takes for granted was found to hold.
   * @throws RevalidationError if it does not.
   */
  async settle(): Promise<void> {
    if (this.#revalidation) await this.#read([]);
    const objection = await this.#objection;
    if (objection) throw objection;
  }

  /** Runs the statements in the order given as one transaction and one D1 call: all of them take effect, or none. */
  async batch<const S extends Statements>(statements: S): Promise<Results<S>> {
    await this.settle();
    return named(statements, await this.#run(flat(statements)));
  }

  /** Runs statements that change nothing, in one D1 call: retried when D1 fails in a way that passes. */
  async reads<const S extends Statements>(statements: S): Promise<Results<S>> {
    return named(statements, await this.#read(flat(statements)));
  }

  /**
   * Reads in company: everything asked for until the next macrotask goes to D1 in one call. A microtask would be too
   * early, because the resolvers of one level become ready over several of them.
   */
  read<Row>(statement: Statement<Row>): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      if (this.#pending.length === 0) setTimeout(() => void this.#flush(), 0);
      this.#pending.push({ statement, resolve, reject });
    });
  }

  async #flush(): Promise<void> {
    const pending = this.#pending;
    this.#pending = [];
    try {
      const results = await this.#read(pending.map(({ statement }) => statement));
      pending.forEach(({ resolve }, index) => {
        resolve(results[index] as never[]);
      });
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  }

  async #read(statements: readonly Statement[]): Promise<unknown[][]> {
    const revalidation = this.#revalidation;
    this.#revalidation = null;
    if (!revalidation) return this.#retry(statements);
    const results = this.#retry([revalidation.statement, ...statements]).then(([found = [], ...rest]) => {
      if (!revalidation.holds(found)) throw new RevalidationError();
      return rest;
    });
    this.#objection = results.then(
      () => undefined,
      (error) => error,
    );
    return results;
  }

  #retry(statements: readonly Statement[]): Promise<unknown[][]> {
    return pRetry(() => this.#run(statements), {
      ...READ_RETRIES,
      shouldRetry: ({ error }) => PASSING.test(error.message),
    });
  }

  async #run(statements: readonly Statement[]): Promise<unknown[][]> {
    const prepared = statements.map((statement) => {
      const query = dialect.sqlToQuery(statement.sql);
      return this.#d1.prepare(query.sql).bind(...query.params);
    });
    const results = await this.#d1.batch<Record<string, unknown>>(prepared);
    return statements.map((statement, index) => (results[index]?.results ?? []).map(statement.decode));
  }
}

const isList = (part: Statement | readonly Statement[]): part is readonly Statement[] => Array.isArray(part);

const flat = (statements: Statements): Statement[] =>
  Object.values(statements).flatMap((part) => (isList(part) ? part : [part]));

function named<S extends Statements>(statements: S, results: readonly unknown[][]): Results<S> {
  let next = 0;
  const entries = Object.entries(statements).map(([name, part]) => {
    const first = next;
    next += isList(part) ? part.length : 1;
    return [name, isList(part) ? results.slice(first, next) : results[first]];
  });
  return Object.fromEntries(entries) as Results<S>;
}
