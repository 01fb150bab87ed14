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

/** D1 for the length of one request: the one place that talks to it. */
export class Database {
  readonly #d1: D1Database;
  #pending: PendingRead[] = [];

  constructor(d1: D1Database) {
    this.#d1 = d1;
  }

  /** Runs the statements in order as one transaction and one D1 call: all of them take effect, or none. */
  async batch<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    const prepared = statements.map((statement) => {
      const query = dialect.sqlToQuery(statement.sql);
      return this.#d1.prepare(query.sql).bind(...query.params);
    });
    const results = await this.#d1.batch<Record<string, unknown>>(prepared);
    return statements.map((statement, index) => (results[index]?.results ?? []).map(statement.decode)) as Rows<S>;
  }

  /** Reads that change nothing: retried when D1 fails in a way that passes. */
  reads<const S extends readonly Statement[]>(statements: S): Promise<Rows<S>> {
    return pRetry(() => this.batch(statements), {
      ...READ_RETRIES,
      shouldRetry: ({ error }) => PASSING.test(error.message),
    });
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
}
