import { GraphQLError, type GraphQLResolveInfo } from 'graphql';
import { completeSafely } from './fields.ts';
import { ignoreRejections, isPromiseLike, type Path, type Run, type Slot } from './run.ts';

/** Returns how the lists of a field are completed, whose items are of a slot. */
export function listOf(items: Slot): Slot['complete'] {
  return (run, info, path, value) => {
    if (isAsyncIterable(value)) return completeAsyncItems(run, items, info, path, value);
    if (!isIterable(value)) {
      const place = `${info.parentType}.${info.fieldName}`;
      throw new GraphQLError(`Expected Iterable, but did not find one for field "${place}".`);
    }
    return completeItems(run, items, info, path, value);
  };
}

const isIterable = (value: unknown): value is Iterable<unknown> =>
  typeof value === 'object' && typeof (value as Partial<Iterable<unknown>> | null)?.[Symbol.iterator] === 'function';

const isAsyncIterable = (value: unknown): value is AsyncIterable<unknown> =>
  typeof (value as Partial<AsyncIterable<unknown>> | null)?.[Symbol.asyncIterator] === 'function';

function completeItems(
  run: Run,
  items: Slot,
  info: GraphQLResolveInfo,
  path: Path,
  values: Iterable<unknown>,
): unknown[] | Promise<unknown[]> {
  const completed: unknown[] = [];
  let hasPromise = false;
  const iterator = values[Symbol.iterator]();
  try {
    for (let step = iterator.next(); !step.done; step = iterator.next()) {
      const at = { prev: path, key: completed.length, typename: undefined };
      const item = completeSafely(run, items, info, at, step.value);
      completed.push(item);
      if (item instanceof Promise) hasPromise = true;
    }
  } catch (error) {
    ignoreRejections(completed);
    ignoreRejections(promisesLeft(iterator));
    throw error;
  }
  return hasPromise ? Promise.all(completed) : completed;
}

/** Returns the promises in what is left of a list, up to where it fails. */
function promisesLeft(iterator: Iterator<unknown>): unknown[] {
  const promises: unknown[] = [];
  try {
    for (let step = iterator.next(); !step.done; step = iterator.next()) {
      if (isPromiseLike(step.value)) promises.push(step.value);
    }
  } catch {
    // The list has failed for another reason already.
  }
  return promises;
}

const end = async (iterator: AsyncIterator<unknown>): Promise<unknown> => iterator.return?.();

async function completeAsyncItems(
  run: Run,
  items: Slot,
  info: GraphQLResolveInfo,
  path: Path,
  values: AsyncIterable<unknown>,
): Promise<unknown[]> {
  const completed: unknown[] = [];
  const iterator = values[Symbol.asyncIterator]();
  try {
    for (let step = await iterator.next(); !step.done; step = await iterator.next()) {
      run.requireUnfinished();
      const at = { prev: path, key: completed.length, typename: undefined };
      const item = completeSafely(run, items, info, at, step.value);
      completed.push(item);
      // It may fail before the list has ended, when nobody waits for it yet.
      ignoreRejections([item]);
    }
  } catch (error) {
    ignoreRejections([end(iterator)]);
    throw error;
  }
  return completed.some((item) => item instanceof Promise) ? Promise.all(completed) : completed;
}
