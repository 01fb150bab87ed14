import {
  type ExecutionArgs,
  type GraphQLField,
  type GraphQLSchema,
  getOperationAST,
  type OperationDefinitionNode,
  separateOperations,
  TypeInfo,
  visit,
  visitWithTypeInfo,
} from 'graphql';
import { missingPermissions, type Viewer } from '../../directory/access/viewer.ts';
import { type DirectoryError, ForbiddenError, ValidationError } from '../../directory/kernel/errors.ts';
import { PERMISSIONS, type PermissionName } from '../../directory/kernel/permission-names.ts';
import { priceOf } from './cost.ts';

/*
 * Checks a mutation before it is executed. Some APIs answer all or nothing, so they could not say afterwards that a
 * part was done. A field states the permissions that it needs with `needs` in src/dialects/shared/needs.ts.
 */

type Executed = Pick<ExecutionArgs, 'document' | 'operationName'>;

/** Calls `see` with every field of the operation that will be executed. */
export function visitFields(
  schema: GraphQLSchema,
  { document, operationName }: Executed,
  see: (field: GraphQLField<unknown, unknown>) => void,
): void {
  const name = getOperationAST(document, operationName)?.name?.value ?? '';
  const types = new TypeInfo(schema);
  const Field = () => {
    const field = types.getFieldDef();
    if (field) see(field);
  };
  visit(separateOperations(document)[name] ?? document, visitWithTypeInfo(types, { Field }));
}

/** What decides about a mutation before it is executed. */
interface Mutation {
  /** The permissions that it takes to see every field of the answer. */
  needs: readonly PermissionName[];
  /** How many changes it asks for. A namespace is not a change, but each field below it is one. */
  changes: number;
}

function mutationOf(schema: GraphQLSchema, executed: Executed): Mutation {
  const needed = new Set<unknown>();
  let changes = 0;
  visitFields(schema, executed, (field) => {
    const { needs } = field.extensions;
    for (const permission of Array.isArray(needs) ? needs : []) needed.add(permission);
    if (priceOf(field).isMutation) changes += 1;
  });
  return { needs: PERMISSIONS.filter((permission) => needed.has(permission)), changes };
}

interface PreflightContext {
  viewer: Viewer;
  /** Whether the API answers no data at all if there is any error. */
  isWhole: boolean;
}

/**
 * Returns a function for the mutations of a schema, which looks through each of them once. That function returns the error for which
 * a mutation must not be executed, or null if it may be. A field whose permission the viewer lacks stops it, and so does a second
 * change in an API that answers all or nothing.
 */
export function mutationPreflight(schema: GraphQLSchema) {
  const seen = new WeakMap<OperationDefinitionNode, Mutation>();
  return (
    operation: OperationDefinitionNode,
    executed: Executed,
    { viewer, isWhole }: PreflightContext,
  ): DirectoryError | null => {
    const mutation = seen.get(operation) ?? mutationOf(schema, executed);
    seen.set(operation, mutation);
    const missing = missingPermissions(viewer, mutation.needs);
    if (missing.length > 0) return ForbiddenError.missing(missing);
    if (!isWhole || mutation.changes <= 1) return null;
    return ValidationError.at(
      '',
      'an operation has one mutation at most, because one might be done and the next refused',
    );
  };
}
