import type { LinkPurpose } from '../kernel/link-purposes.ts';

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

/** Keeps the name on one line: with lines of its own it could say anything in our name. */
const greeting = (name: string | null): string => (name === null ? 'Hello,' : `Hello ${name.replaceAll(/\s+/g, ' ')},`);
