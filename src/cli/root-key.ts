import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';

/** The file that `wrangler dev` takes secrets from: beside its configuration, and that of the environment first. */
export function secretsFile(config = 'wrangler.toml', env = process.env.CLOUDFLARE_ENV): string {
  const file = join(dirname(config), '.dev.vars');
  return env && existsSync(`${file}.${env}`) ? `${file}.${env}` : file;
}

/** The root key in the file. If there is none, one is made and added; what stands there already is left alone. */
export function rootKeyIn(file: string): string {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const { ROOT_KEY } = parseEnv(text);
  if (ROOT_KEY !== undefined) return ROOT_KEY;
  const key = randomBytes(32).toString('hex');
  const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n';
  appendFileSync(file, `${lineBreak}ROOT_KEY="${key}"\n`, { mode: 0o600 });
  return key;
}
