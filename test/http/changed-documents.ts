import {
  type DirectiveNode,
  type DocumentNode,
  type FieldNode,
  Kind,
  type OperationDefinitionNode,
  parseType,
  type SelectionNode,
  type SelectionSetNode,
  visit,
} from 'graphql';
import type { Dice } from '../attack/dice.ts';

/** An operation that is asked for. */
export interface Asked {
  document: DocumentNode;
  variables: Record<string, unknown>;
}

const CONDITIONS = ['c0', 'c1', 'c2'];

const BOOLEAN = parseType('Boolean!', { noLocation: true });

const named = (value: string) => ({ kind: Kind.NAME, value }) as const;

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
    const one = dice.happens(6) ? { ...selection, directives: [...directives.slice(1), condition(dice)] } : selection;
    if (!dice.happens(8)) return [one];
    const other = one.kind === Kind.FIELD ? again(one, dice) : one;
    if (dice.happens(50)) return [one, other];
    const selectionSet: SelectionSetNode = { kind: Kind.SELECTION_SET, selections: [other] };
    return [{ kind: Kind.INLINE_FRAGMENT, selectionSet }, one];
  }
  const changedOne = visit(document, {
    SelectionSet: { leave: (node) => ({ ...node, selections: node.selections.flatMap(changed) }) },
    OperationDefinition: {
      leave: (node): OperationDefinitionNode => ({
        ...node,
        variableDefinitions: [
          ...(node.variableDefinitions ?? []),
          ...CONDITIONS.map(
            (name) =>
              ({
                kind: Kind.VARIABLE_DEFINITION,
                variable: { kind: Kind.VARIABLE, name: named(name) },
                type: BOOLEAN,
              }) as const,
          ),
        ],
      }),
    },
  });
  const conditions = Object.fromEntries(CONDITIONS.map((name) => [name, dice.happens(50)]));
  return { document: changedOne, variables: { ...variables, ...conditions } };
}
