import {
  type FieldNode,
  type GraphQLField,
  type GraphQLResolveInfo,
  getNamedType,
  isObjectType,
  Kind,
  type SelectionNode,
} from 'graphql';

/**
 * Options of a field that reads these columns of its record, and no others: a list reads no more of its records than the
 * fields that are asked for say. A field that exposes a column need not say so. Of one that says nothing, the list reads
 * all columns.
 */
export const reads = (...columns: readonly string[]) => ({ extensions: { reads: columns } });

type Columns = readonly string[] | null;

/** What Pothos notes of a field that exposes a column, and what `reads` does of others. */
const columnsOf = ({ extensions }: GraphQLField<unknown, unknown>): Columns =>
  extensions.pothosExposedField ? [String(extensions.pothosExposedField)] : ((extensions.reads as Columns) ?? null);

const known = new WeakMap<FieldNode, Columns>();

/**
 * Returns the columns that the fields below a connection read of its records, whether they are included or skipped; null
 * if it may be any. A document is looked through once, however often it is asked.
 */
export function columnsRead(info: Pick<GraphQLResolveInfo, 'fieldNodes' | 'fragments' | 'returnType'>): Columns {
  const [first, ...others] = info.fieldNodes;
  if (!first || others.length > 0) return null;
  const found = known.get(first);
  if (found !== undefined) return found;
  const columns = read(info);
  known.set(first, columns);
  return columns;
}

function read({ fieldNodes, fragments, returnType }: Parameters<typeof columnsRead>[0]): Columns {
  const columns = new Set<string>();
  /** Whether all that is selected of this type says what it reads. `isRecord` if it is what the list is of. */
  const isSaid = (type: unknown, selections: readonly SelectionNode[], isRecord: boolean): boolean =>
    selections.every((selection) => {
      if (selection.kind === Kind.INLINE_FRAGMENT) return isSaid(type, selection.selectionSet.selections, isRecord);
      if (selection.kind === Kind.FRAGMENT_SPREAD) {
        return isSaid(type, fragments[selection.name.value]?.selectionSet.selections ?? [], isRecord);
      }
      const name = selection.name.value;
      const field = isObjectType(type) ? type.getFields()[name] : undefined;
      if (name === '__typename') return true;
      if (!field) return false;
      if (isRecord) return addAll(columns, columnsOf(field));
      const below = selection.selectionSet?.selections ?? [];
      if (name === 'edges') return isSaid(getNamedType(field.type), below, false);
      return !['nodes', 'node'].includes(name) || isSaid(getNamedType(field.type), below, true);
    });
  const selections = fieldNodes.flatMap(({ selectionSet }) => selectionSet?.selections ?? []);
  return isSaid(getNamedType(returnType), selections, false) ? [...columns] : null;
}

function addAll(columns: Set<string>, said: Columns): boolean {
  for (const column of said ?? []) columns.add(column);
  return said !== null;
}
