import type { Granted } from '../access/access-tokens.ts';
import { isWithin } from '../access/reach.ts';
import { type Caller, requirePermissions, type Viewer } from '../access/viewer.ts';
import { type KeyUse, keyHolder, keysWithIds, noteUses } from '../api-keys/credentials.ts';
import { apiKeyIdOf } from '../api-keys/token.ts';
import { Token } from '../kernel/secrets.ts';
import { tokenHolder, tokensWith } from '../sign-in/credentials.ts';
import { type Check, type PermissionCheck, parseChecks, placeOf } from './input.ts';
import { actsAnywhere, actsAt, type FoundPlace, placesAsked } from './places.ts';

/*
 * Services of the product ask whether a credential is good that they were shown, and for what. It is judged by the rules that
 * hold for who asks with it, and nothing here says why one is not good: it may be out of the caller's reach.
 */

/** How long a caller may rely on an answer, whichever it was. */
export const MAX_VALID_SECONDS = 5;

/** What no header of a request could carry is no credential. */
const MAX_CREDENTIAL_CHARACTERS = 16 * 1024;

/** Who holds a credential that is good. */
export interface CheckedHolder {
  viewer: Viewer;
  name: string | null;
  /** Null for an API key. */
  email: string | null;
  /** When the credential ends if nothing ends it before; null if it never does. */
  endsAt: Date | null;
}

/** Whether a permission that was asked for is held where it was asked for. */
export interface PermissionAnswer {
  permission: string;
  isAllowed: boolean;
}

/** What is answered to one check. */
export interface AccessCheck {
  /** Null for a credential that is not good, whatever is wrong with it. */
  holder: CheckedHolder | null;
  /** How long the caller may rely on this. */
  validForSeconds: number;
  /** What was asked for, in that order. */
  answers: PermissionAnswer[];
}

/** A credential as it was shown: of an API key, or a token that is signed here for a place in the viewer's reach; else neither. */
interface Presented {
  text: string;
  apiKeyId: string | null;
  grant: Granted | null;
}

async function presented({ tokens, viewer }: Caller, text: string): Promise<Presented> {
  if (text.length > MAX_CREDENTIAL_CHARACTERS) return { text, apiKeyId: null, grant: null };
  const apiKeyId = apiKeyIdOf(text);
  const grant = apiKeyId === null && tokens !== null ? await tokens.read(text) : null;
  return { text, apiKeyId, grant: grant && isWithin(viewer.reach, grant) ? grant : null };
}

/**
 * Returns, for each of the checks, whether its credential is good, whose it is and what it may do, in one D1 call for all of
 * them. A key counts as used by that. One that is not good, or that is out of the viewer's reach, counts for the limits of strangers.
 * @throws ForbiddenError if the viewer lacks `access:check`
 * @throws ValidationError if too much is asked at once
 * @throws RateLimitError if there were too many credentials that are not good
 */
export async function checkAccess(caller: Caller, given: unknown): Promise<AccessCheck[]> {
  requirePermissions(caller.viewer, ['access:check']);
  const checks = parseChecks(given);
  const now = new Date();
  const texts = [...new Set(checks.map(({ credential }) => credential))];
  const shown = await caller.db.beforeRead(Promise.all(texts.map((text) => presented(caller, text))));
  const all = new Map(shown.map((one) => [one.text, one]));
  const asked = checks.flatMap(({ credential, permissions }) =>
    permissions.flatMap((check) => {
      const { apiKeyId = null, grant = null } = all.get(credential) ?? {};
      const place = placeOf(check, { apiKeyId, tenantId: grant?.tenantId ?? null });
      return place === null ? [] : [{ check, place }];
    }),
  );
  const [holders, ...found] = await Promise.all([
    holdersOf(caller, [...all.values()], now),
    ...placesAsked(
      caller.viewer,
      asked.map(({ place }) => place),
    ).map((statement) => caller.db.read(statement)),
  ]);
  await caller.countWrong(texts.filter((text) => !holders.has(text)));
  const places = new Map(found.flat().map((place) => [asked[place.position]?.check, place]));
  const placed = new Set(asked.map(({ check }) => check));
  return checks.map((check) => answerTo(check, holders.get(check.credential) ?? null, { places, placed }, now));
}

type Holders = ReadonlyMap<string, CheckedHolder>;

/** Reads who holds these credentials, by their texts: those that are good. */
async function holdersOf({ viewer, db, noteLater }: Caller, all: readonly Presented[], now: Date): Promise<Holders> {
  const ofUsers = all.flatMap(({ text, grant }) => (grant === null ? [] : [{ text, grant }]));
  const apiKeyIds = all.flatMap(({ apiKeyId }) => apiKeyId ?? []);
  const [keys, users] = await Promise.all([
    db.read(keysWithIds(viewer, apiKeyIds)),
    db.read(tokensWith(ofUsers.map(({ grant }) => grant))),
  ]);
  const holders = new Map<string, CheckedHolder>();
  const uses: KeyUse[] = [];
  const byId = new Map(keys.map((key) => [key.id, key]));
  for (const { text, apiKeyId } of all) {
    const key = byId.get(apiKeyId ?? '');
    const found = key && keyHolder(new Token(text), key, now);
    if (!found) continue;
    const { viewer, endsAt, use } = found;
    holders.set(text, { viewer, endsAt, name: key.name, email: null });
    if (use) uses.push(use);
  }
  for (const user of users) {
    const shown = ofUsers[user.position];
    const found = shown && tokenHolder(shown.grant, user, now);
    if (found) holders.set(shown.text, { ...found, name: user.name, email: user.email });
  }
  if (uses.length > 0) noteLater(() => noteUses(db, uses, now));
  return holders;
}

interface Places {
  /** Those that are there, by what asked for them. */
  places: ReadonlyMap<PermissionCheck | undefined, FoundPlace>;
  /** What asked for a place, whether that is there or not. */
  placed: ReadonlySet<PermissionCheck>;
}

function answerTo(
  { permissions }: Check,
  holder: CheckedHolder | null,
  { places, placed }: Places,
  now: Date,
): AccessCheck {
  const isAllowed = (check: PermissionCheck): boolean => {
    if (!holder?.viewer.permissions.has(check.permission)) return false;
    const { reach } = holder.viewer;
    if (!placed.has(check)) return actsAnywhere(reach);
    const place = places.get(check);
    return place !== undefined && actsAt(reach, place);
  };
  return {
    holder,
    validForSeconds: secondsUntil(holder?.endsAt ?? null, now),
    answers: permissions.map((check) => ({ permission: check.permission, isAllowed: isAllowed(check) })),
  };
}

/** Whole seconds, so that nobody relies on an answer when the credential has ended. */
const secondsUntil = (end: Date | null, now: Date): number =>
  end === null ? MAX_VALID_SECONDS : Math.min(MAX_VALID_SECONDS, Math.floor((end.getTime() - now.getTime()) / 1000));
