import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import pRetry from 'p-retry';
import type { Statement } from './statement.ts';

const dialect = new SQLiteAsyncDialect();

/**
 * Failures of D1 that are worth a retry. Overload and time-outs are left out, because a retry would make them worse.
 */
const TRANSIENT =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|Cannot resolve D1 DB due to transient issue/;

const READ_RETRIES = { retries: 2, minTimeout: 50, maxTimeout: 1000, randomize: true };

/**
 * Statements by the names under which their rows are read. A name may stand for a list of statements. They run in the order
 * in which they are written; a name that looks like a number would come first, as in every object of JavaScript.
 */
export type Statements = Readonly<Record<string, Statement | readonly Statement[]>>;

type RowsOf<S> = S extends Statement<infer Row> ? Row[] : S extends readonly Statement<infer Row>[] ? Row[][] : never;

/** The rows of statements, by the names of the statements. A list of statements has one list of rows for each. */
export type Results<S extends Statements> = { readonly [Name in keyof S]: RowsOf<S[Name]> };

interface PendingRead {
  statement: Statement;
  resolve: (rows: never[]) => void;
  reject: (reason: unknown) => void;
}

/**
 * A check of something that a request relies on before it was read, such as a cached credential. Its statement goes to
 * D1 with the first read of the request, which fails unless `holds` accepts the rows.
 */
export interface Revalidation<Row = unknown> {
  statement: Statement<Row>;
  holds(rows: readonly Row[]): boolean;
}

/** Thrown when a revalidation fails. Nothing was written, and nothing that was read may be shown to the caller. */
export class RevalidationError extends Error {}

/** The connection of one request to D1. Nothing else in the program talks to D1. */
export class Database {
  readonly #d1: D1Database;
  #pending: PendingRead[] = [];
  #revalidation: Revalidation | null = null;
  /** Resolves to why the revalidation failed; to undefined if it succeeded, or if there is none. */
  #revalidationError: Promise<unknown> = Promise.resolve();

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** Lets the request continue as if the check had succeeded. It is made with the first read, and before any write. */
  revalidateWith<Row>(revalidation: Revalidation<Row>): void {
    this.#revalidation = revalidation;
  }

  /**
   * Resolves once the revalidation has succeeded, or at once if there is none.
   * @throws RevalidationError if it fails.
   */
  async settle(): Promise<void> {
    if (this.#revalidation) await this.#read([]);
    const error = await this.#revalidationError;
    if (error) throw error;
  }

  /**
   * Runs the statements in the order given, as one transaction. It is one D1 call, and never retried.
   * @throws RevalidationError if the revalidation fails; then nothing was run.
   */
  async batch<const S extends Statements>(statements: S): Promise<Results<S>> {
    await this.settle();
    return named(statements, await this.#run(flat(statements)));
  }

  /**
   * Runs statements that change nothing in one D1 call, which is retried when D1 fails for a moment.
   * @throws RevalidationError if this is the first read and the revalidation fails.
   */
  async reads<const S extends Statements>(statements: S): Promise<Results<S>> {
    return named(statements, await this.#read(flat(statements)));
  }

  /**
   * Reads together with all other calls of `read` until the next macrotask: they go to D1 in one call. A microtask
   * would be too early, because the resolvers of one level become ready over several of them.
   * @throws RevalidationError if this is the first read and the revalidation fails.
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
    this.#revalidationError = results.then(
      () => undefined,
      (error) => error,
    );
    return results;
  }

  #retry(statements: readonly Statement[]): Promise<unknown[][]> {
    return pRetry(() => this.#run(statements), {
      ...READ_RETRIES,
      shouldRetry: ({ error }) => TRANSIENT.test(error.message),
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
