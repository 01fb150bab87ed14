import * as z from 'zod';
import { remember } from '../../directory/access/credential-cache.ts';
import { KEYS_RETRY_SECONDS, KeysUnavailableError } from '../../directory/kernel/authentication-errors.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { isPublicHost } from '../../directory/kernel/public-hosts.ts';
import { type PublicKey, publicKey } from '../../directory/trusted-issuers/json-web-keys.ts';
import { asJsonObject, readAtMost } from '../shared/body.ts';

const TIMEOUT_SECONDS = 3;
/** The largest key set that is read from an issuer. */
export const MAX_KEY_SET_BYTES = 64 * 1024;
const MAX_AGE_SECONDS = 10 * 60;
/** How old keys must be before an unknown key id makes them be read again: anybody can send a token with any id. */
const MAX_AGE_FOR_UNKNOWN_KEY_SECONDS = 30;
/** How many issuers are cached, of keys and of failures each. */
const MAX_CACHED = 100;

interface CachedKeys {
  readAtMilliseconds: number;
  keys: readonly PublicKey[];
}

/**
 * The keys that this isolate has read. No promise is shared, because the runtime forbids waiting for another request's
 * I/O.
 */
const cachedKeys = new Map<string, CachedKeys>();
const cachedFailures = new Map<string, { failedAtMilliseconds: number; error: KeysUnavailableError }>();

/**
 * Returns the keys that an issuer publishes at a URL, at most ten minutes old. They are read sooner if none of them has
 * this id. A server that fails is not asked again for ten seconds; until then every call throws its error.
 * @throws KeysUnavailableError if the keys cannot be read, or if there are none to use.
 */
export async function keysAt(issuerId: string, url: string, keyId: string | null): Promise<readonly PublicKey[]> {
  const key = `${issuerId} ${url}`;
  const nowMilliseconds = Date.now();
  const cached = cachedKeys.get(key);
  if (cached && isFresh(cached, keyId, nowMilliseconds)) return cached.keys;
  const failure = cachedFailures.get(key);
  if (failure && nowMilliseconds - failure.failedAtMilliseconds < KEYS_RETRY_SECONDS * 1000) throw failure.error;
  try {
    const keys = await withTimeout((signal) => read(url, signal));
    remember(cachedKeys, key, { readAtMilliseconds: nowMilliseconds, keys }, MAX_CACHED);
    cachedFailures.delete(key);
    return keys;
  } catch (error) {
    if (error instanceof KeysUnavailableError) {
      remember(cachedFailures, key, { failedAtMilliseconds: Date.now(), error }, MAX_CACHED);
    }
    throw error;
  }
}

function isFresh({ readAtMilliseconds, keys }: CachedKeys, keyId: string | null, nowMilliseconds: number): boolean {
  const ageSeconds = (nowMilliseconds - readAtMilliseconds) / 1000;
  const hasKey = keyId === null || keys.some(({ kid }) => kid === keyId);
  return ageSeconds < (hasKey ? MAX_AGE_SECONDS : MAX_AGE_FOR_UNKNOWN_KEY_SECONDS);
}

/** Runs a task, and rejects with a KeysUnavailableError after three seconds, whatever it waits for. */
async function withTimeout<Result>(task: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
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
  // The issuer may be older than what is known of hosts now.
  if (!isPublicHost(new URL(url).hostname)) throw new KeysUnavailableError('they are not at a public host');
  const bytes = await download(url, signal);
  if (bytes === null) throw new KeysUnavailableError(`there were more than ${MAX_KEY_SET_BYTES / 1024} KB`);
  const keys = usableKeys(new TextDecoder().decode(bytes));
  if (keys.length === 0) throw new KeysUnavailableError('there was no JSON Web Key Set with a key to be used');
  return keys;
}

/** Returns the body, or null if it is too large. Any failure to get it is reported as a KeysUnavailableError. */
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

const keySet = lazily(() => z.object({ keys: z.array(z.unknown()) }));

/**
 * Returns the public keys that can verify a signature. Symmetric and private keys, and keys for other uses, are left
 * out.
 */
function usableKeys(text: string): PublicKey[] {
  const { data } = keySet().safeParse(asJsonObject(text));
  return (data?.keys ?? []).flatMap((jwk) => {
    const { success, data: key } = publicKey().safeParse(jwk);
    return success ? [key] : [];
  });
}
