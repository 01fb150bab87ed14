import {
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  type ValidationRule,
  valueFromASTUntyped,
} from 'graphql';
import { type Failure, failure } from '../shared/failures.ts';
import { costOf, MAX_DEPTH, OWN_PRICING } from './cost.ts';

/** An import of 500 rows fits in. */
export const MAX_BODY_BYTES = 1024 * 1024;
export const MAX_TOKENS = 2000;
export const MAX_ALIASES = 30;
export const MAX_DIRECTIVES = 30;
/** Of an answer: a field that fails may stand below every record of a list. */
export const MAX_ERRORS = 100;
/** A Worker has 128 MB, and has an answer several times while it is written and sent. */
export const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

/** The body, read no further than it may be long; a Response when it is longer, whatever its headers say. */
export async function readBody(request: Request, fail: Failure = failure): Promise<Uint8Array<ArrayBuffer> | Response> {
  const tooLarge = () => fail(413, 'PAYLOAD_TOO_LARGE', `A body may have at most ${MAX_BODY_BYTES} bytes.`);
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) return tooLarge();
  return (await readAtMost(request.body, MAX_BODY_BYTES)) ?? tooLarge();
}

/** The same, to be asked for as often as the answer has to be made: it is read once. */
export function bodyOf(request: Request, fail: Failure = failure): () => ReturnType<typeof readBody> {
  let body: ReturnType<typeof readBody> | undefined;
  return async () => {
    body ??= readBody(request, fail);
    const bytes = await body;
    return bytes instanceof Response ? bytes.clone() : bytes;
  };
}

/** All of a stream, read no further than it may be long; null when it is longer. */
export async function readAtMost(
  stream: ReadableStream<Uint8Array> | null,
  max: number,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of stream ?? []) {
    length += chunk.byteLength;
    if (length > max) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const JSON_TYPE = /^application\/json\b/i;

/** Whether the body is announced as JSON: a form, which any page may post, never is. */
export const isJson = ({ headers }: Request): boolean => JSON_TYPE.test(headers.get('content-type') ?? '');

/** The JSON object in the body, or why there is none. */
export async function readJson(
  request: Request,
  fail: Failure = failure,
  read = () => readBody(request, fail),
): Promise<Record<string, unknown> | Response> {
  if (!isJson(request)) return fail(415, 'BAD_REQUEST', 'This is sent as application/json.');
  const body = await read();
  if (body instanceof Response) return body;
  const value = asJsonObject(new TextDecoder().decode(body));
  return value ?? fail(400, 'BAD_REQUEST', 'The body is not a JSON object.');
}

/** Null for what is no JSON, or no object. */
export function asJsonObject(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

const invalid = (message: string) => new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });

/**
 * Bounds what a document can multiply without variables: aliases and directives. Below `__schema` and `__type` there is
 * no use for aliases, and every level of them would answer the whole schema again.
 */
export const documentLimits: ValidationRule = (context) => {
  let aliases = 0;
  let directives = 0;
  return {
    Field(node) {
      if (node.alias && context.getParentType()?.name.startsWith('__')) {
        context.reportError(invalid('Introspection takes no aliases.'));
      }
      if (node.alias && ++aliases === MAX_ALIASES + 1) {
        context.reportError(invalid(`A document may have at most ${MAX_ALIASES} aliases.`));
      }
    },
    Directive() {
      if (++directives === MAX_DIRECTIVES + 1) {
        context.reportError(invalid(`A document may have at most ${MAX_DIRECTIVES} directives.`));
      }
    },
  };
};

/** What is too deep or too dear about an operation, with its variables; null when nothing is. */
export function costError(
  schema: GraphQLSchema,
  { document, operationName, variableValues }: ExecutionArgs,
  pricing = OWN_PRICING,
) {
  const operation = getOperationAST(document, operationName);
  if (!operation) return null;
  const { maxCost } = pricing;
  const variables = withDefaults(operation, variableValues ?? {});
  const { cost, depth } = costOf(schema, document, operation, variables, pricing);
  if (depth > MAX_DEPTH) return invalid(`An operation may be at most ${MAX_DEPTH} fields deep; this one is ${depth}.`);
  if (cost <= maxCost) return null;
  return new GraphQLError(`An operation may cost at most ${maxCost}; this one costs ${cost}.`, {
    extensions: { code: 'BAD_USER_INPUT', cost, maxCost },
  });
}

/**
 * What is too long about the answer to an operation; null when it is not. A price counts fields, and not how long the texts
 * in them are, of which the records share one copy until the answer is written.
 */
export function lengthError({ document, operationName }: ExecutionArgs, data: unknown): GraphQLError | null {
  if (lengthOf(data, MAX_ANSWER_CHARACTERS) <= MAX_ANSWER_CHARACTERS) return null;
  const isDone = getOperationAST(document, operationName)?.operation === 'mutation';
  const limit = `An answer may have at most ${MAX_ANSWER_CHARACTERS} characters: ask for less at once.`;
  return new GraphQLError(isDone ? `${limit} What you asked to be changed has been changed.` : limit, {
    extensions: { code: 'BAD_USER_INPUT' },
  });
}

/** How long a value is as JSON, roughly, and no further than this. */
function lengthOf(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let length = 2;
  for (const [name, part] of Object.entries(value)) {
    length += (Array.isArray(value) ? 1 : name.length + 4) + lengthOf(part, max - length);
    if (length > max) return length;
  }
  return length;
}

/** The variables as the caller gave them, with the defaults of the rest. */
function withDefaults({ variableDefinitions }: OperationDefinitionNode, given: Record<string, unknown>) {
  const values = new Map<string, unknown>();
  for (const { variable, defaultValue } of variableDefinitions ?? []) {
    const name = variable.name.value;
    if (Object.hasOwn(given, name)) values.set(name, given[name]);
    else if (defaultValue) values.set(name, valueFromASTUntyped(defaultValue));
  }
  return values;
}
