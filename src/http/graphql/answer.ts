import type { DocumentNode, ExecutionResult, GraphQLError } from 'graphql';
import { presentable, type ShownError } from '../shared/failures.ts';
import { placesOf } from './documents.ts';
import { MAX_ERROR_BYTES, MAX_ERRORS_OF_A_KIND, MAX_MESSAGE_CHARACTERS } from './limits.ts';

const MAX_LOCATIONS = 5;

/** A request that GraphQL has an answer to. */
export interface Asked {
  requestId: string;
  params?: { query?: string | undefined };
  /** The parsed document; not given where there is none. */
  document?: DocumentNode;
}

/**
 * Returns the answer over HTTP. Its errors are in the format of the API, as `spelled` gives it; there are few of them, and
 * all of them together are short. What is not shown counts for the status all the same, and unexpected errors are logged.
 */
export function answerOf(
  { data, errors = [] }: ExecutionResult,
  asked: Asked,
  spelled: (error: ShownError) => ShownError,
  contentType: string,
): Response {
  const all = errors.map((error) => ({ error, shown: spelled(presentable(error, asked.requestId)) }));
  const statuses = all.flatMap(({ shown }) => shown.http?.status ?? []);
  const headers = Object.assign({}, ...all.map(({ shown }) => shown.http?.headers));
  const body = { ...(data !== undefined && { data }), ...(all.length > 0 && { errors: shownErrors(all, asked) }) };
  return new Response(JSON.stringify(body), {
    status: statuses.length > 0 ? Math.max(...statuses) : data === undefined ? 400 : 200,
    headers: { ...headers, 'content-type': `${contentType}; charset=utf-8` },
  });
}

/** An error as it stands in the answer. */
type Answered = Omit<ShownError, 'http'>;

/** An error, and what may be shown of it. */
interface Presented {
  error: GraphQLError;
  shown: ShownError;
}

/** Only what is shown is looked at closely: an operation can fail at thousands of places. */
function shownErrors(all: readonly Presented[], { document, params }: Asked): Answered[] {
  const first = firstOfEachCode(all);
  const hasNodes = first.some(({ error }) => error.nodes !== undefined);
  const placeOf = hasNodes && document && params?.query ? placesOf(document, params.query) : () => null;
  const errors = first.map(({ error, shown: { http: _http, message, path, ...shown } }) => {
    const places = error.nodes?.slice(0, MAX_LOCATIONS).flatMap((node) => placeOf(node) ?? []) ?? [];
    const locations = places.length > 0 ? places : (error.locations ?? shown.locations);
    return {
      message: cut(message),
      ...(locations && { locations }),
      ...(path && { path: cutPath(path) }),
      extensions: shown.extensions,
    };
  });
  return withinLimit(errors);
}

function firstOfEachCode(all: readonly Presented[]): Presented[] {
  const counts = new Map<unknown, number>();
  return all.filter(({ shown: { extensions } }) => {
    const count = (counts.get(extensions.code) ?? 0) + 1;
    counts.set(extensions.code, count);
    return count <= MAX_ERRORS_OF_A_KIND;
  });
}

const cut = (text: string): string =>
  text.length <= MAX_MESSAGE_CHARACTERS ? text : `${text.slice(0, MAX_MESSAGE_CHARACTERS - 1).toWellFormed()}…`;

/** Returns as much of the path, from its beginning, as is short. */
function cutPath(path: readonly (string | number)[]): (string | number)[] {
  let characters = 0;
  const end = path.findIndex((part) => {
    characters += String(part).length;
    return characters > MAX_MESSAGE_CHARACTERS;
  });
  return end < 0 ? [...path] : path.slice(0, end);
}

const bytesOf = (error: Answered): number => Buffer.byteLength(JSON.stringify(error));

/** Leaves out the last issues of an error that is too long by itself, and the last errors where they are too long together. */
function withinLimit(errors: readonly Answered[]): Answered[] {
  let left = MAX_ERROR_BYTES;
  const kept: Answered[] = [];
  for (const error of errors.map(shortened)) {
    left -= bytesOf(error);
    if (left < 0) return kept;
    kept.push(error);
  }
  return kept;
}

function shortened(error: Answered): Answered {
  let shown = error;
  while (bytesOf(shown) > MAX_ERROR_BYTES) {
    const { issues, ...extensions } = shown.extensions;
    const fewer = Array.isArray(issues) && issues.length > 1 ? { issues: issues.slice(0, issues.length / 2) } : {};
    shown = { ...shown, extensions: { ...extensions, ...fewer } };
    if (issues === undefined) return { ...shown, extensions: { code: extensions.code } };
  }
  return shown;
}
