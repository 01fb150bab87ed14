import { type DocumentNode, GraphQLIncludeDirective, GraphQLSkipDirective, Kind, visit } from 'graphql';
import type { Operation } from './run.ts';

/** What stands in a document, and decides whether and how it is compiled. */
export interface DocumentParts {
  /** The variables that decide, by `@skip` and `@include`, what is asked for. */
  conditions: string[];
  /** Whether there is something that this executor does not know. */
  isForeign: boolean;
  nodeCount: number;
}

const CONDITIONAL = [GraphQLSkipDirective.name, GraphQLIncludeDirective.name];

/** Looks through a document. */
export function partsOf(document: DocumentNode): DocumentParts {
  const conditions = new Set<string>();
  const parts = { isForeign: false, nodeCount: 0 };
  visit(document, {
    enter(node) {
      parts.nodeCount += 1;
      if (node.kind === Kind.FRAGMENT_DEFINITION && node.variableDefinitions) parts.isForeign = true;
      if (node.kind !== Kind.DIRECTIVE) return;
      if (!CONDITIONAL.includes(node.name.value)) parts.isForeign = true;
      for (const { value } of node.arguments ?? []) {
        if (value.kind === Kind.VARIABLE) conditions.add(value.name.value);
      }
    },
  });
  return { ...parts, conditions: [...conditions] };
}

/** Returns the fragments of a document by name. */
export function fragmentsOf({ definitions }: DocumentNode): Operation['fragments'] {
  const fragments: Operation['fragments'] = Object.create(null);
  for (const definition of definitions) {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) fragments[definition.name.value] = definition;
  }
  return fragments;
}
