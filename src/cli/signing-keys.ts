import { text } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { exportJWK, generateKeyPair } from 'jose';
import * as z from 'zod';

const keySet = z.object({ keys: z.array(z.looseObject({ kid: z.string() })) });

/**
 * Returns a JSON Web Key Set whose first key, a new one, signs access tokens. The public half of the key that signed
 * before is kept, so that its tokens stay valid until they expire.
 * @throws SyntaxError or ZodError if `before` is not a key set.
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
  // From the standard input, because an argument would leave the private key in the history of the shell.
  console.log(await signingKeys(values.keep ? await text(process.stdin) : undefined));
}
