import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import * as z from 'zod';

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * A new key to sign access tokens with, in front of the one that signed before: of that only the public half stays, so that
 * the tokens it has signed are good until they expire. Throws for what is no set of keys.
 */
export async function signingKeys(before?: string): Promise<string> {
  const { privateKey } = await generateKeyPair('EdDSA', { extractable: true });
  const key = { ...(await exportJWK(privateKey)), kid: crypto.randomUUID() };
  const last = before === undefined ? [] : keySet.parse(JSON.parse(before)).keys.slice(0, 1);
  const older = last.map(({ d: _d, ...publicHalf }) => publicHalf);
  return JSON.stringify({ keys: [key, ...older] });
}

if (import.meta.main) {
  const { values } = parseArgs({ options: { keep: { type: 'boolean' } } });
  // Not as an argument: a private key among them would stay in the history of the shell.
  console.log(await signingKeys(values.keep ? await text(process.stdin) : undefined));
}
