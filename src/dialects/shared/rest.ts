import type { Caller } from '../../directory/access/viewer.ts';

/** A call of a documented REST API, as plain data: what a request comes to, once it is known who asks. */
export interface Call {
  caller: Caller;
  /** What the path says, by the names of the route's pattern. */
  parameters: Record<string, string>;
  /** The JSON object that was sent; empty for a call that takes none. */
  body: Record<string, unknown>;
}

/** An answer of a documented REST API, as plain data: its status, and what its body says. */
export interface Answer {
  status: number;
  body: Record<string, unknown>;
}

/** One method at one path of a documented REST API. */
export interface Operation {
  /** Whether it is asked with a JSON object. */
  takesBody: boolean;
  answer(call: Call): Promise<Answer>;
}

/** A path of a documented REST API, and what can be done there. */
export interface Route {
  path: RegExp;
  /** By method. Any other is refused. */
  operations: ReadonlyMap<string, Operation>;
}

/** Returns an operation that is asked without a body. */
export const reads = (answer: Operation['answer']): Operation => ({ takesBody: false, answer });
/** Returns an operation that is asked with a JSON object. */
export const writes = (answer: Operation['answer']): Operation => ({ takesBody: true, answer });
