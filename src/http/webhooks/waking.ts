import type { Environment } from '../shared/environment.ts';

/** There is one hub. */
const HUB = 'hub';

/** Has the webhooks woken that have something to hear. It costs the same however many there are. */
export async function wakeWebhooks({ WEBHOOK_HUB }: Environment): Promise<void> {
  await WEBHOOK_HUB?.getByName(HUB).wake();
}
