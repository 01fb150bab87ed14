import type { Database } from '../../db/client.ts';
import type { Source } from '../../db/source.ts';
import { ForbiddenError } from '../kernel/errors.ts';
import type { LinkPurpose } from '../kernel/link-purposes.ts';
import type { PermissionName } from '../kernel/permission-names.ts';
import type { RateLimitTier } from '../kernel/rate-limit-tiers.ts';
import type { Neighbourhood } from '../kernel/webhook-addresses.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { Actor } from './actor.ts';
import type { Reach } from './reach.ts';
import type { ChangedRecord, Repeatable } from './repeatable.ts';

/**
 * Whoever makes a request, and what they may do. A viewer has exactly one reach, and the permissions hold within it.
 */
export interface Viewer {
  actor: Actor;
  permissions: ReadonlySet<PermissionName>;
  access: 'READ' | 'WRITE';
  reach: Reach;
  /** The limit that the viewer's requests count against. Only API keys have another than DEFAULT. */
  rateLimitTier: RateLimitTier;
  /** The name of the credential that the limits of an hour count: of a key that was made by another, that of its maker. */
  countsAs: string;
  /**
   * When the API key ends: no token that it gets may last longer. Null for a key without an end. Null for a user, too,
   * who can sign in again.
   */
  expiresAt: Date | null;
  /** The session that the user is signed in with; null for a key, and for a user with a token of an embedded issuer. */
  session: { id: string; tokenExpiresAt: Date } | null;
}

/** A viewer with the database of the request. Every query and every command is given one. */
export interface Caller {
  viewer: Viewer;
  db: Database;
  /** Makes access tokens. Null if the deployment has no keys to sign with, and nobody can sign in. */
  tokens: AccessTokens | null;
  /** Says that a mail waits to be sent. It is sent after the answer. */
  mailIsDue(): void;
  /** Says that events were committed of which webhooks are to hear. They are woken after the answer. */
  eventsAreDue(): void;
  /**
   * Counts credentials that the caller was shown and that are not good, each as a request of a stranger.
   * @throws RateLimitError if there were too many.
   */
  countWrong(credentials: readonly string[]): Promise<void>;
  /** Says that something is to be noted after the answer, such as that other credentials were used than the caller's own. */
  noteLater(note: () => Promise<void>): void;
  /** Where the deployment stands, to judge by which addresses events may be sent to. */
  neighbourhood: Neighbourhood;
  /** Returns the URL of a link with this purpose and token; null if no page for it is known. */
  linkTo(purpose: LinkPurpose, token: string): string | null;
  /** The change that is asked for, if it may be asked for again; null if the caller gave no key for that. */
  repeatable: Repeatable | null;
  /** Says that the change is made, and of which record, if of one. Nothing that fails from then on may look as if it were not. */
  tookEffect(record: ChangedRecord | null): void;
  /**
   * Begins to read what is asked for below the record that a change leaves, of which this is the source: together with the
   * change. Returns a function that is to be told the record once it is there.
   */
  readAlong(record: Source): (rows: readonly object[]) => void;
}

/** Returns those of the permissions that the viewer lacks. */
export function missingPermissions(viewer: Viewer, needed: Iterable<PermissionName>): PermissionName[] {
  return [...needed].filter((permission) => !viewer.permissions.has(permission));
}

/**
 * Requires that the viewer has all of these permissions.
 * @throws ForbiddenError that names every missing one.
 */
export function requirePermissions(viewer: Viewer, needed: Iterable<PermissionName>): void {
  const missing = missingPermissions(viewer, needed);
  if (missing.length > 0) throw ForbiddenError.missing(missing);
}

/** Returns whether a user is the viewer. A key is no user. */
export const isViewer = ({ actor }: Pick<Viewer, 'actor'>, userId: string): boolean =>
  actor.type === 'USER' && actor.id === userId;

/**
 * Requires that the viewer has a permission to see something of a user, or is that user.
 * @throws ForbiddenError
 */
export function requireUnlessOwn(viewer: Viewer, userId: string, needed: PermissionName): void {
  if (!isViewer(viewer, userId)) requirePermissions(viewer, [needed]);
}

/** Returns whether a check passes, that is, throws no ForbiddenError. Other errors are thrown on. */
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

/**
 * Requires that the viewer's reach is of one of these kinds.
 * @throws ForbiddenError if it is not.
 */
export function requireReach({ reach }: Viewer, kinds: readonly Reach['kind'][]): void {
  if (kinds.includes(reach.kind)) return;
  throw ForbiddenError.outOfReach(`Only for callers who reach ${kinds.map((kind) => REACHED[kind]).join(' or ')}.`);
}
