import * as z from 'zod';
import { parseSigningKeys } from '../../directory/access/signer.ts';
import type { Neighbourhood } from '../../directory/kernel/webhook-addresses.ts';

/** The bindings, variables and secrets of a deployment, as the Worker is given them. */
export interface Environment {
  DB: D1Database;
  /** The files of the HTML pages. Without them there are no pages, but the API still works. */
  ASSETS?: Fetcher;
  /** A credential with every permission, to set up a deployment. Without it, only API keys and users have access. */
  ROOT_KEY?: string;
  /** The origins whose pages may call the API from a browser, separated by commas. A wildcard is not allowed. */
  ALLOWED_ORIGINS?: string;
  /** The origin at which people reach the deployment. It is part of access tokens and of mailed links. */
  PUBLIC_URL?: string;
  /** A JSON Web Key Set, whose first key signs access tokens. Without it, nobody can sign in. */
  SIGNING_KEYS?: string;
  /** The binding that sends mail. Without it, or without MAIL_FROM, mails stay in the outbox. */
  EMAIL?: SendEmail;
  /** The sender of mails: an address, or `Name <address>`. */
  MAIL_FROM?: string;
  /** The page that invitations lead to, with the token behind a `#`. By default it is the page of this deployment. */
  INVITATION_URL?: string;
  /** The page that links to reset a password lead to. By default it is the page of this deployment. */
  PASSWORD_RESET_URL?: string;
  /** Counts the requests of credentials of the default tier. Without it, they are not limited. */
  RATE_LIMIT_DEFAULT?: RateLimit;
  /** Counts the requests of API keys of the high tier. Without it, they are not limited. */
  RATE_LIMIT_HIGH?: RateLimit;
  /** Counts the requests without a valid credential, by network address. Without it, they are not limited. */
  RATE_LIMIT_STRANGERS?: RateLimit;
  /** How many requests each of these lets pass in 60 seconds: the bindings do not say, and who is refused is told. */
  RATE_LIMITS?: { DEFAULT?: number; HIGH?: number; STRANGERS?: number };
  /** Wakes those who send events to webhooks. Without it, none are sent. */
  WEBHOOK_HUB?: DurableObjectNamespace<Rpc.DurableObjectBranded & { wake(): Promise<void> }>;
  /** Sends events to one webhook each. */
  WEBHOOK_SENDER?: DurableObjectNamespace<Rpc.DurableObjectBranded & { wake(webhookId: string): Promise<void> }>;
  /** After how many days events are removed. Without it, they are kept for ever. */
  EVENTS_KEPT_DAYS?: string;
  /** How many queries one invocation of the Worker may make of D1: 50, as on the free plan, if not given. */
  D1_QUERIES?: string;
  /** Set, to anything, on a person's own machine: events may be sent to addresses of it, and of its network. */
  OWN_MACHINE?: string;
  /** The names of the dialects that are served, separated by commas, or `none`. By default all of them are. */
  DIALECTS?: string;
}

/** The names of all dialects: APIs that others have documented, and that this deployment can serve. */
export const DIALECTS = ['plain', 'prismatic', 'capig', 'userdocks'] as const;
/** The name of a dialect, as the variable DIALECTS has it. */
export type DialectName = (typeof DIALECTS)[number];

const namesIn = (list = ''): string[] =>
  list
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The value of the variable DIALECTS with which no dialect is served. */
export const NO_DIALECTS = 'none';

/** Returns whether the deployment serves a dialect. It serves all of them unless DIALECTS names some, or says `none`. */
export function isServed({ DIALECTS: list }: Environment, name: DialectName): boolean {
  const names = namesIn(list);
  return names.length === 0 || names.includes(name);
}

const MIN_ROOT_KEY_LENGTH = 32;

/**
 * Returns what is wrong with the configuration, so that the deployment must not serve; null if nothing is. The message
 * never quotes a secret.
 */
export function misconfiguration(env: Environment): string | null {
  const known = problems.get(env);
  if (known !== undefined) return known;
  const problem = problemOf(env);
  problems.set(env, problem);
  return problem;
}

/** An isolate has one environment, and looks through it once. */
const problems = new WeakMap<Environment, string | null>();

function problemOf(env: Environment): string | null {
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
  const problem = dialectsProblem(namesIn(env.DIALECTS)) ?? countsProblem(env);
  if (problem !== null) return problem;
  return SIGNING_KEYS ? signingKeysProblem(SIGNING_KEYS) : null;
}

const [MIN_D1_QUERIES, MAX_D1_QUERIES] = [50, 1000];

/** Returns how many queries one invocation of the Worker may make of D1. */
export const d1Queries = ({ D1_QUERIES }: Environment): number => Number(D1_QUERIES || MIN_D1_QUERIES);

/** What was done under an idempotency key is told by its events for a day. */
const [MIN_KEPT_DAYS, MAX_KEPT_DAYS] = [1, 36_500];

/** Returns after how many days events are removed; null if they are kept for ever, or it is not known for how long. */
export const eventsKeptDays = (env: Environment): number | null =>
  env.EVENTS_KEPT_DAYS && countsProblem(env) === null ? Number(env.EVENTS_KEPT_DAYS) : null;

function countsProblem({ D1_QUERIES, EVENTS_KEPT_DAYS }: Environment): string | null {
  return (
    countProblem('D1_QUERIES', D1_QUERIES, MIN_D1_QUERIES, MAX_D1_QUERIES) ??
    countProblem('EVENTS_KEPT_DAYS', EVENTS_KEPT_DAYS, MIN_KEPT_DAYS, MAX_KEPT_DAYS)
  );
}

function countProblem(name: string, text: string | undefined, min: number, max: number): string | null {
  if (!text || (/^\d{1,9}$/.test(text) && Number(text) >= min && Number(text) <= max)) return null;
  return `${name} is not a whole number from ${min} to ${max}.`;
}

function dialectsProblem(names: readonly string[]): string | null {
  if (names.length === 1 && names[0] === NO_DIALECTS) return null;
  const unknown = names.filter((name) => !DIALECTS.some((known) => known === name));
  if (unknown.length === 0) return null;
  return `DIALECTS names ${unknown.join(', ')}. There are: ${DIALECTS.join(', ')}; or ${NO_DIALECTS}, alone.`;
}

/** Returns what is wrong with the keys, without quoting them; null if nothing is. */
function signingKeysProblem(text: string): string | null {
  try {
    parseSigningKeys(text);
    return null;
  } catch (error) {
    const [issue] = error instanceof z.ZodError ? error.issues : [];
    const detail = issue ? `${issue.path.join('.')} ${issue.message}`.trim() : 'not JSON';
    return `SIGNING_KEYS is not a set of keys to sign with: ${detail}. \`npm run -s signing-keys\` makes one.`;
  }
}

/** The origin in the URL of a request to this machine. */
const LOCAL_ORIGIN = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?(?=\/)/;

/**
 * Returns the origin at which people reach the deployment, or null if it is not known. Without PUBLIC_URL, the origin
 * of the request is used on localhost only: elsewhere, a forged Host header would end up in mailed links.
 */
export function publicUrl({ PUBLIC_URL }: Environment, request?: Request): string | null {
  if (PUBLIC_URL) return PUBLIC_URL;
  return LOCAL_ORIGIN.exec(request?.url ?? '')?.[0] ?? null;
}

const HOST = /^https?:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/:?#]*)/i;

/** Returns where the deployment stands, as far as is known: at its public URL, and where this request was sent to. */
export function neighbourhoodOf({ PUBLIC_URL, OWN_MACHINE }: Environment, request: Request): Neighbourhood {
  const urls = PUBLIC_URL ? [PUBLIC_URL, request.url] : [request.url];
  return {
    ownHosts: urls.map((url) => HOST.exec(url)?.[1]?.toLowerCase() ?? ''),
    isOwnMachine: Boolean(OWN_MACHINE),
  };
}
