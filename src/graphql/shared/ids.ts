import { decodeGlobalID, encodeGlobalID } from '@pothos/plugin-relay';

const NODE_TYPES = [
  'Organization',
  'Tenant',
  'Customer',
  'User',
  'Role',
  'ApiKey',
  'TrustedIssuer',
  'Pixel',
  'Pipeline',
  'Session',
  'Event',
] as const;
export type NodeType = (typeof NODE_TYPES)[number];

interface LocalId {
  type: NodeType;
  id: string;
}

/** What a global id stands for; null when it is none of ours. */
export function fromGlobalId(globalId: string): LocalId | null {
  try {
    const { typename, id } = decodeGlobalID(globalId);
    const type = NODE_TYPES.find((name) => name === typename);
    return type === undefined ? null : { type, id: id.toLowerCase() };
  } catch {
    return null;
  }
}

export const toGlobalId = (type: string, id: string | number): string => encodeGlobalID(type, id);

/**
 * The id within its type, from a global id of that type. Anything else is handed on as it is: a plain UUID is taken as
 * such, and the rest is refused by the rule that reads it, with the path that the caller wrote.
 */
export function localId(type: NodeType, globalId: string): string {
  const decoded = fromGlobalId(globalId);
  return decoded?.type === type ? decoded.id : globalId;
}

interface GivenIdentifier {
  id?: string | null | undefined;
}

/** The same inside an identifier. */
export const localIdentifier = <I extends GivenIdentifier>(type: NodeType, identifier: I): I =>
  identifier.id == null ? identifier : { ...identifier, id: localId(type, identifier.id) };

/** The same for a list of tenant identifiers. */
export const localTenants = <I extends GivenIdentifier>(identifiers: readonly I[]): I[] =>
  identifiers.map((identifier) => localIdentifier('Tenant', identifier));
