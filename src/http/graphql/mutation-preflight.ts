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
import { PERMISSIONS, type Permission } from '../../directory/kernel/permission-names.ts';
import { priceOf } from './cost.ts';

/*
 * What is known of a mutation before it is executed, for APIs that could not say afterwards that a part of it was done. What
 * a field needs by itself is said by src/dialects/needs.ts.
 */

type Executed = Pick<ExecutionArgs, 'document' | 'operationName'>;

/** Calls this with every field of the operation that is executed. */
function visitFields(
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

/** What it takes to see all that it answers, and is missing. */
function missingToShow(schema: GraphQLSchema, executed: Executed, viewer: Viewer): Permission[] {
  const needed = new Set<unknown>();
  visitFields(schema, executed, ({ extensions: { needs } }) => {
    for (const permission of Array.isArray(needs) ? needs : []) needed.add(permission);
  });
  return missingPermissions(
    viewer,
    PERMISSIONS.filter((permission) => needed.has(permission)),
  );
}

/** How many changes a mutation asks for, those below a namespace included. */
function countChanges(schema: GraphQLSchema, executed: Executed): number {
  let count = 0;
  visitFields(schema, executed, (field) => {
    if (priceOf(field).isMutation) count += 1;
  });
  return count;
}

interface Answered {
  viewer: Viewer;
  /** Whether an answer with any error has no data. */
  isWhole: boolean;
}

/** Why a mutation is refused before it changes anything; null if it is not. */
export function preflight(
  schema: GraphQLSchema,
  executed: Executed,
  { viewer, isWhole }: Answered,
): DirectoryError | null {
  const missing = missingToShow(schema, executed, viewer);
  if (missing.length > 0) return ForbiddenError.missing(missing);
  if (!isWhole || countChanges(schema, executed) <= 1) return null;
  return ValidationError.at(
    '',
    'an operation has one mutation at most, because one might be done and the next refused',
  );
}
