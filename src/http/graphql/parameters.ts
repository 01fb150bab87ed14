import { GraphQLError } from 'graphql/error';
import type { GraphQLParams } from 'graphql-yoga';
import { asJsonObject } from '../shared/body.ts';

/*
 * What a request asks of GraphQL, as it was sent: whether that is a query, and variables that are an object, Yoga looks at.
 */

const refused = (message: string, originalError?: object) =>
  new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', originalError, http: { status: 400 } } });

/**
 * Returns the parameters in a body of JSON.
 * @throws GraphQLError if the body is anything but an object.
 */
export function postedParameters(body: Uint8Array): GraphQLParams {
  if (body.byteLength > MAX_UNCOUNTED_BYTES && isTooDeep(body)) {
    throw refused(`POST body may have at most ${MAX_LEVELS} levels.`);
  }
  const posted = parsed(new TextDecoder().decode(body));
  if (Array.isArray(posted)) throw refused('Batching is not supported.');
  if (typeof posted === 'object' && posted !== null) return withName(posted);
  throw refused(`POST body is expected to be object but received ${posted === null ? null : typeof posted}`);
}

/** Clients that have no name for their operation send an empty one, or null. */
function withName({ operationName, ...posted }: { operationName?: unknown }): GraphQLParams {
  if (operationName === '' || operationName == null) return posted;
  if (typeof operationName !== 'string') throw refused('The parameter operationName is not a text.');
  return { ...posted, operationName };
}

/**
 * Refuses a request that has the hash of a document in place of the document, in the words by which clients of automatic
 * persisted queries know that they have to send the document. None is ever kept here.
 */
export function requireDocument({ query, extensions }: GraphQLParams): void {
  if (query || extensions?.persistedQuery === undefined) return;
  throw new GraphQLError('PersistedQueryNotSupported', { extensions: { code: 'PERSISTED_QUERY_NOT_SUPPORTED' } });
}

/** No input has nearly as many. To parse half a million of them takes many times what a good request of the same size does. */
const MAX_LEVELS = 1000;
/** So short a body is parsed in no time, whatever its levels. */
const MAX_UNCOUNTED_BYTES = 64 * 1024;

const [QUOTE, BACKSLASH] = [0x22, 0x5c];
const OPENING = [0x5b, 0x7b];
const CLOSING = [0x5d, 0x7d];

/** Whether JSON has more levels of lists and objects than may be. It is not read further than to where they are too many. */
function isTooDeep(body: Uint8Array): boolean {
  let levels = 0;
  let isText = false;
  for (let index = 0; index < body.length; index += 1) {
    const byte = body[index];
    if (isText && byte === BACKSLASH) index += 1;
    else if (byte === QUOTE) isText = !isText;
    else if (isText || byte === undefined) continue;
    else if (byte === OPENING[0] || byte === OPENING[1]) levels += 1;
    else if (byte === CLOSING[0] || byte === CLOSING[1]) levels -= 1;
    if (levels > MAX_LEVELS) return true;
  }
  return false;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { name, message } = error as SyntaxError;
    throw refused('POST body sent invalid JSON.', { name, message });
  }
}

/**
 * Returns the parameters in the address of a GET, of which `searchProblem` has found none to be wrong. Whatever has no value
 * is not given.
 */
export function searchedParameters(search: URLSearchParams): GraphQLParams {
  const text = (name: string) => search.get(name) || undefined;
  const variables = asJsonObject(text('variables') ?? '');
  const extensions = asJsonObject(text('extensions') ?? '');
  return { query: text('query'), operationName: text('operationName'), variables, extensions } as GraphQLParams;
}

/** Returns what is wrong with the parameters in the address of a GET that must be JSON objects; undefined if nothing is. */
export function searchProblem(search: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = search.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}
