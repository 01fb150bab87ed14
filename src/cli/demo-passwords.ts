import { randomBytes, scryptSync } from 'node:crypto';
import { customerUsers, team, tenantUsers } from './demo-users.ts';
import { execute } from './wrangler.ts';

const PASSWORD_BYTES = 12;

const base64 = (bytes: Buffer): string => bytes.toString('base64').replaceAll('=', '');

/** Returns the hash of a password in the form that the gateway keeps, which makes it anew if it wants another cost. */
function hashOf(password: string): string {
  const salt = randomBytes(16);
  const key = scryptSync(password, salt, 32, { N: 2 ** 14, r: 8, p: 5, maxmem: 2 ** 25 });
  return `$scrypt$ln=14,r=8,p=5$${base64(salt)}$${base64(key)}`;
}

/** Whom the demo shows as ACTIVE: people who have accepted. */
const accepted = [...team, ...tenantUsers, ...customerUsers].filter(({ status }) => status === 'ACTIVE');

/** How somebody of the demo signs in. */
export interface DemoSignIn {
  email: string;
  password: string;
}

/**
 * Gives everybody of the demo who has accepted the same new password, in the local database that the arguments of wrangler
 * name, and returns how the first of them signs in. Nobody is ACTIVE without a password, and the API gives nobody one.
 * @throws Error if the database could not be changed.
 */
export function givePasswords(database: string[]): DemoSignIn {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const emails = accepted.map(({ email }) => `'${email}'`).join(', ');
  const code = execute(
    `INSERT INTO password (user_id, hash, changed_at)
       SELECT id, '${hashOf(password)}', ${Date.now()} FROM user WHERE email_key IN (${emails});
     DELETE FROM mailed_link WHERE user_id IN (SELECT user_id FROM password);`,
    ['--local', ...database],
  );
  if (code !== 0) throw new Error('Nobody of the demo has a password, and so nobody is ACTIVE.');
  return { email: accepted[0]?.email ?? '', password };
}
