import type { LinkPurpose } from '../kernel/link-purposes.ts';

/** How long a name in a mail can be. */
export const MAX_NAME_LENGTH_IN_MAIL = 40;
/** How many digits a name in a mail can have: fewer than the number of a telephone has. */
export const MAX_DIGITS_IN_MAIL = 4;

/** Letters and digits of any script, and what stands between the parts of a name. A full stop ends a word. */
const NAME = /^[\p{L}\p{Nd}](?:[\p{L}\p{M}\p{Nd} ,&'\u2019-]|\.(?= |$))*$/u;
/** Letters that look like full stops and commas. */
const LOOKING_LIKE_STOPS = /[\uA4F8-\uA4FD]/;

/**
 * Whether a mail may say a name that somebody gave. Whoever has people invited chooses their names, and could have mail
 * sent from here that says what they like. So a name is short, and has nothing that a mail program might make a link of:
 * no address of any kind, no number to call, and no line of its own.
 */
export function isNameForMail(name: string): boolean {
  const digits = name.match(/\p{Nd}/gu) ?? [];
  const isShort = name.length <= MAX_NAME_LENGTH_IN_MAIL && digits.length <= MAX_DIGITS_IN_MAIL;
  return isShort && NAME.test(name) && !LOOKING_LIKE_STOPS.test(name);
}

interface Addressee {
  /** Null for a user without a name. */
  name: string | null;
  organization: string;
  link: string;
}

interface Text {
  subject: string;
  text: string;
}

/** The texts of the mails. They are plain text, so that nothing in a name can act as markup. */
export const MAIL_TEXTS: Record<LinkPurpose, (to: Addressee) => Text> = {
  INVITATION: ({ name, organization, link }) => ({
    subject: `You are invited${named(' to', organization)}`,
    text: `${greeting(name)}

You are invited${named(' to', organization)}. To accept, choose a password here:

${link}

The link is good for 7 days and for one use. If you did not expect this, do nothing: nobody can sign in as you without it.
`,
  }),
  PASSWORD_RESET: ({ name, organization, link }) => ({
    subject: `A new password${named(' for', organization)}`,
    text: `${greeting(name)}

Somebody, most likely you, asked for a new password${named(' at', organization)}. To choose one, go here:

${link}

The link is good for one hour at most and for one use. If it was not you, do nothing: your password stays as it is.
`,
  }),
};

const greeting = (name: string | null): string => (name !== null && isNameForMail(name) ? `Hello ${name},` : 'Hello,');

/** Returns the name of the organization behind a word, in one line; nothing if it is no name for a mail. */
function named(word: string, organization: string): string {
  const name = organization.replaceAll(/\s+/g, ' ');
  return isNameForMail(name) ? `${word} ${name}` : '';
}

/** Returns the text of the mail to whoever may mend a webhook that was disabled. Its address is not told: anybody may have chosen it. */
export const disabledWebhookText = (to: { name: string | null; webhookId: string; isGone: boolean }): Text => ({
  subject: 'A webhook was disabled',
  text: `${greeting(to.name)}

The webhook ${to.webhookId} was disabled: ${to.isGone ? 'its address says that there is nobody any more.' : 'for five days, nothing that was sent to it was taken.'}

What has changed since then is kept for it. Its deliveries say what was answered. Once it is mended, enable it again (updateWebhook), and it is sent what it missed.
`,
});
