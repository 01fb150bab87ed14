import {
  type ASTNode,
  type DocumentNode,
  type GraphQLError,
  type GraphQLSchema,
  parse,
  type Source,
  type SourceLocation,
  type ValidationRule,
  validate,
  visit,
} from 'graphql';
import { LRUCache } from 'lru-cache';
import { MAX_DOCUMENT_CHARACTERS, MAX_ERRORS_OF_A_KIND, MAX_TOKENS, tooLong } from './limits.ts';

/*
 * Documents are parsed without the places of their parts: these take more memory than all the rest, and GraphQL counts
 * the lines up to a place from the beginning for every error. Errors that are shown get their places afterwards.
 */

/** How many characters of documents an isolate keeps parsed, for each API. A parsed document has up to 30 bytes for each. */
const MAX_CACHED_CHARACTERS = 256 * 1024;

/** A cache of what becomes of documents, by their text. What was asked for longest ago goes first. */
const cacheByText = <Value extends object>() =>
  new LRUCache<string, Value>({
    maxSize: MAX_CACHED_CHARACTERS,
    // An empty document is an error, too.
    sizeCalculation: (_value, text) => text.length + 1,
  });

/** Returns the caches of one API: parsed documents, and the errors of those that cannot be parsed. */
export const documentCaches = () => ({
  documentCache: cacheByText<DocumentNode>(),
  errorCache: cacheByText<Error>(),
});

/** Refuses a document that is too long, before anything else is done with it. */
export function requireShort(query: unknown): void {
  if (typeof query === 'string' && query.length > MAX_DOCUMENT_CHARACTERS) throw tooLong(query.length);
}

/** Returns the document in the text. */
export const parseDocument = (text: string | Source): DocumentNode =>
  parse(text, { maxTokens: MAX_TOKENS, noLocation: true });

/** To look for a similar name takes as long as both names together are, for each name of the schema. */
const LONG_NAME = /\w{101}/;

/** Returns the first errors of a document. */
export function validateDocument(
  schema: GraphQLSchema,
  document: DocumentNode,
  rules: readonly ValidationRule[] | undefined,
  text: string,
): readonly GraphQLError[] {
  return validate(schema, document, rules, {
    maxErrors: MAX_ERRORS_OF_A_KIND,
    hideSuggestions: LONG_NAME.test(text),
  });
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
