/** A value, or the promise of it. What is there already is answered without a promise, which costs more than most values. */
export type Eventually<Value> = Value | Promise<Value>;

/** Goes on with a value: at once if it is there. */
export const goOnWith = <Value, Result>(
  value: Eventually<Value>,
  goOn: (value: Value) => Eventually<Result>,
): Eventually<Result> => (value instanceof Promise ? value.then(goOn) : goOn(value));

/**
 * Returns a function that begins something when it is first called. It answers the promise of it, and from when that is
 * kept, the value itself. Nobody needs to wait for it.
 */
export function once<Value>(begin: () => Promise<Value>): () => Eventually<Value> {
  let begun: { value: Eventually<Value> } | undefined;
  return () => {
    if (begun) return begun.value;
    const promise = begin();
    const kept: { value: Eventually<Value> } = { value: promise };
    promise.then(
      (value) => {
        kept.value = value;
      },
      // Whoever asks is told by the promise itself.
      () => undefined,
    );
    begun = kept;
    return promise;
  };
}
