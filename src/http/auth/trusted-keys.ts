import * as z from 'zod';
import { KeysUnavailableError } from '../../directory/access/authentication-errors.ts';
import { remember } from '../../directory/access/credential-cache.ts';
import { type PublicKey, publicKey } from '../../directory/trusted-issuers/json-web-keys.ts';
import { asJsonObject, readAtMost } from '../shared/body.ts';

const TIMEOUT_SECONDS = 3;
export const MAX_KEY_SET_BYTES = 64 * 1024;
const GOOD_FOR_SECONDS = 10 * 60;
/** How often a key that is not among those known is looked for: anybody may name one. */
const LOOK_AGAIN_SECONDS = 30;
/** How long a server is left alone that did not answer as it should. */
export const RETRY_SECONDS = 10;
const MAX_KNOWN = 100;

interface Known {
  readAt: number;
  keys: readonly PublicKey[];
}

/** What this isolate has read. A request never waits for one that another has made: the runtime keeps them apart. */
const known = new Map<string, Known>();
const failures = new Map<string, { failedAt: number; error: KeysUnavailableError }>();

/**
 * The keys that an issuer publishes at a URL. They are read every ten minutes, and sooner if one with this id is not among
 * them; a server that fails is not asked again for some seconds, and refused meanwhile with the same KeysUnavailableError.
 */
export async function keysAt(issuerId: string, url: string, keyId: string | null): Promise<readonly PublicKey[]> {
  const key = `${issuerId} ${url}`;
  const now = Date.now();
  const seen = known.get(key);
  if (seen && isEnough(seen, keyId, now)) return seen.keys;
  const failure = failures.get(key);
  if (failure && now - failure.failedAt < RETRY_SECONDS * 1000) throw failure.error;
  try {
    const keys = await inTime((signal) => read(url, signal));
    remember(known, key, { readAt: now, keys }, MAX_KNOWN);
    failures.delete(key);
    return keys;
  } catch (error) {
    if (error instanceof KeysUnavailableError) remember(failures, key, { failedAt: Date.now(), error }, MAX_KNOWN);
    throw error;
  }
}

function isEnough({ readAt, keys }: Known, keyId: string | null, now: number): boolean {
  const age = (now - readAt) / 1000;
  const hasKey = keyId === null || keys.some(({ kid }) => kid === keyId);
  return age < (hasKey ? GOOD_FOR_SECONDS : LOOK_AGAIN_SECONDS);
}

/** Whatever hangs, connection, headers or body, nobody waits for it any longer. */
async function inTime<Result>(task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const controller = new AbortController();
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new KeysUnavailableError(`it took longer than ${TIMEOUT_SECONDS} seconds`));
    controller.abort();
  }, TIMEOUT_SECONDS * 1000);
  try {
    return await Promise.race([task(controller.signal), promise]);
  } finally {
    clearTimeout(timer);
  }
}

async function read(url: string, signal: AbortSignal): Promise<PublicKey[]> {
  if (!url.startsWith('https://')) throw new KeysUnavailableError('they are not at an https URL');
  const bytes = await download(url, signal);
  if (bytes === null) throw new KeysUnavailableError(`there were more than ${MAX_KEY_SET_BYTES / 1024} KB`);
  const keys = usableKeys(new TextDecoder().decode(bytes));
  if (keys.length === 0) throw new KeysUnavailableError('there was no JSON Web Key Set with a key to be used');
  return keys;
}

/** Null when there is too much. What fails here fails outside. */
async function download(url: string, signal: AbortSignal): Promise<Uint8Array | null> {
  try {
    const response = await fetch(url, { redirect: 'manual', headers: { accept: 'application/json' }, signal });
    if (response.status === 200) return await readAtMost(response.body, MAX_KEY_SET_BYTES);
    await response.body?.cancel();
    throw new KeysUnavailableError(`the server answered ${response.status}`);
  } catch (error) {
    throw error instanceof KeysUnavailableError ? error : new KeysUnavailableError('the server did not answer');
  }
}

const keySet = z.object({ keys: z.array(z.unknown()) });

/** Symmetric and private keys, and those for something else, are left out. */
function usableKeys(text: string): PublicKey[] {
  const { data } = keySet.safeParse(asJsonObject(text));
  return (data?.keys ?? []).flatMap((jwk) => {
    const { success, data: key } = publicKey.safeParse(jwk);
    return success ? [key] : [];
  });
}
