import nodeCrypto from 'node:crypto';

/** N is 2^ln; the memory that it takes is 128 × N × r bytes. */
export interface Cost {
  ln: number;
  r: number;
  p: number;
}

const KEY_BYTES = 32;

/** The same password however it was typed: an accented letter can be one character or two. */
const asTyped = (password: string): string => password.normalize('NFKC');

export function derive(password: string, salt: Buffer, { ln, r, p }: Cost): Promise<Buffer> {
  const options = { N: 2 ** ln, r, p, maxmem: 256 * 2 ** ln * r };
  return new Promise((resolve, reject) => {
    nodeCrypto.scrypt(asTyped(password), salt, KEY_BYTES, options, (error, key) =>
      error ? reject(error) : resolve(key),
    );
  });
}
