/** Who makes a change. The root key and the system have no id, because no table lists them. */
export type Actor = { type: 'ROOT' | 'SYSTEM'; id: null } | { type: 'API_KEY' | 'USER'; id: string };
