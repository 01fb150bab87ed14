/** Who makes a change. The root key and the system itself have no id: they stand in no table. */
export type Actor = { type: 'ROOT' | 'SYSTEM'; id: null } | { type: 'API_KEY' | 'USER'; id: string };
