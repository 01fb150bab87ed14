/** Who makes a change. The root key and the system have no id, because no table lists them. */
export type Actor = { type: 'ROOT' | 'SYSTEM'; id: null } | { type: 'API_KEY' | 'USER'; id: string };

/** Returns the name of a credential that limits count by: the root key, an API key or a user, whichever session it is. */
export const credentialName = ({ type, id }: Actor): string => `${type} ${id ?? ''}`;
