import {
  type DocumentNode,
  type FieldNode,
  type FragmentDefinitionNode,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { AskedField, Operation, VariableValues } from './run.ts';

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

/**
 * Returns the fields that selections ask of an object of a type, those of fragments included: each name in the answer once, in
 * the order in which they are asked for first. What `@skip` and `@include` leave out is left out.
 */
export function askedFields(
  { schema, fragments }: Operation,
  variables: VariableValues,
  type: GraphQLObjectType,
  selections: readonly SelectionSetNode[],
): AskedField[] {
  const nodes = new Map<string, [FieldNode, ...FieldNode[]]>();
  const spread = new Set<string>();

  function isIncluded(node: SelectionNode): boolean {
    if (!node.directives?.length) return true;
    if (getDirectiveValues(GraphQLSkipDirective, node, variables)?.if === true) return false;
    return getDirectiveValues(GraphQLIncludeDirective, node, variables)?.if !== false;
  }

  function isAbout({ typeCondition }: InlineFragmentNode | FragmentDefinitionNode): boolean {
    const condition = typeCondition && schema.getType(typeCondition.name.value);
    if (!typeCondition || condition === type) return true;
    return isAbstractType(condition) && schema.isSubType(condition, type);
  }

  function collect(selection: SelectionNode): void {
    if (!isIncluded(selection)) return;
    if (selection.kind === Kind.FIELD) {
      const name = (selection.alias ?? selection.name).value;
      const same = nodes.get(name);
      if (same) same.push(selection);
      else nodes.set(name, [selection]);
      return;
    }
    const isSpread = selection.kind === Kind.FRAGMENT_SPREAD;
    const fragment = isSpread ? fragments[selection.name.value] : selection;
    if (!fragment || !isAbout(fragment)) return;
    if (isSpread) {
      if (spread.has(selection.name.value)) return;
      spread.add(selection.name.value);
    }
    fragment.selectionSet.selections.forEach(collect);
  }

  for (const set of selections) set.selections.forEach(collect);
  return [...nodes].flatMap(([name, asked]) => {
    const definition = schema.getField(type, asked[0].name.value);
    return definition ? [{ name, parentType: type, definition, nodes: asked }] : [];
  });
}
