import {
  type ExecutionArgs,
  type FragmentDefinitionNode,
  type GraphQLError,
  type GraphQLFieldResolver,
  type GraphQLObjectType,
  type GraphQLOutputType,
  type GraphQLResolveInfo,
  type GraphQLSchema,
  getArgumentValues,
  isNonNullType,
  locatedError,
  type OperationDefinitionNode,
  responsePathAsArray,
} from 'graphql';
import type { AskedField, VariableValues } from '../../../graphql/shared/selections.ts';

/** Where a value stands in the answer. */
export type Path = GraphQLResolveInfo['path'];

/** The operation that is executed, in its document. */
export interface Operation {
  schema: GraphQLSchema;
  node: OperationDefinitionNode;
  rootType: GraphQLObjectType;
  fragments: Record<string, FragmentDefinitionNode>;
  /** The values of the variables that its `@skip` and `@include` ask. For others, it is compiled in another way. */
  conditions: string;
  /** The fields of its root, once they are compiled. */
  fields?: readonly CompiledField[];
  /** How many fields have been compiled for it so far. */
  compiledFields: number;
}

/** A kind of place in the answer: that of a field, or of the items of a list that a field answers. */
export interface Slot extends Pick<AskedField, 'nodes'> {
  type: GraphQLOutputType;
  /** Makes of a value what stands in the answer: that, a promise of it, or an error that it throws. */
  complete: (run: Run, info: GraphQLResolveInfo, path: Path, value: unknown) => unknown;
}

/** A field, ready to be asked of any object of its parent type. */
export interface CompiledField extends AskedField, Slot {
  resolve: GraphQLFieldResolver<unknown, unknown>;
  /** Whether its values have no fields. Such a one is completed without its path. */
  isLeaf: boolean;
}

type Arguments = Record<string, unknown>;

const NO_ARGUMENTS: Arguments = Object.freeze(Object.create(null));

/** What has happened so far in one execution of an operation. */
export class Run {
  readonly errors: GraphQLError[] = [];
  /** The places that are null in the answer because of an error; undefined stands for all of the answer. */
  readonly #nulled = new Set<Path | undefined>();
  readonly #arguments = new Map<AskedField, Arguments>();
  #isDone = false;
  #abort: AbortController | undefined;

  readonly operation: Operation;
  readonly variables: VariableValues;
  readonly root: unknown;
  readonly context: unknown;

  constructor(operation: Operation, variables: VariableValues, { rootValue, contextValue }: ExecutionArgs) {
    this.operation = operation;
    this.variables = variables;
    this.root = rootValue;
    this.context = contextValue;
  }

  /** Aborted once the answer is made. */
  get abortSignal(): AbortSignal {
    this.#abort ??= new AbortController();
    if (this.#isDone) this.#abort.abort();
    return this.#abort.signal;
  }

  /**
   * Returns the arguments of a field. They are coerced once in a run, and not for each value that the field is asked of; never
   * once for all runs, because a resolver that changed them would hand that on to the next caller.
   */
  argumentsOf(field: AskedField): Arguments {
    if (field.definition.args.length === 0) return NO_ARGUMENTS;
    const known = this.#arguments.get(field);
    if (known) return known;
    const values = getArgumentValues(field.definition, field.nodes[0], this.variables);
    this.#arguments.set(field, values);
    return values;
  }

  /** Notes an error, unless it stands where the answer is null because of another one. */
  note(error: GraphQLError, path: Path | undefined): void {
    for (let at = path; at; at = at.prev) if (this.#nulled.has(at)) return;
    if (this.#nulled.has(undefined)) return;
    this.#nulled.add(path);
    this.errors.push(error);
  }

  /** Answers null for a value that has failed. Where there must be a value, what it is a part of has failed as well. */
  fail(error: unknown, { nodes, type }: Pick<Slot, 'nodes' | 'type'>, path: Path): null {
    const located = locatedError(error, nodes, responsePathAsArray(path));
    if (isNonNullType(type)) throw located;
    this.note(located, path);
    return null;
  }

  /** To be called after each wait: what is late, because the answer was made without it, does not go on. */
  requireUnfinished(): void {
    if (this.#isDone) throw new Error('The answer is made');
  }

  /** Ends the run, whose answer is made. */
  finish(): void {
    this.#isDone = true;
    this.#abort?.abort();
  }
}

/** Whether a value is a promise, be it one of a library's own make. Texts and numbers, which most values are, are told first. */
export const isPromiseLike = (value: unknown): value is PromiseLike<unknown> =>
  (typeof value === 'object' || typeof value === 'function') &&
  typeof (value as { then?: unknown } | null)?.then === 'function';

/** Handles the rejections of promises that nobody waits for any more: they would count as errors of the Worker. */
export function ignoreRejections(values: Iterable<unknown>): void {
  for (const value of values) if (isPromiseLike(value)) value.then(undefined, () => undefined);
}
