import { SQLiteAsyncDialect } from 'drizzle-orm/sqlite-core';
import pRetry from 'p-retry';
import type { Statement } from './statement.ts';

const dialect = new SQLiteAsyncDialect();

/** Failures of D1 that pass by themselves. Overload and time-outs are not among them: a retry would feed the fire. */
const PASSING =
  /Network connection lost|storage caused object to be reset|reset because its code was updated|Cannot resolve D1 DB due to transient issue/;

const READ_RETRIES = { retries: 2, minTimeout: 50, maxTimeout: 1000, randomize: true };

type Rows<S extends readonly Statement[]> = {
  -readonly [K in keyof S]: S[K] extends Statement<infer Row> ? Row[] : never;
};

interface PendingRead {
  statement: Statement;
  resolve: (rows: never[]) => void;
  reject: (reason: unknown) => void;
}

/** Something that a request takes for granted before it has been read: its statement goes along with the first read. */
export interface Revalidation<Row = unknown> {
  statement: Statement<Row>;
  holds(rows: readonly Row[]): boolean;
}

/** What was taken for granted is not so: nothing that was read may leave, and nothing was written. */
export class RevalidationError extends Error {}

/** D1 for the length of one request: the one place that talks to it. */
export class Database {
  readonly #d1: D1Database;
  #pending: PendingRead[] = [];
  #revalidation: Revalidation | null = null;
  /** Why the premise could not be found to hold; undefined when it was, or there is none. */
  #objection: Promise<unknown> = Promise.resolve();

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** Goes on as if the premise held: it is checked with the first read, and before anything is written. */
  revalidateWith<Row>(revalidation: Revalidation<Row>): void {
    this.#revalidation = revalidation;
  }

  /** Rejects with BrokenPremise unless what the request relies on is so. */
  async settle(): Promise<void> {
    if (this.#revalidation) await this.reads([]);
    const objection = await this.#objection;
    if (objection) throw objection;
  }

  /** Runs the statements in order as one transaction and one D1 call: all of them take effect, or none. */
  async batch<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    await this.settle();
    return this.#run(statements);
  }

  /** Reads that change nothing: retried when D1 fails in a way that passes. */
  async reads<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    const revalidation = this.#revalidation;
    this.#revalidation = null;
    if (!revalidation) return this.#retry(statements);
    const results = this.#retry([revalidation.statement, ...statements]).then(([found, ...rest]) => {
      if (!revalidation.holds(found)) throw new RevalidationError();
      return rest as Rows<S>;
    });
    this.#objection = results.then(
      () => undefined,
      (error) => error,
    );
    return results;
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
      const results: unknown[][] = await this.reads(pending.map(({ statement }) => statement));
      pending.forEach(({ resolve }, index) => {
        resolve(results[index] as never[]);
      });
    } catch (error) {
      for (const { reject } of pending) reject(error);
    }
  }

  #retry<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    return pRetry(() => this.#run(statements), {
      ...READ_RETRIES,
      shouldRetry: ({ error }) => PASSING.test(error.message),
    });
  }

  async #run<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    const prepared = statements.map((statement) => {
      const query = dialect.sqlToQuery(statement.sql);
      return this.#d1.prepare(query.sql).bind(...query.params);
    });
    const results = await this.#d1.batch<Record<string, unknown>>(prepared);
    return statements.map((statement, index) => (results[index]?.results ?? []).map(statement.decode)) as Rows<S>;
  }
}
