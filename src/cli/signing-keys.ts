import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import * as z from 'zod';

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * A new key to sign access tokens with, in front of those that signed before: of these only the public halves stay, so that
 * the tokens they have signed are good until they expire.
 */
export async function signingKeys(before?: string): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID() };
  const older = before ? keySet.parse(JSON.parse(before)).keys.map(({ d: _d, ...publicHalf }) => publicHalf) : [];
  return JSON.stringify({ keys: [key, ...older] });
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' } } });
  // Not as an argument: a private key among them would stay in the history of the shell.
  console.log(await signingKeys(values.keep ? await text(process.stdin) : undefined));
}
