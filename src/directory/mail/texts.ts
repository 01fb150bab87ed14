import type { LinkPurpose } from '../kernel/link-purposes.ts';

interface Addressee {
  /** Null for a user without one. */
  name: string | null;
  organization: string;
  link: string;
}

interface Text {
  subject: string;
  text: string;
}

/** What the mails say. Plain text: nothing that somebody wrote into a name becomes more than a name. */
export const MAIL_TEXTS: Record<LinkPurpose, (to: Addressee) => Text> = {
  INVITATION: ({ name, organization, link }) => ({
    subject: `You are invited to ${organization}`,
    text: `${greeting(name)}

You are invited to ${organization}. To accept, choose a password here:

${link}

The link is good for 7 days and for one use. If you did not expect this, do nothing: nobody can sign in as you without it.
`,
  }),
  PASSWORD_RESET: ({ name, organization, link }) => ({
    subject: `A new password for ${organization}`,
    text: `${greeting(name)}

Somebody, most likely you, asked for a new password at ${organization}. To choose one, go here:

${link}

The link is good for one hour and for one use. If it was not you, do nothing: your password stays as it is.
`,
  }),
};

/** On one line, whatever the name: with lines of its own it could say anything in our name. */
const greeting = (name: string | null): string => (name === null ? 'Hello,' : `Hello ${name.replaceAll(/\s+/g, ' ')},`);
