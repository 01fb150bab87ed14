/** Returns where a deployment says what an error with this code means, and what to do: a path of its own, with an anchor. */
export const documentationOf = (code: string): string => `/docs/errors#${code}`;
