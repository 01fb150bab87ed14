import type { Caller } from '../../directory/access/viewer.ts';
import type { Answered, AuthenticationScheme } from '../auth/credentials.ts';
import type { Environment } from '../shared/environment.ts';
import type { Failure } from '../shared/failures.ts';
import type { Trace } from '../shared/tracing.ts';

/** A request to a dialect, by somebody who is known. */
export interface DialectRequest {
  request: Request;
  requestId: string;
  trace: Trace;
  caller: Caller;
  /** Can be read again, because the answer may have to be made a second time. */
  readBody: () => Promise<Uint8Array<ArrayBuffer> | Response>;
}

/** Answers a request, by somebody who is known, in the dialect's envelope. */
export type Answerer = (asked: DialectRequest) => Promise<Response>;

/** A request to a dialect by anybody, where no credential is needed. */
export interface OpenDialectRequest extends Pick<DialectRequest, 'request' | 'readBody'> {
  env: Environment;
}

/** Answers a request where no credential is needed. */
export type OpenAnswerer = (asked: OpenDialectRequest) => Promise<Answered>;

/**
 * A documented API of somebody else's, as requests come to it, with the kinds of tokens that it takes. What it says stands in
 * src/dialects.
 */
export interface Dialect extends AuthenticationScheme {
  /** By which pages of other origins may ask it. */
  methods: string;
  /** Where its clients look for the id of the request, beside `x-request-id`. */
  requestIdHeader?: string;
  /** Says in its envelope that a request failed, whatever the reason. */
  failure: Failure;
  /** What answers at one of its paths; null where it has nothing. */
  at(path: string): Answerer | null;
  /** What answers at one of its paths without a credential, such as where one is got; null where one is needed. */
  openAt?(path: string): OpenAnswerer | null;
}
