import nodeCrypto from 'node:crypto';

/** The cost of scrypt: N is 2^ln, and it takes 128 × N × r bytes of memory. */
export interface Cost {
  ln: number;
  r: number;
  p: number;
}

const KEY_BYTES = 32;

/** Makes a password independent of how it was typed, because an accented letter can be one character or two. */
const asTyped = (password: string): string => password.normalize('NFKC');

/** Returns the key that scrypt derives from a password and a salt at this cost. */
export function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r };
  return new Promise((resolve, reject) => {
    nodeCrypto.scrypt(asTyped(password), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
