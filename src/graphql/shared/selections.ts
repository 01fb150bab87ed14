import {
  type FieldNode,
  type FragmentDefinitionNode,
  type GraphQLField,
  GraphQLIncludeDirective,
  type GraphQLObjectType,
  type GraphQLResolveInfo,
  GraphQLSkipDirective,
  getDirectiveValues,
  type InlineFragmentNode,
  isAbstractType,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
} from 'graphql';

/** What a selection is read with. */
export type DocumentInSchema = Pick<GraphQLResolveInfo, 'schema' | 'fragments'>;
/** The variables of an operation, as GraphQL has coerced them. */
export type VariableValues = GraphQLResolveInfo['variableValues'];

/** A field of an object type, and all that a document asks of it under one name. */
export interface AskedField {
  /** The name in the answer. */
  name: string;
  parentType: GraphQLObjectType;
  definition: GraphQLField<unknown, unknown>;
  /** Where the document asks for it. The first of these has its arguments. */
  nodes: readonly [FieldNode, ...FieldNode[]];
}

/**
 * Returns the fields that selections ask of an object of a type, those of fragments included: each name in the answer once, in
 * the order in which they are asked for first. What `@skip` and `@include` leave out is left out.
 */
export function askedFields(
  { schema, fragments }: DocumentInSchema,
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
