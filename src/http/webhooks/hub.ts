import { DurableObject } from 'cloudflare:workers';
import { Database } from '../../db/client.ts';
import type { Environment } from '../shared/environment.ts';

/**
 * Wakes the senders of webhooks that have something to hear. Whoever commits events wakes it, and cron does; of many that do at
 * about the same time, the first is enough.
 */
export class WebhookHub extends DurableObject<Environment> {
  /** Has all senders woken soon. */
  async wake(): Promise<void> {
    const { storage } = this.ctx;
    if ((await storage.getAlarm()) === null) await storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    const { DB, WEBHOOK_SENDER } = this.env;
    const { webhooksToWake } = await import('../../directory/webhooks/sending.ts');
    const woken = await new Database(DB).read(webhooksToWake(new Date()));
    await Promise.all(woken.map(({ id }) => WEBHOOK_SENDER?.getByName(id).wake(id)));
  }
}
