import { DurableObject } from 'cloudflare:workers';
import type { Environment } from '../shared/environment.ts';

/** Under which name the id of the webhook is kept. */
const ID = 'webhookId';

/**
 * Sends events to one webhook: nothing that fails there holds up another. All that it has to know is in D1, so it may end at any
 * time: what it had not written down is sent again.
 */
export class WebhookSender extends DurableObject<Environment> {
  /** Has the webhook with this id hear soon of what it has not heard of. */
  async wake(webhookId: string): Promise<void> {
    const { storage } = this.ctx;
    await storage.put(ID, webhookId);
    const alarm = await storage.getAlarm();
    if (alarm === null || alarm > Date.now()) await storage.setAlarm(Date.now());
  }

  override async alarm(): Promise<void> {
    const webhookId = await this.ctx.storage.get<string>(ID);
    if (webhookId === undefined) return;
    const { sendRounds } = await import('./rounds.ts');
    const nextTryAt = await sendRounds(this.env, webhookId);
    if (nextTryAt === null) return;
    const alarm = await this.ctx.storage.getAlarm();
    if (alarm === null || alarm > nextTryAt.getTime()) await this.ctx.storage.setAlarm(nextTryAt);
  }
}
