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
 * all of them together are short.
 */
export function answerOf(
  { data, errors = [] }: ExecutionResult,
  asked: Asked,
  spelled: (error: ShownError) => ShownError,
  contentType: string,
): Response {
  const shown = withinLimit(shownErrors(errors, asked).map(spelled));
  const statuses = shown.flatMap(({ http }) => http?.status ?? []);
  const headers = Object.assign({}, ...shown.map(({ http }) => http?.headers));
  const body = {
    ...(data !== undefined && { data }),
    ...(shown.length > 0 && { errors: shown.map(({ http: _http, ...error }) => error) }),
  };
  return new Response(JSON.stringify(body), {
    status: statuses.length > 0 ? Math.max(...statuses) : data === undefined ? 400 : 200,
    headers: { ...headers, 'content-type': `${contentType}; charset=utf-8` },
  });
}

/** Only what is shown is looked at closely: an operation can fail at thousands of places. */
function shownErrors(errors: readonly GraphQLError[], { requestId, document, params }: Asked): ShownError[] {
  const first = firstOfEachKind(errors);
  const hasNodes = first.some(({ nodes }) => nodes !== undefined);
  const placeOf = hasNodes && document && params?.query ? placesOf(document, params.query) : () => null;
  return first.map((error) => {
    const { message, path, ...shown } = presentable(error, requestId);
    const places = error.nodes?.slice(0, MAX_LOCATIONS).flatMap((node) => placeOf(node) ?? []) ?? [];
    const locations = places.length > 0 ? places : error.locations;
    return {
      message: cut(message),
      ...(locations && { locations }),
      ...(path && { path: cutPath(path) }),
      ...shown,
    };
  });
}

function firstOfEachKind(errors: readonly GraphQLError[]): GraphQLError[] {
  const counts = new Map<unknown, number>();
  return errors.filter(({ name, extensions, originalError }) => {
    const kind = extensions.code ?? originalError?.name ?? name;
    const count = (counts.get(kind) ?? 0) + 1;
    counts.set(kind, count);
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

const bytesOf = (error: ShownError): number => Buffer.byteLength(JSON.stringify(error));

/** Leaves out the last issues of an error that is too long by itself, and the last errors where they are too long together. */
function withinLimit(errors: readonly ShownError[]): ShownError[] {
  let left = MAX_ERROR_BYTES;
  const kept: ShownError[] = [];
  for (const error of errors.map(shortened)) {
    left -= bytesOf(error);
    if (left < 0) return kept;
    kept.push(error);
  }
  return kept;
}

function shortened(error: ShownError): ShownError {
  let shown = error;
  while (bytesOf(shown) > MAX_ERROR_BYTES) {
    const { issues, ...extensions } = shown.extensions;
    const fewer = Array.isArray(issues) && issues.length > 1 ? { issues: issues.slice(0, issues.length / 2) } : {};
    shown = { ...shown, extensions: { ...extensions, ...fewer } };
    if (issues === undefined) return { ...shown, extensions: { code: extensions.code } };
  }
  return shown;
}
