import { Database } from '../../db/client.ts';
import { removeExpired, removeOldTraffic } from '../../directory/housekeeping.ts';
import { rekeyForAWhile } from '../../directory/rekeying/step.ts';
import { sendMail } from '../mail/mailer.ts';
import { type Environment, publicUrl } from '../shared/environment.ts';
import { log } from '../shared/failures.ts';

/** Runs the tasks of cron, one after the other. A task that fails is logged, and does not stop the others. */
export async function housekeep(env: Environment): Promise<void> {
  const id = crypto.randomUUID();
  const tasks = [
    () => removeExpired(new Database(env.DB), new Date()),
    () => removeOldTraffic(new Database(env.DB), new Date()),
    () => sendMail(env, publicUrl(env)),
    () => rekeyForAWhile(new Database(env.DB)),
  ];
  for (const task of tasks) await task().catch((error) => log(id, error));
}
