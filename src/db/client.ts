import { isRefusedBySqlite } from './constraint.ts';
import { OutcomeUnknownError, RevalidationError, RevokedMeanwhileError, UnavailableError } from './errors.ts';
import { rendered } from './rendered.ts';
import type { Statement } from './statement.ts';
import { asUnavailable, laterMessage, runAgain, withinReadTime, withinWriteTime } from './unavailable.ts';
import { hasChanged, type Watched, type WatchedRow } from './watched.ts';

/**
 * For so many microtasks nothing more is to be read before what is pending goes to D1. The resolvers of one level become
 * ready over about a dozen of them. A macrotask would do as well, but comes no sooner than a millisecond later.
 */
const QUIET_MICROTASKS = 40;

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
 * What a request relies on although others may change it meanwhile: the row that tells who asks. Every write checks it in
 * its own batch, and so does the first read, unless this request has read the row itself.
 */
export interface Revalidation<Row extends WatchedRow = WatchedRow> {
  watched: Watched<Row>;
  /** What the request was begun with. */
  row: Row;
  /** Whether that row was read for this request. */
  isFresh: boolean;
  /** Whether a request may still rely on the row, after it has changed it itself. */
  isGood(row: Row): boolean;
  /** Is told each row that turns out to be the same, and null once it turns out to have changed. */
  found(row: Row | null): void;
}

/** How many queries have been made of D1, by one connection or by several of one invocation. */
export interface Tally {
  queries: number;
}

/** The connection of one request to D1. Nothing else in the program talks to D1. */
export class Database {
  readonly #d1: D1Database;
  readonly #tally: Tally;
  #pending: PendingRead[] = [];
  /** What will say what else is to be read. */
  readonly #preparing = new Set<Promise<unknown>>();
  /** Null as well once all is done that relies on it. */
  #revalidation: Revalidation | null = null;
  /** Whether the next read has to check it. */
  #isUnchecked = false;
  /** Resolves to why the revalidation failed; to undefined if it succeeded, or if there is none. */
  #revalidationError: Promise<unknown> = Promise.resolve();
  #hasWritten = false;
  #writesAgain = false;

  constructor(d1: D1Database, tally: Tally = { queries: 0 }) {
    this.#d1 = d1;
    this.#tally = tally;
  }

  /** Lets the request continue as if the check had succeeded. It is made with the first read, and with every write. */
  revalidateWith<Row extends WatchedRow>(revalidation: Revalidation<Row>): void {
    this.#revalidation = revalidation as unknown as Revalidation;
    this.#isUnchecked = !revalidation.isFresh;
  }

  /**
   * Says that the request may write more than once. What a write changes of the row that the request relies on, such as
   * by removing a tenant within reach, is then no reason to refuse the next one. It costs each write a statement more.
   */
  writesAgain(): void {
    this.#writesAgain = true;
  }

  /**
   * Resolves once the revalidation has succeeded, or at once if there is none. From then on there is none.
   * @throws RevalidationError if it fails.
   */
  async settle(): Promise<void> {
    if (this.#isUnchecked) await this.#read([]);
    const error = await this.#revalidationError;
    if (error) throw error;
    this.#revalidation = null;
  }

  /**
   * Runs the statements in the order given, as one transaction. It is one D1 call, and never retried. The revalidation is
   * part of the transaction, and so is all that waits to be read: it sees what was written.
   * @throws RevalidationError if the revalidation fails; then nothing was run.
   * @throws RevokedMeanwhileError likewise, if the request has written before
   * @throws UnavailableError if D1 turned it away; then nothing was run either
   * @throws OutcomeUnknownError if D1 failed, or did not answer in time, so that nobody knows whether it was run
   */
  async batch<const S extends Statements>(statements: S): Promise<Results<S>> {
    const writing = flat(statements);
    const along = this.#takePending();
    try {
      const results = await this.#write([
        ...writing,
        ...along.map(({ statement: { sql } }) => ({ sql, decode: asItIs })),
      ]);
      answerEach(along, results.slice(writing.length));
      return named(statements, results);
    } catch (error) {
      refuse(along, error);
      throw error;
    }
  }

  /**
   * Runs statements that change nothing in one D1 call, which is retried when D1 fails for a moment.
   * @throws RevalidationError if this is the first read and the revalidation fails.
   * @throws UnavailableError if D1 fails in passing, or does not answer in time
   */
  async reads<const S extends Statements>(statements: S): Promise<Results<S>> {
    return named(statements, await this.#read(flat(statements)));
  }

  /**
   * Reads together with all other calls of `read` that come until nothing has come for a while: they go to D1 in one call.
   * @throws as `reads` does
   */
  read<Row>(statement: Statement<Row>): Promise<Row[]> {
    return new Promise((resolve, reject) => {
      this.#pending.push({ statement, resolve, reject });
      if (this.#pending.length === 1) void this.#flush();
    });
  }

  /** Has all that waits to be read wait for a task, too, which finds out what else there is to read. */
  async beforeRead<T>(task: Promise<T>): Promise<T> {
    this.#preparing.add(task);
    try {
      return await task;
    } finally {
      this.#preparing.delete(task);
    }
  }

  async #flush(): Promise<void> {
    let seen = 0;
    for (let quiet = 0; quiet < QUIET_MICROTASKS; quiet += 1) {
      if (this.#pending.length > seen) {
        seen = this.#pending.length;
        quiet = 0;
      }
      if (this.#preparing.size > 0) {
        quiet = 0;
        await Promise.allSettled(this.#preparing);
      }
      await null;
    }
    const pending = this.#takePending();
    if (pending.length === 0) return;
    try {
      answer(pending, await this.#read(pending.map(({ statement }) => statement)));
    } catch (error) {
      refuse(pending, error);
    }
  }

  #takePending(): PendingRead[] {
    const pending = this.#pending;
    this.#pending = [];
    return pending;
  }

  async #read(statements: readonly Statement[]): Promise<unknown[][]> {
    const revalidation = this.#isUnchecked ? this.#revalidation : null;
    this.#isUnchecked = false;
    if (!revalidation) return this.#retry(statements);
    const { watched, row, found } = revalidation;
    const results = this.#retry([watched.still(row), ...statements]).then(
      ([same = [], ...rest]) => {
        found(same[0] as never);
        return rest;
      },
      (error) => {
        throw this.#asFailed(error);
      },
    );
    this.#revalidationError = results.then(
      () => undefined,
      (error) => error,
    );
    return results;
  }

  async #write(statements: readonly Statement[]): Promise<unknown[][]> {
    const revalidation = this.#revalidation;
    if (!revalidation) return this.#once(statements);
    const { watched, row, found } = revalidation;
    const after = this.#writesAgain ? [watched] : [];
    const [same = [], ...results] = await this.#once([watched.still(row), ...statements, ...after]).catch((error) => {
      if (mayHaveWritten(error)) this.#noteWritten();
      throw this.#asFailed(error);
    });
    found(same[0] as never);
    this.#noteWritten();
    if (this.#writesAgain) this.#goOnWith(revalidation, results.pop()?.[0] as never);
    return results;
  }

  /**
   * From now on the request must not begin anew: all of it would be done again. Nothing is left to check before the answer,
   * as the write either has checked it or, if its outcome is not known, may have changed it.
   */
  #noteWritten(): void {
    this.#hasWritten = true;
    this.#isUnchecked = false;
    this.#revalidationError = Promise.resolve();
  }

  /** Relies on the row as this request has left it from now on, if it is still good. */
  #goOnWith(revalidation: Revalidation, left: WatchedRow | undefined): void {
    if (left && revalidation.isGood(left)) this.#revalidation = { ...revalidation, row: left };
  }

  /** Returns what a read or a write has failed with, where it may be the revalidation. */
  #asFailed(error: unknown): unknown {
    if (!hasChanged(error)) return error;
    this.#revalidation?.found(null);
    if (this.#hasWritten) return new RevokedMeanwhileError();
    const failed = new RevalidationError();
    this.#revalidationError = Promise.resolve(failed);
    return failed;
  }

  async #once(statements: readonly Statement[]): Promise<unknown[][]> {
    const prepared = this.#prepare(statements);
    const results = await withinWriteTime(async () => this.#d1.batch<Row>(prepared)).catch((error) => {
      if (isRefusedBySqlite(error) || hasChanged(error)) throw error;
      throw laterMessage(error)?.isRefusal ? asUnavailable(error) : new OutcomeUnknownError(error);
    });
    return decoded(statements, results);
  }

  #retry(statements: readonly Statement[]): Promise<unknown[][]> {
    return withinReadTime(async (givenUp) => {
      try {
        return await this.#run(statements);
      } catch (error) {
        if (laterMessage(error) === undefined) throw error;
        return runAgain(() => this.#run(statements), error, givenUp);
      }
    });
  }

  async #run(statements: readonly Statement[]): Promise<unknown[][]> {
    return decoded(statements, await this.#d1.batch<Row>(this.#prepare(statements)));
  }

  #prepare(statements: readonly Statement[]): D1PreparedStatement[] {
    this.#tally.queries += statements.length;
    return statements.map((statement) => {
      const { text, bound } = rendered(statement.sql);
      return this.#d1.prepare(text).bind(...bound);
    });
  }
}

const asItIs = (row: Row): Row => row;

/** Decodes the rows of each read by itself: what was written is written, whatever becomes of them. */
function answerEach(reads: readonly PendingRead[], results: readonly unknown[][]): void {
  for (const [index, { statement, resolve, reject }] of reads.entries()) {
    try {
      resolve((results[index] as Row[]).map(statement.decode) as never[]);
    } catch (error) {
      reject(error);
    }
  }
}

function answer(reads: readonly PendingRead[], results: readonly unknown[][]): void {
  for (const [index, { resolve }] of reads.entries()) resolve(results[index] as never[]);
}

function refuse(reads: readonly PendingRead[], error: unknown): void {
  for (const { reject } of reads) reject(error);
}

/** Whether a batch that failed may have taken effect: neither was it turned away, nor did it fail within. */
const mayHaveWritten = (error: unknown): boolean =>
  !(error instanceof UnavailableError) && !isRefusedBySqlite(error) && !hasChanged(error);

type Row = Record<string, unknown>;

const decoded = (statements: readonly Statement[], results: readonly D1Result<Row>[]): unknown[][] =>
  statements.map((statement, index) => (results[index]?.results ?? []).map(statement.decode));

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
