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
  const posted = parsed(new TextDecoder().decode(body));
  if (Array.isArray(posted)) throw refused('Batching is not supported.');
  if (typeof posted === 'object' && posted !== null) return posted;
  throw refused(`POST body is expected to be object but received ${posted === null ? null : typeof posted}`);
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
  return { query: text('query'), operationName: text('operationName'), variables } as GraphQLParams;
}

/** Returns what is wrong with the parameters in the address of a GET that must be JSON objects; undefined if nothing is. */
export function searchProblem(search: URLSearchParams): string | undefined {
  const wrong = ['variables', 'extensions'].find((name) => {
    const text = search.get(name)?.trim() || 'null';
    return text !== 'null' && asJsonObject(text) === null;
  });
  return wrong && `The parameter ${wrong} is not a JSON object.`;
}
