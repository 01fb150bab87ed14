import { Database } from '../../db/client.ts';
import { removeExpired, removeOldDeliveries, removeOldEvents, removeOldTraffic } from '../../directory/housekeeping.ts';
import { sendMail } from '../mail/mailer.ts';
import { type Environment, eventsKeptDays, publicUrl } from '../shared/environment.ts';
import { log } from '../shared/failures.ts';
import { wakeWebhooks } from '../webhooks/waking.ts';

/** Runs the tasks of cron, one after the other. A task that fails is logged, and does not stop the others. */
export async function housekeep(env: Environment): Promise<void> {
  const id = crypto.randomUUID();
  const keptDays = eventsKeptDays(env);
  const tasks = [
    () => removeExpired(new Database(env.DB), new Date()),
    () => removeOldTraffic(new Database(env.DB), new Date()),
    () => removeOldDeliveries(new Database(env.DB), new Date()),
    async () => keptDays === null || removeOldEvents(new Database(env.DB), new Date(), keptDays),
    () => sendMail(env, publicUrl(env)),
    () => wakeWebhooks(env),
    // A request never needs what is loaded for it.
    async () => (await import('../../directory/rekeying/step.ts')).rekeyForAWhile(new Database(env.DB)),
  ];
  for (const task of tasks) await task().catch((error) => log(id, error));
}
