import { complexityFromQuery } from '@pothos/plugin-complexity';
import { type DocumentNode, GraphQLError, type GraphQLSchema, Kind, type ValidationRule } from 'graphql';
import { MAX_COST, MAX_DEPTH } from '../graphql/cost.ts';
import { failure } from './failures.ts';

export const MAX_BODY_BYTES = 64 * 1024;
export const MAX_TOKENS = 2000;
export const MAX_ALIASES = 30;
export const MAX_DIRECTIVES = 30;

/** The body, read no further than it may be long; a Response when it is longer, whatever its headers say. */
export async function readBody(request: Request): Promise<Uint8Array<ArrayBuffer> | Response> {
  const tooLarge = () => failure(413, 'PAYLOAD_TOO_LARGE', `A body may have at most ${MAX_BODY_BYTES} bytes.`);
  if (Number(request.headers.get('content-length')) > MAX_BODY_BYTES) return tooLarge();
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.body ?? []) {
    length += chunk.byteLength;
    if (length > MAX_BODY_BYTES) return tooLarge();
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

const invalid = (message: string) => new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });

/** Bounds what a document can multiply without variables: aliases and directives. */
export const documentLimits: ValidationRule = (context) => {
  let aliases = 0;
  let directives = 0;
  return {
    Field(node) {
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

interface Operation {
  schema: GraphQLSchema;
  document: DocumentNode;
  operationName: string | null | undefined;
  variables: Record<string, unknown>;
}

/** What is too deep or too dear about an operation, with its variables; null when nothing is. */
export function costError({ schema, document, operationName, variables }: Operation): GraphQLError | null {
  // The library takes the first operation of a document, which need not be the one that is asked for.
  const definitions = document.definitions.filter(
    (definition) =>
      definition.kind !== Kind.OPERATION_DEFINITION || !operationName || definition.name?.value === operationName,
  );
  const { depth, complexity } = complexityFromQuery({ ...document, definitions }, { schema, variables });
  if (depth > MAX_DEPTH) return invalid(`An operation may be at most ${MAX_DEPTH} fields deep; this one is ${depth}.`);
  if (complexity > MAX_COST) {
    return new GraphQLError(`An operation may cost at most ${MAX_COST}; this one costs ${complexity}.`, {
      extensions: { code: 'BAD_USER_INPUT', cost: complexity, maxCost: MAX_COST },
    });
  }
  return null;
}
