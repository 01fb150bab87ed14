import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { signingKeys } from './signing-keys.ts';

/** Returns the file that `wrangler dev` reads secrets from, beside its configuration. That of the environment wins. */
export function devVarsFile(config = 'wrangler.toml', env = process.env.CLOUDFLARE_ENV): string {
  const file = join(dirname(config), '.dev.vars');
  return env && existsSync(`${file}.${env}`) ? `${file}.${env}` : file;
}

/** The variables that `npm start` itself needs. */
export interface DevVars {
  rootKey: string;
}

/**
 * Adds the secrets that a local gateway needs for people to sign in, and returns the root key. A variable that the file
 * has already, even an empty one, is left alone.
 */
export async function devVarsIn(file: string): Promise<DevVars> {
  const lines = {
    ROOT_KEY: `"${randomBytes(32).toString('hex')}"`,
    // In single quotes, because JSON has double ones.
    SIGNING_KEYS: `'${await signingKeys()}'`,
    // No mail leaves the machine, but without a sender none would be written to a file either.
    MAIL_FROM: '"Tenantry <tenantry@localhost>"',
    // Empty, so that links lead to where the gateway is asked, and not to the deployment that wrangler.toml names.
    PUBLIC_URL: '""',
    // Events may be sent to webhooks on this machine.
    OWN_MACHINE: '"1"',
  };
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const found = parseEnv(text);
  const added = Object.entries(lines).filter(([name]) => found[name] === undefined);
  if (added.length > 0) {
    const lineBreak = text === '' || text.endsWith('\n') ? '' : '\n';
    const addition = added.map(([name, value]) => `${name}=${value}\n`).join('');
    appendFileSync(file, `${lineBreak}${addition}`, { mode: 0o600 });
  }
  return { rootKey: parseEnv(readFileSync(file, 'utf8')).ROOT_KEY ?? '' };
}
