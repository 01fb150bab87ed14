import {
  type DocumentNode,
  type ExecutionArgs,
  GraphQLError,
  type GraphQLSchema,
  getOperationAST,
  OperationTypeNode,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { ForbiddenError } from '../directory/errors.ts';
import { PERMISSIONS, type Permission } from '../directory/permission-names.ts';
import { missingPermissions, type Viewer } from '../directory/viewer.ts';

/** What the fields of an operation say that they need by themselves: see src/dialects/needs.ts. */
function neededBy(schema: GraphQLSchema, document: DocumentNode): Permission[] {
  const needed = new Set<unknown>();
  const types = new TypeInfo(schema);
  const Field = () => {
    const given: unknown = types.getFieldDef()?.extensions.needs;
    for (const permission of Array.isArray(given) ? given : []) needed.add(permission);
  };
  visit(document, visitWithTypeInfo(types, { Field }));
  return PERMISSIONS.filter((permission) => needed.has(permission));
}

/** Why the answer to a mutation could not be shown to the viewer, who is told before anything is changed; null if it can. */
export function unshowable(
  schema: GraphQLSchema,
  { document, operationName }: Pick<ExecutionArgs, 'document' | 'operationName'>,
  viewer: Viewer,
): GraphQLError | null {
  const operation = getOperationAST(document, operationName);
  if (operation?.operation !== OperationTypeNode.MUTATION) return null;
  const alone = separateOperations(document)[operation.name?.value ?? ''] ?? document;
  const missing = missingPermissions(viewer, neededBy(schema, alone));
  return missing.length === 0
    ? null
    : new GraphQLError('', { nodes: operation, originalError: ForbiddenError.missing(missing) });
}
