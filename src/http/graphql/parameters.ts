import { GraphQLError } from 'graphql';
import { asJsonObject } from '../shared/body.ts';
import { requireShort } from './documents.ts';

/** What a request asks of GraphQL, before anybody has looked into its document. */
export interface Parameters {
  query: string;
  operationName?: string | undefined;
  variables?: Record<string, unknown> | undefined;
}

const ALLOW = { allow: 'GET, POST' };

/** The names that a request may use. What extensions say is not looked at. */
const NAMES = new Set(['query', 'operationName', 'variables', 'extensions']);

const refused = (message: string, details: { headers?: Record<string, string>; originalError?: object } = {}) => {
  const { headers, ...extensions } = details;
  return new GraphQLError(message, {
    extensions: { code: 'BAD_REQUEST', ...extensions, http: { status: 400, headers } },
  });
};

/** Returns what a value is, as messages name it. */
function kindOf(value: unknown): string {
  if (value === null) return 'null';
  return Array.isArray(value) ? 'array' : typeof value;
}

/**
 * Returns the parameters in a body of JSON.
 * @throws GraphQLError if the body is anything but an object of them.
 */
export function postedParameters(body: Uint8Array): Parameters {
  const posted = parsed(new TextDecoder().decode(body));
  if (Array.isArray(posted)) throw refused('Batching is not supported.');
  if (typeof posted !== 'object' || posted === null) {
    throw refused(`POST body is expected to be object but received ${kindOf(posted)}`);
  }
  return checked(posted);
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const { name, message } = error as SyntaxError;
    throw refused('POST body sent invalid JSON.', { originalError: { name, message } });
  }
}

/**
 * Returns the parameters in the address of a GET, of which `searchProblem` has found none to be wrong. Whatever has no value
 * is not given.
 * @throws GraphQLError if there is no query.
 */
export function searchedParameters(search: URLSearchParams): Parameters {
  const text = (name: string) => search.get(name) || undefined;
  const object = (name: string) => asJsonObject(text(name) ?? '') ?? undefined;
  return checked({ query: text('query'), operationName: text('operationName'), variables: object('variables') });
}

/** Returns what is wrong with the parameters in the address of a GET that must be JSON objects; undefined if nothing is. */
export function searchProblem(search: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = search.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}

/** Refuses what is not a query with, at most, what belongs to it. */
function checked(given: Partial<Record<string, unknown>>): Parameters {
  const { query, operationName, variables } = given;
  requireShort(query);
  const unknown = Object.keys(given).find((name) => !NAMES.has(name) && (given[name] ?? null) !== null);
  if (unknown !== undefined) throw refused(`Unexpected parameter "${unknown}" in the request body.`);
  if ((query ?? null) === null) throw refused('Must provide query string.', { headers: ALLOW });
  if (typeof query !== 'string') {
    throw refused(`Expected "query" param to be a string, but given ${kindOf(query)}.`, { headers: ALLOW });
  }
  for (const name of ['variables', 'extensions']) {
    const kind = kindOf(given[name]);
    if (!['object', 'null', 'undefined'].includes(kind)) {
      const message = `Expected "${name}" param to be empty or an object, but given ${kind}.`;
      throw refused(message, { headers: ALLOW });
    }
  }
  // GraphQL finds no operation of a name that is no text, and says so.
  return {
    query,
    operationName: (operationName ?? undefined) as string | undefined,
    variables: (variables ?? undefined) as Parameters['variables'],
  };
}
