import { Database } from '../../db/client.ts';
import { type Mailer, sendDueMail } from '../../directory/mail/outbox.ts';
import type { Environment } from '../shared/environment.ts';
import { log } from '../shared/failures.ts';
import { linksOf } from './links.ts';

/**
 * Returns a mailer that sends with Cloudflare's binding, and logs the code of what that refuses: its words may quote the
 * mail. `url` is the public URL of the deployment, if it is known.
 */
export function mailerOf(env: Environment, url: string | null): Mailer {
  const { EMAIL, MAIL_FROM } = env;
  const link = linksOf(env, url);
  if (!EMAIL || !MAIL_FROM) return { send: null, link };
  return {
    async send(mail) {
      try {
        await EMAIL.send({ from: senderOf(MAIL_FROM), ...mail });
      } catch (error) {
        log(crypto.randomUUID(), error);
        throw error;
      }
    },
    link,
  };
}

const NAMED = /^\s*"?([^"<]*?)"?\s*<([^<>\s]+)>\s*$/;

/** Reads the sender from `Name <address>`, or from an address alone. */
function senderOf(from: string): string | EmailAddress {
  const [, name, email] = NAMED.exec(from) ?? [];
  return email === undefined ? from : { name: name ?? '', email };
}

/**
 * Sends the mails of the outbox that are due. `url` is the public URL of the deployment. Without it, a mail fails and
 * is tried again later, unless the environment names the page that its link leads to.
 */
export async function sendMail(env: Environment, url: string | null): Promise<void> {
  await sendDueMail(new Database(env.DB), mailerOf(env, url), new Date());
}
