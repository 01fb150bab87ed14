import {
  type ExecutionArgs,
  type GraphQLField,
  type GraphQLSchema,
  getOperationAST,
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

/** Returns the permissions that the viewer lacks to see every field of the answer. */
function missingToShow(schema: GraphQLSchema, executed: Executed, viewer: Viewer): PermissionName[] {
  const needed = new Set<unknown>();
  visitFields(schema, executed, ({ extensions: { needs } }) => {
    for (const permission of Array.isArray(needs) ? needs : []) needed.add(permission);
  });
  return missingPermissions(
    viewer,
    PERMISSIONS.filter((permission) => needed.has(permission)),
  );
}

/** Returns the number of changes in a mutation. A namespace is not a change, but each field below it is one. */
function countChanges(schema: GraphQLSchema, executed: Executed): number {
  let count = 0;
  visitFields(schema, executed, (field) => {
    if (priceOf(field).isMutation) count += 1;
  });
  return count;
}

interface PreflightContext {
  viewer: Viewer;
  /** Whether the API answers no data at all if there is any error. */
  isWhole: boolean;
}

/**
 * Returns the error for which a mutation must not be executed, or null if it may be. A field whose permission the
 * viewer lacks stops it, and so does a second change in an API that answers all or nothing.
 */
export function preflight(
  schema: GraphQLSchema,
  executed: Executed,
  { viewer, isWhole }: PreflightContext,
): DirectoryError | null {
  const missing = missingToShow(schema, executed, viewer);
  if (missing.length > 0) return ForbiddenError.missing(missing);
  if (!isWhole || countChanges(schema, executed) <= 1) return null;
  return ValidationError.at(
    '',
    'an operation has one mutation at most, because one might be done and the next refused',
  );
}
