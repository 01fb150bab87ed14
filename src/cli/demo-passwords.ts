import { randomBytes, scryptSync } from 'node:crypto';
import { customerUsers, team, tenantUsers } from './demo-users.ts';

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
 * Gives everybody of the demo who has accepted the same new password, and returns how the first of them signs in. Nobody is
 * ACTIVE without a password, and the API gives nobody one.
 */
export async function givePasswords(db: D1Database): Promise<DemoSignIn> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64url');
  const emails = JSON.stringify(accepted.map(({ email }) => email));
  await db.batch([
    db
      .prepare(
        `INSERT INTO password (user_id, hash, changed_at)
           SELECT id, ?, ? FROM user WHERE email_key IN (SELECT value FROM json_each(?))`,
      )
      .bind(hashOf(password), Date.now(), emails),
    db.prepare('DELETE FROM mailed_link WHERE user_id IN (SELECT user_id FROM password)'),
  ]);
  return { email: accepted[0]?.email ?? '', password };
}
