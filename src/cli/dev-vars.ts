import { randomBytes } from 'node:crypto';
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseEnv } from 'node:util';
import { signingKeys } from './signing-keys.ts';

/** The file that `wrangler dev` takes secrets from: beside its configuration, and that of the environment first. */
export function devVarsFile(config = 'wrangler.toml', env = process.env.CLOUDFLARE_ENV): string {
  const file = join(dirname(config), '.dev.vars');
  return env && existsSync(`${file}.${env}`) ? `${file}.${env}` : file;
}

export interface DevVars {
  rootKey: string;
}

/**
 * What a gateway on one's own machine needs, so that people can sign in there. What the file does not have is made and added;
 * what stands there already, even if it is empty, is left alone.
 */
export async function devVarsIn(file: string): Promise<DevVars> {
  const lines = {
    ROOT_KEY: `"${randomBytes(32).toString('hex')}"`,
    // In single quotes, for the double ones in it.
    SIGNING_KEYS: `'${await signingKeys()}'`,
    // No mail leaves the machine. But without a sender, none would be written either.
    MAIL_FROM: '"Tenantry <tenantry@localhost>"',
    // Wherever the gateway is asked: what wrangler.toml says is where the deployment is.
    PUBLIC_URL: '""',
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
