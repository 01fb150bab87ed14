import type { GraphQLResolveInfo } from 'graphql';
import { FieldInfo } from './info.ts';
import { type CompiledField, ignoreRejections, isPromiseLike, type Path, type Run, type Slot } from './run.ts';

/** An object of the answer. */
type Answered = Record<string, unknown>;

/**
 * Returns an empty object. One that has a prototype is several times as fast to fill and to write, but takes a field of one
 * name for its prototype.
 */
const newAnswered = (fields: readonly CompiledField[]): Answered =>
  fields.some(({ name }) => name === '__proto__') ? Object.create(null) : {};

/** Answers fields of an object, all at once: the promise of them if any of them is one. */
export function executeFields(
  run: Run,
  fields: readonly CompiledField[],
  parent: unknown,
  path: Path | undefined,
): Answered | Promise<Answered> {
  const answered = newAnswered(fields);
  let hasPromise = false;
  try {
    for (const field of fields) {
      const value = executeField(run, field, parent, path);
      answered[field.name] = value;
      if (value instanceof Promise) hasPromise = true;
    }
  } catch (error) {
    if (hasPromise) ignoreRejections(Object.values(answered));
    throw error;
  }
  if (!hasPromise) return answered;
  return Promise.all(Object.values(answered)).then((values) => {
    for (const [index, { name }] of fields.entries()) answered[name] = values[index];
    return answered;
  });
}

/** Answers fields of an object one after the other. */
export function executeFieldsSerially(
  run: Run,
  fields: readonly CompiledField[],
  parent: unknown,
): Answered | Promise<Answered> {
  function answer(answered: Answered, field: CompiledField): Answered | Promise<Answered> {
    const value = executeField(run, field, parent, undefined);
    const put = (result: unknown): Answered => {
      answered[field.name] = result;
      return answered;
    };
    return value instanceof Promise ? value.then(put) : put(value);
  }

  let answered: Answered | Promise<Answered> = newAnswered(fields);
  for (const field of fields) {
    answered = answered instanceof Promise ? answered.then((before) => answer(before, field)) : answer(answered, field);
  }
  return answered;
}

/** For what never asks where it stands. */
const NO_PATH: Path = { prev: undefined, key: '', typename: undefined };

function executeField(run: Run, field: CompiledField, parent: unknown, above: Path | undefined): unknown {
  if (field.isLeaf) return executeLeaf(run, field, parent, above);
  const info = new FieldInfo(run, field, above);
  const { path } = info;
  let value: unknown;
  try {
    value = field.resolve(parent, run.argumentsOf(field), run.context, info);
  } catch (error) {
    return run.fail(error, field, path);
  }
  return completeSafely(run, field, info, path, value);
}

/** Does so for a field whose values have no fields, as most: where such a one stands is said only if it is asked or fails. */
function executeLeaf(run: Run, field: CompiledField, parent: unknown, above: Path | undefined): unknown {
  const info = new FieldInfo(run, field, above);
  try {
    const value = field.resolve(parent, run.argumentsOf(field), run.context, info);
    return isPromiseLike(value)
      ? completePromised(run, field, info, info.path, value)
      : field.complete(run, info, NO_PATH, value);
  } catch (error) {
    return run.fail(error, field, info.path);
  }
}

/** Completes a value, or a promise of one. Null stands in the answer where that fails, if it may. */
export function completeSafely(run: Run, slot: Slot, info: GraphQLResolveInfo, path: Path, value: unknown): unknown {
  try {
    if (isPromiseLike(value)) return completePromised(run, slot, info, path, value);
    const completed = slot.complete(run, info, path, value);
    if (!(completed instanceof Promise)) return completed;
    return completed.then(undefined, (error) => run.fail(error, slot, path));
  } catch (error) {
    return run.fail(error, slot, path);
  }
}

async function completePromised(
  run: Run,
  slot: Slot,
  info: GraphQLResolveInfo,
  path: Path,
  promise: PromiseLike<unknown>,
): Promise<unknown> {
  try {
    const value = await promise;
    run.requireUnfinished();
    const completed = slot.complete(run, info, path, value);
    // Not awaited where it is at hand, so that errors stand in the order in which things fail.
    return completed instanceof Promise ? await completed : completed;
  } catch (error) {
    return run.fail(error, slot, path);
  }
}
