import type { GraphQLResolveInfo } from 'graphql';
import type { AskedField } from '../../../graphql/shared/selections.ts';
import { ignoreRejections, type Path, type Run } from './run.ts';

/** For resolvers that begin several things at once. */
const ASYNC_HELPERS: ReturnType<GraphQLResolveInfo['getAsyncHelpers']> = {
  promiseAll: (values) => Promise.all(values),
  track: ignoreRejections,
};

/** What resolvers can ask about the field that they answer, and the operation that it is a part of. */
export class FieldInfo implements GraphQLResolveInfo {
  readonly #run: Run;
  readonly #field: AskedField;
  readonly #above: Path | undefined;
  #path: Path | undefined;

  constructor(run: Run, field: AskedField, above: Path | undefined) {
    this.#run = run;
    this.#field = field;
    this.#above = above;
  }

  get path() {
    const { name, parentType } = this.#field;
    this.#path ??= { prev: this.#above, key: name, typename: parentType.name };
    return this.#path;
  }

  get fieldName() {
    return this.#field.definition.name;
  }

  get fieldNodes() {
    return this.#field.nodes;
  }

  get returnType() {
    return this.#field.definition.type;
  }

  get parentType() {
    return this.#field.parentType;
  }

  get schema() {
    return this.#run.operation.schema;
  }

  get fragments() {
    return this.#run.operation.fragments;
  }

  get operation() {
    return this.#run.operation.node;
  }

  get rootValue() {
    return this.#run.root;
  }

  get variableValues() {
    return this.#run.variables;
  }

  get getAbortSignal() {
    const run = this.#run;
    return () => run.abortSignal;
  }

  get getAsyncHelpers() {
    return () => ASYNC_HELPERS;
  }
}
