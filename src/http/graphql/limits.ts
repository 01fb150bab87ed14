import {
  type ExecutionArgs,
  type ExecutionResult,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  type ValidationRule,
  valueFromASTUntyped,
} from 'graphql';
import { MAX_PAGE_SIZE } from '../../directory/lists/page-arguments.ts';
import { type Cost, costOf, MAX_COST, MAX_DEPTH, type Pricing } from './cost.ts';
import type { Mutated } from './mutation-fields.ts';

/** What the APIs of others have for theirs: no client's document comes near. */
export const MAX_DOCUMENT_CHARACTERS = 32 * 1024;
export const MAX_TOKENS = 2000;
export const MAX_ALIASES = 30;
export const MAX_DIRECTIVES = 30;
/** How often a document may ask a type for what is answered under one name: GraphQL compares each with each. */
export const MAX_REPEATS = 100;
/** How many errors of one code an answer has: a field that fails may stand below every record of a list. */
export const MAX_ERRORS_OF_A_KIND = 10;
/** Of an error, and as much again of its path. */
export const MAX_MESSAGE_CHARACTERS = 300;
/** What the errors of an answer may have in all. What it has beside them makes a refusal no longer than 16 KiB. */
export const MAX_ERROR_BYTES = 15 * 1024;
/** A Worker has 128 MB, and has an answer several times while it is written and sent. */
export const MAX_ANSWER_CHARACTERS = 16 * 1024 * 1024;

/** The error of a document of so many characters. */
export const tooLong = (characters: number) =>
  invalid(`A document may have at most ${MAX_DOCUMENT_CHARACTERS} characters; this one has ${characters}.`);

const invalid = (message: string) => new GraphQLError(message, { extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } });

/**
 * Bounds what a document can multiply without variables: aliases, directives and repeated fields. Below `__schema` and `__type` there is
 * no use for aliases, and every level of them would answer the whole schema again.
 */
export const documentLimits: ValidationRule = (context) => {
  let aliases = 0;
  let directives = 0;
  const repeats = new Map<string, number>();
  return {
    Field(node) {
      const asked = `${context.getParentType()?.name} ${(node.alias ?? node.name).value}`;
      const times = (repeats.get(asked) ?? 0) + 1;
      repeats.set(asked, times);
      if (times === MAX_REPEATS + 1) {
        context.reportError(invalid(`A document may ask for one field of a type at most ${MAX_REPEATS} times.`));
      }
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

/** What an operation costs, and what is too deep or too dear about it; null when nothing is. */
interface JudgedCost {
  cost: OperationCost;
  error: GraphQLError | null;
}

/** What an operation costs, and what it may. */
export interface OperationCost {
  requested: number;
  max: number;
}

/** Returns what an operation costs with its variables, and whether it is too deep or too dear. */
export function judgeCost(
  schema: GraphQLSchema,
  { document, operationName, variableValues }: ExecutionArgs,
  maxCost = MAX_COST,
): JudgedCost {
  const operation = getOperationAST(document, operationName);
  if (!operation) return { cost: { requested: 0, max: maxCost }, error: null };
  const variables = withDefaults(operation, variableValues ?? {});
  const price = (pricing?: Omit<Pricing, 'variables'>) =>
    costOf(schema, document, operation, { variables, ...pricing });
  const { cost, depth } = price();
  const judged = (error: GraphQLError | null) => ({ cost: { requested: cost, max: maxCost }, error });
  if (depth > MAX_DEPTH) {
    return judged(invalid(`An operation may be at most ${MAX_DEPTH} fields deep; this one is ${depth}.`));
  }
  if (cost <= maxCost) return judged(null);
  const fittingSize = largestSize((mostRecords) => price({ mostRecords }).cost <= maxCost);
  const dearest = dearestOf(price({ hasShares: true }));
  const size = fittingSize ? ` It fits with at most ${fittingSize} records in each list.` : '';
  const named = dearest.map(({ field, cost }) => `${field} (${cost})`).join(' and ');
  const message = `An operation may cost at most ${maxCost}; this one costs ${cost}.${size} Its dearest fields: ${named}.`;
  const extensions = { code: 'BAD_USER_INPUT', cost, maxCost, fittingSize, dearestFields: dearest };
  return judged(new GraphQLError(message, { extensions }));
}

/** How many of the dearest fields a refusal names. */
const DEAREST = 2;

const dearestOf = ({ shares }: Cost) =>
  [...shares]
    .sort(([, one], [, other]) => other - one)
    .slice(0, DEAREST)
    .map(([field, share]) => ({ field, cost: Math.ceil(share) }));

/** Returns the largest size of a page that fits; null if none does. */
function largestSize(fits: (size: number) => boolean): number | null {
  let [fitting, tooLarge] = [0, MAX_PAGE_SIZE + 1];
  while (tooLarge - fitting > 1) {
    const middle = (fitting + tooLarge) >> 1;
    if (fits(middle)) fitting = middle;
    else tooLarge = middle;
  }
  return fitting || null;
}

/**
 * Returns what an operation has come to, or an error in its place if it is too long. A price counts fields, and not how long
 * the texts in them are, of which the records share one copy until the answer is written. What mutations have done is not
 * taken back: each of them is null then, and has an error of its own.
 */
export function withinLength(result: ExecutionResult, { effects }: Pick<Mutated, 'effects'>): ExecutionResult {
  const { data } = result;
  const max = MAX_ANSWER_CHARACTERS - MAX_ERROR_BYTES;
  if (lengthOf(data, max) <= max) return result;
  const message = `An answer may have at most ${MAX_ANSWER_CHARACTERS} characters: ask for less at once.`;
  const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } };
  if (effects.size === 0) return { errors: [new GraphQLError(message, { extensions })] };
  return {
    data: Object.fromEntries(Object.keys(data ?? {}).map((name) => [name, null])),
    errors: [...effects.keys()].map((field) => new GraphQLError(message, { extensions, path: field.split('.') })),
  };
}

/** How long a value is as JSON, roughly, and no further than this. Nothing is made for it: an answer can have any number of values. */
function lengthOf(value: unknown, max: number): number {
  if (typeof value === 'string') return value.length + 2;
  if (typeof value !== 'object' || value === null) return 5;
  let length = 2;
  if (Array.isArray(value)) {
    for (const part of value) {
      length += 1 + lengthOf(part, max - length);
      if (length > max) return length;
    }
    return length;
  }
  for (const name in value) {
    length += name.length + 4 + lengthOf((value as Record<string, unknown>)[name], max - length);
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
