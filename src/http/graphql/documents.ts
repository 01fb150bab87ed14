import {
  type ASTNode,
  type DocumentNode,
  GraphQLError,
  type GraphQLSchema,
  OverlappingFieldsCanBeMergedRule,
  parse,
  type Source,
  type SourceLocation,
  specifiedRules,
  validate,
  visit,
} from 'graphql';
import { documentLimits, MAX_DOCUMENT_CHARACTERS, MAX_ERRORS_OF_A_KIND, MAX_TOKENS, tooLong } from './limits.ts';
import { WeighedCache } from './weighed-cache.ts';

/*
 * Documents are parsed without the places of their parts: these take more memory than all the rest, and GraphQL counts
 * the lines up to a place from the beginning for every error. Errors that are shown get their places afterwards.
 */

/** What the documents of one API may weigh in an isolate, which has 128 MB in all. */
const MAX_CACHED_BYTES = 8 * 1024 * 1024;
/** Parsed, and with what is compiled for it (compiled/execution.ts). */
const BYTES_OF_A_NODE = 300;
const BYTES_OF_A_DOCUMENT = 1000;

/** Parsed documents, by their text. */
export type DocumentCache = WeighedCache<DocumentNode>;

/**
 * Returns the cache of an API's parsed documents, by their text. What was asked for longest ago goes first. Documents that
 * cannot be parsed are not kept: anybody can send any number of them.
 */
export const documentCaches = () => ({
  documentCache: new WeighedCache<DocumentNode>(
    MAX_CACHED_BYTES,
    (document, text) => BYTES_OF_A_DOCUMENT + 2 * text.length + BYTES_OF_A_NODE * nodesOf(document).length,
  ),
  errorCache: { get: () => undefined, set: () => undefined },
  validationCache: false,
});

/** Refuses a document that is too long, before anything else is done with it. */
export function requireShort(query: unknown): void {
  if (typeof query === 'string' && query.length > MAX_DOCUMENT_CHARACTERS) throw tooLong(query.length);
}

/** What stands in every document that changes something, or asks for what the schema is. */
const MORE_THAN_READING = /mutation|__schema|__type\b/;

/** Whether a document asks to read, and for nothing else. What is no text asks for nothing. */
export const asksOnlyToRead = (query: unknown): boolean =>
  !(typeof query === 'string' && MORE_THAN_READING.test(query));

/** Returns the document in the text. */
export const parseDocument = (text: string | Source): DocumentNode =>
  parse(text, { maxTokens: MAX_TOKENS, noLocation: true });

/** To look for a similar name takes as long as both names together are, for each name of the schema. */
const LONG_NAME = /\w{101}/;

/** The one rule that compares fields with each other: it comes last, and only to documents with few of them. */
const COMPARING = OverlappingFieldsCanBeMergedRule;

/** Returns a function that answers the first errors of a document of one schema. It remembers which have none. */
export function documentValidation(): typeof validateFully {
  const good = new WeakSet<DocumentNode>();
  return (schema, document, text) => {
    if (good.has(document)) return [];
    const errors = validateFully(schema, document, text);
    if (errors.length === 0) good.add(document);
    return errors;
  };
}

function validateFully(schema: GraphQLSchema, document: DocumentNode, text: string): readonly GraphQLError[] {
  const options = { maxErrors: MAX_ERRORS_OF_A_KIND, hideSuggestions: LONG_NAME.test(text) };
  const first = [...specifiedRules.filter((rule) => rule !== COMPARING), documentLimits];
  const errors = validate(schema, document, first, options);
  const found = errors.length > 0 ? errors : validate(schema, document, [COMPARING], options);
  // Made anew here: an error keeps alive, by its stack, all that was there when it was made.
  return found.map(
    ({ message, nodes }) => new GraphQLError(message, { nodes, extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }),
  );
}

function nodesOf(document: DocumentNode): ASTNode[] {
  const nodes: ASTNode[] = [];
  visit(document, {
    enter(node) {
      nodes.push(node);
    },
  });
  return nodes;
}

const LINE_BREAK = /\r\n|[\n\r]/g;

/** Returns the line and the column of positions in a text, counted from 1. */
function linesOf(text: string): (position: number) => SourceLocation {
  const starts = [0, ...[...text.matchAll(LINE_BREAK)].map((lineBreak) => lineBreak.index + lineBreak[0].length)];
  return (position) => {
    let line = 0;
    let behind = starts.length;
    while (behind - line > 1) {
      const middle = (line + behind) >> 1;
      if ((starts[middle] ?? 0) <= position) line = middle;
      else behind = middle;
    }
    return { line: line + 1, column: position - (starts[line] ?? 0) + 1 };
  };
}

/**
 * Returns where nodes of a document stand in its text. The text is parsed once more, with places, and gives the same nodes
 * in the same order.
 */
export function placesOf(document: DocumentNode, text: string): (node: ASTNode) => SourceLocation | null {
  const placed = nodesOf(parse(text, { maxTokens: MAX_TOKENS }));
  const starts = new Map(nodesOf(document).map((node, index) => [node, placed[index]?.loc?.start]));
  const placeOf = linesOf(text);
  return (node) => {
    const start = starts.get(node);
    return start === undefined ? null : placeOf(start);
  };
}
