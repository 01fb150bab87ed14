import { decodeGlobalID } from '@pothos/plugin-relay';
import { ValidationError } from '../../directory/kernel/errors.ts';

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
  'Webhook',
  'WebhookDelivery',
  'Session',
  'Event',
] as const;
/** The name of a type of nodes, as global ids begin with it. */
export type NodeType = (typeof NODE_TYPES)[number];

/** What a global id stands for: the id within the tables, and the type that it belongs to. */
interface LocalId {
  type: NodeType;
  id: string;
}

/**
 * Returns the type and the local id that a global id stands for, in lower case; null for what is no global id of a
 * known type.
 */
export function fromGlobalId(globalId: string): LocalId | null {
  try {
    const { typename, id } = decodeGlobalID(globalId);
    const type = NODE_TYPES.find((name) => name === typename);
    return type === undefined ? null : { type, id: id.toLowerCase() };
  } catch {
    return null;
  }
}

/**
 * Returns the global id of a record, which is unique among all types. It does not check that the record exists. Both parts
 * are ASCII: ids are UUIDs and numbers.
 */
export const toGlobalId = (type: string, id: string | number | bigint): string => btoa(`${type}:${id}`);

/** Returns the id by which the API names what a change is about: a global id, or the name of a permission, which has no other id. */
export const subjectIdOf = (type: string, id: string): string => (type === 'Permission' ? id : toGlobalId(type, id));

/**
 * Returns the id within its type, from a global id of that type. Anything else is handed on as it is: a plain UUID is
 * taken as such, and the rest is refused by the rule that reads it, with the path that the caller wrote.
 */
export function localId(type: NodeType, globalId: string): string {
  const decoded = fromGlobalId(globalId);
  return decoded?.type === type ? decoded.id : globalId;
}

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;
/** Events are counted. */
const COUNT = /^\d{1,15}$/;

/** Whether a local id looks as those of its type do. */
const isLocalId = ({ type, id }: LocalId): boolean => (type === 'Event' ? COUNT : UUID).test(id);

/**
 * Returns what a global id of a query stands for.
 * @throws ValidationError that names its path, if it is no global id, whether there is such a record or not
 */
export function requireGlobalId(globalId: string, path: string): LocalId {
  const given = fromGlobalId(globalId);
  if (given === null || !isLocalId(given)) throw ValidationError.at(path, 'must be a global id');
  return given;
}

/**
 * Requires that an id of a query is one of a record of this type: a global id, or a plain UUID. Null is no id, and is good.
 * @throws ValidationError that names its path, and the type that it is of, if that is another
 */
export function requireIdOf(type: NodeType, given: string | null | undefined, path: string): void {
  if (given == null) return;
  const decoded = fromGlobalId(given);
  if (isLocalId({ type, id: (decoded?.type === type ? decoded.id : given).toLowerCase() })) return;
  const problem = `must be the id of a ${type}`;
  throw ValidationError.at(
    path,
    decoded && isLocalId(decoded) ? `${problem}, and is that of a ${decoded.type}` : problem,
  );
}

/** An identifier in an input, as far as ids are concerned. */
export interface GivenIdentifier {
  id?: string | null | undefined;
}

/**
 * Returns an identifier with its global id, if it has one, replaced by the local id. `localId` says what happens to an
 * id of another type.
 */
export const localIdentifier = <I extends GivenIdentifier>(type: NodeType, identifier: I): I =>
  identifier.id == null ? identifier : { ...identifier, id: localId(type, identifier.id) };

/** Returns how an input names its record, by `id` or `identifier`, with global ids replaced by local ids; null for what is not given. */
export const localNaming = <I extends GivenIdentifier>(
  type: NodeType,
  { id, identifier }: GivenIdentifier & { identifier?: I | null | undefined },
) => ({
  id: id == null ? null : localId(type, id),
  identifier: identifier == null ? null : localIdentifier(type, identifier),
});

/** Returns tenant identifiers with their global ids replaced by local ids, in the order given. */
export const localTenants = <I extends GivenIdentifier>(identifiers: readonly I[]): I[] =>
  identifiers.map((identifier) => localIdentifier('Tenant', identifier));
