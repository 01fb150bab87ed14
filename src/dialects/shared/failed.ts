/** What has failed of a mutation: itself, or its answer, after it was done. */
export interface Failed {
  message: string;
  /** With `id`, the record that it was done to, if it was. */
  extensions: Record<string, unknown>;
}

/** Returns what has failed in one sentence or two, for a client that shows nothing but a message. */
export const whatFailed = ({ message, extensions: { id } }: Failed): string =>
  typeof id === 'string' ? `${message} The id is ${id}.` : message;
