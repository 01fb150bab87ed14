import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type SelectionNode,
  type SelectionSetNode,
  type VariableDefinitionNode,
} from 'graphql';
import type { Dice } from '../shared/dice.ts';

/** An operation that is asked for. */
export interface Asked {
  document: DocumentNode;
  variables: Record<string, unknown>;
}

const CONDITIONS = ['c0', 'c1', 'c2'];

const named = (value: string) => ({ kind: Kind.NAME, value }) as const;

const DECLARED = CONDITIONS.map(
  (name): VariableDefinitionNode => ({
    kind: Kind.VARIABLE_DEFINITION,
    variable: { kind: Kind.VARIABLE, name: named(name) },
    type: { kind: Kind.NON_NULL_TYPE, type: { kind: Kind.NAMED_TYPE, name: named('Boolean') } },
  }),
);

function condition(dice: Dice): DirectiveNode {
  const value = { kind: Kind.VARIABLE, name: named(dice.one(CONDITIONS)) } as const;
  return {
    kind: Kind.DIRECTIVE,
    name: named(dice.one(['skip', 'include'])),
    arguments: [{ kind: Kind.ARGUMENT, name: named('if'), value }],
  };
}

/** A field once more, with some of what is asked below it. */
function again(field: FieldNode, dice: Dice): FieldNode {
  const { selectionSet } = field;
  if (!selectionSet) return field;
  const selections = selectionSet.selections.filter(() => dice.happens(60));
  return {
    ...field,
    selectionSet: { ...selectionSet, selections: selections.length > 0 ? selections : selectionSet.selections },
  };
}

/** The same document with fields asked twice and in fragments without a name, and with parts that variables leave out. */
export function changedDocument({ document, variables }: Asked, dice: Dice): Asked {
  function changed(selection: SelectionNode): SelectionNode[] {
    const directives = selection.directives ?? [];
    const own = selection.kind === Kind.FRAGMENT_SPREAD ? selection : changedIn(selection);
    const one = dice.happens(6) ? { ...own, directives: [...directives.slice(1), condition(dice)] } : own;
    if (!dice.happens(8)) return [one];
    const other = one.kind === Kind.FIELD ? again(one, dice) : one;
    if (dice.happens(50)) return [one, other];
    const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [other] };
    return [{ kind: Kind.INLINE_FRAGMENT, selectionSet }, one];
  }
  function changedIn<Node extends { selectionSet?: SelectionSetNode | undefined }>(node: Node): Node {
    const { selectionSet } = node;
    if (!selectionSet) return node;
    return { ...node, selectionSet: { ...selectionSet, selections: selectionSet.selections.flatMap(changed) } };
  }
  const definitions = document.definitions.map((definition) => {
    if (definition.kind === Kind.FRAGMENT_DEFINITION) return changedIn(definition);
    if (definition.kind !== Kind.OPERATION_DEFINITION) return definition;
    const { variableDefinitions = [] } = definition;
    return { ...changedIn(definition), variableDefinitions: [...variableDefinitions, ...DECLARED] };
  });
  const conditions = Object.fromEntries(CONDITIONS.map((name) => [name, dice.happens(50)]));
  return { document: { ...document, definitions }, variables: { ...variables, ...conditions } };
}
