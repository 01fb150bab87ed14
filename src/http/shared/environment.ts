import * as z from 'zod';
import { parseSigningKeys } from '../../directory/access/signer.ts';

/** The bindings, variables and secrets of the deployment. */
export interface Environment {
  DB: D1Database;
  /** The files of the pages for people. Without them there are no pages, and an API still. */
  ASSETS?: Fetcher;
  /** Bootstraps a deployment. Without it there is no root access, only that of API keys and users. */
  ROOT_KEY?: string;
  /** Origins whose pages may call the API from a browser, separated by commas. Never a wildcard. */
  ALLOWED_ORIGINS?: string;
  /** Where people reach the deployment, as an origin. It stands in access tokens and in mailed links. */
  PUBLIC_URL?: string;
  /** The JSON Web Key Set that access tokens are signed with, by its first key. Without it nobody can sign in. */
  SIGNING_KEYS?: string;
  /** Sends mail. Without it, or without MAIL_FROM, invitations wait. */
  EMAIL?: SendEmail;
  /** Whom mails are from: an address, or `Name <address>`. */
  MAIL_FROM?: string;
  /** Pages of one's own that mailed links lead to, which get the token behind a `#`. Ours, if not given. */
  INVITATION_URL?: string;
  PASSWORD_RESET_URL?: string;
  /** Which documented APIs of others are served, separated by commas. All of them, if none is named. */
  DIALECTS?: string;
}

/** The documented APIs of others that there are, by their names in DIALECTS. */
export const DIALECTS = ['plain', 'prismatic', 'capig', 'userdocks'] as const;
export type DialectName = (typeof DIALECTS)[number];

const namesIn = (list = ''): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** Whether a dialect is served: every one is, unless some are named. */
export function isServed({ DIALECTS: list }: Environment, name: DialectName): boolean {
  const names = namesIn(list);
  return names.length === 0 || names.includes(name);
}

const MIN_ROOT_KEY_LENGTH = 32;

/** Why this deployment must not serve; null when it may. */
export function misconfiguration(env: Environment): string | null {
  const { ROOT_KEY, ALLOWED_ORIGINS, PUBLIC_URL, SIGNING_KEYS, INVITATION_URL, PASSWORD_RESET_URL } = env;
  if (ROOT_KEY && ROOT_KEY.length < MIN_ROOT_KEY_LENGTH) {
    return `ROOT_KEY has fewer than ${MIN_ROOT_KEY_LENGTH} characters. Set a longer one, or remove it.`;
  }
  if (ROOT_KEY && /\s/.test(ROOT_KEY)) return 'ROOT_KEY has white space, which no header can carry. Set another one.';
  if (ALLOWED_ORIGINS?.includes('*')) return 'ALLOWED_ORIGINS has a wildcard. Name each origin.';
  if (PUBLIC_URL && URL.parse(PUBLIC_URL)?.origin !== PUBLIC_URL) {
    return 'PUBLIC_URL is not an origin, such as https://tenantry.example.com without anything behind it.';
  }
  for (const [name, url] of Object.entries({ INVITATION_URL, PASSWORD_RESET_URL })) {
    if (url && !/^https?:$/.test(URL.parse(url)?.protocol ?? '')) return `${name} is not an http or https URL.`;
  }
  const unknown = namesIn(env.DIALECTS).filter((name) => !DIALECTS.some((known) => known === name));
  if (unknown.length > 0) return `DIALECTS names ${unknown.join(', ')}. There are: ${DIALECTS.join(', ')}.`;
  return SIGNING_KEYS ? wrongKeys(SIGNING_KEYS) : null;
}

const keysFoundGood = new Set<string>();

/** What is wrong with the keys. Nothing of them stands in it. */
function wrongKeys(text: string): string | null {
  if (keysFoundGood.has(text)) return null;
  try {
    parseSigningKeys(text);
    keysFoundGood.add(text);
    return null;
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const detail = issue ? `${issue.path.join('.')} ${issue.message}`.trim() : 'not JSON';
    return `SIGNING_KEYS is not a set of keys to sign with: ${detail}. \`npm run -s signing-keys\` makes one.`;
  }
}

const LOCAL = /^(localhost|127\.0\.0\.1|\[::1\])$/;

/**
 * Where people reach the deployment: PUBLIC_URL, or, on one's own machine, wherever the request came. Null when it is not
 * known: what a request says of it elsewhere is not to be trusted with links that are mailed.
 */
export function publicUrl({ PUBLIC_URL }: Environment, request?: Request): string | null {
  if (PUBLIC_URL) return PUBLIC_URL;
  const url = request && new URL(request.url);
  return url && LOCAL.test(url.hostname) ? url.origin : null;
}
