/** The bindings, variables and secrets of the deployment. */
export interface Environment {
  DB: D1Database;
  /** The files of the page that GraphiQL is. Without them there is no page, and an API still. */
  ASSETS?: Fetcher;
  /** Bootstraps a deployment. Without it there is no root access, only that of API keys. */
  ROOT_KEY?: string;
  /** Origins whose pages may call the API from a browser, separated by commas. Never a wildcard. */
  ALLOWED_ORIGINS?: string;
}

const MIN_ROOT_KEY_LENGTH = 32;

/** Why this deployment must not serve; null when it may. */
export function misconfiguration({ ROOT_KEY, ALLOWED_ORIGINS }: Environment): string | null {
  if (ROOT_KEY && ROOT_KEY.length < MIN_ROOT_KEY_LENGTH) {
    return `ROOT_KEY has fewer than ${MIN_ROOT_KEY_LENGTH} characters. Set a longer one, or remove it.`;
  }
  if (ROOT_KEY && /\s/.test(ROOT_KEY)) return 'ROOT_KEY has white space, which no header can carry. Set another one.';
  if (ALLOWED_ORIGINS?.includes('*')) return 'ALLOWED_ORIGINS has a wildcard. Name each origin.';
  return null;
}
