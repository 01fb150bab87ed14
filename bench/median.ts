/** Returns the middle of some values: what one of them is, by chance, does not move it. */
export const median = (values: readonly number[]) =>
  values.toSorted((one, other) => one - other)[values.length >> 1] ?? Number.NaN;
