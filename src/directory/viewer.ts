import type { Database } from '../db/client.ts';
import { ForbiddenError } from './errors.ts';
import type { Permission } from './permission-names.ts';
import type { Reach } from './reach.ts';

/** Who makes a change. Only the root key has no id: it stands in no table. */
export type Actor = { type: 'ROOT'; id: null } | { type: 'API_KEY'; id: string };

/** Who is asking, and what they may do. A viewer has exactly one reach, and its permissions hold within it. */
export interface Viewer {
  actor: Actor;
  permissions: ReadonlySet<Permission>;
  access: 'READ' | 'WRITE';
  reach: Reach;
  /** When its credential ends; null if it does not. */
  expiresAt: Date | null;
}

/** A viewer with the database of its request: what every read and every command is given. */
export interface Caller {
  viewer: Viewer;
  db: Database;
}

export function missingPermissions(viewer: Viewer, needed: Iterable<Permission>): Permission[] {
  return [...needed].filter((permission) => !viewer.permissions.has(permission));
}

/** Throws a ForbiddenError that names every permission that is needed and not held. */
export function requirePermissions(viewer: Viewer, needed: Iterable<Permission>): void {
  const missing = missingPermissions(viewer, needed);
  if (missing.length > 0) throw ForbiddenError.missing(missing);
}

const REACHED: Record<Reach['kind'], string> = {
  ORGANIZATION: 'the whole organization',
  TENANTS: 'some tenants',
  CUSTOMER: 'one customer',
};

/** Throws unless the viewer's reach is of one of these kinds. */
export function requireReach({ reach }: Viewer, kinds: readonly Reach['kind'][]): void {
  if (kinds.includes(reach.kind)) return;
  throw ForbiddenError.outOfReach(`Only for callers who reach ${kinds.map((kind) => REACHED[kind]).join(' or ')}.`);
}
