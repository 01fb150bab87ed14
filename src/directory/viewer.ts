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

/** Throws unless the viewer reaches everything. `what` completes "Only callers who reach the whole organization may …". */
export function requireOrganizationReach({ reach }: Viewer, what: string): void {
  if (reach.kind === 'ORGANIZATION') return;
  throw ForbiddenError.outOfReach(`Only callers who reach the whole organization may ${what}.`);
}
