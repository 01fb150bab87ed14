import type { Database } from '../../db/client.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import type { Permission } from '../kernel/permission-names.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Actor } from './actor.ts';
import type { Reach } from './reach.ts';

/** Who is asking, and what they may do. A viewer has exactly one reach, and its permissions hold within it. */
export interface Viewer {
  actor: Actor;
  permissions: ReadonlySet<Permission>;
  access: 'READ' | 'WRITE';
  reach: Reach;
  /** After which nothing that it hands on may live: when an API key ends. Null if it does not, and for a user, who signs in again. */
  expiresAt: Date | null;
  /** Where a user is signed in; null for a key. */
  session: { id: string; tokenExpiresAt: Date } | null;
}

/** A viewer with the database of its request: what every read and every command is given. */
export interface Caller {
  viewer: Viewer;
  db: Database;
  /** Makes access tokens; null where nobody can sign in, because the deployment has no keys to sign with. */
  tokens: AccessTokens | null;
  /** To be called when a mail waits to be sent: it is, once the answer is on its way. */
  mailIsDue(): void;
  /** Where a link of this purpose leads, with its token; null where that is not known. */
  linkTo(purpose: LinkPurpose, token: string): string | null;
}

export function missingPermissions(viewer: Viewer, needed: Iterable<Permission>): Permission[] {
  return [...needed].filter((permission) => !viewer.permissions.has(permission));
}

/** Throws a ForbiddenError that names every permission that is needed and not held. */
export function requirePermissions(viewer: Viewer, needed: Iterable<Permission>): void {
  const missing = missingPermissions(viewer, needed);
  if (missing.length > 0) throw ForbiddenError.missing(missing);
}

/** Whether a check passes that throws a ForbiddenError if it does not. */
export function isGranted(check: () => void): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof ForbiddenError) return false;
    throw error;
  }
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
