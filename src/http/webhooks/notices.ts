import type { Database } from '../../db/client.ts';
import { deliverable } from '../../directory/kernel/email-address.ts';
import { disabledWebhookText } from '../../directory/mail/texts.ts';
import { recipientsOf } from '../../directory/webhooks/recipients.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import { mailerOf } from '../mail/mailer.ts';
import type { Environment } from '../shared/environment.ts';

/**
 * Mails to those who may mend a webhook that it was disabled. Each mail is tried once: what failed is logged, and the feed says it
 * all the same.
 */
export async function tellDisabled(env: Environment, db: Database, webhookId: string, isGone: boolean): Promise<void> {
  const { send } = mailerOf(env, null);
  if (send === null) return;
  const told = await db.read(recipientsOf(webhookId));
  const id = toGlobalId('Webhook', webhookId);
  const mails = told.map(({ email, name }) => ({
    to: deliverable(email),
    ...disabledWebhookText({ name, webhookId: id, isGone }),
  }));
  await Promise.allSettled(mails.map(send));
}
