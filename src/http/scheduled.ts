import { Database } from '../db/client.ts';
import { removeExpired, removeOldTraffic } from '../directory/housekeeping.ts';
import { type Environment, publicUrl } from './environment.ts';
import { log } from './failures.ts';
import { sendMail } from './mailer.ts';

/** What is done every few minutes, whoever asks for what: each of it on its own, whether the others fail or not. */
export async function housekeep(env: Environment): Promise<void> {
  const id = crypto.randomUUID();
  const tasks = [
    () => removeExpired(new Database(env.DB), new Date()),
    () => removeOldTraffic(new Database(env.DB), new Date()),
    () => sendMail(env, publicUrl(env)),
  ];
  for (const task of tasks) await task().catch((error) => log(id, error));
}
