/** The tokens of a user who is signed in: in this tab of the browser only, and until it is closed. */
interface Session {
  accessToken: string;
  refreshToken: string;
}

interface Answer extends Session {
  errors?: { message: string }[];
}

/** What a user signs in with. `tenantId` is the tenant to start in. */
export interface Credentials {
  email: string;
  password: string;
  tenantId?: string;
}

const STORED_SESSION = 'tenantry:session';
const UNAUTHENTICATED = 401;

let session: Session | null = stored();
/** The renewal in progress. All callers share it, because a refresh token that is used twice ends the session. */
let renewing: Promise<boolean> | null = null;

function stored(): Session | null {
  const text = sessionStorage.getItem(STORED_SESSION);
  return text === null ? null : JSON.parse(text);
}

function keep({ accessToken, refreshToken }: Session): void {
  session = { accessToken, refreshToken };
  sessionStorage.setItem(STORED_SESSION, JSON.stringify(session));
}

/** Forgets the tokens. The session at the gateway does not end by this. */
export function forgetSession(): void {
  session = null;
  sessionStorage.removeItem(STORED_SESSION);
}

/** Returns the access token for requests; null while nobody is signed in. */
export const accessToken = (): string | null => session?.accessToken ?? null;

const post = (path: string, body: unknown): Promise<Response> =>
  fetch(path, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    credentials: 'omit',
  });

/** Signs a user in. Returns null if that succeeds, or else the gateway's message. */
export async function signIn(credentials: Credentials): Promise<string | null> {
  const response = await post('/auth/sign-in', credentials);
  const answer: Answer = await response.json();
  if (!response.ok) return answer.errors?.[0]?.message ?? `The gateway answers ${response.status}.`;
  keep(answer);
  return null;
}

/**
 * Replaces an access token that the gateway did not accept. Returns whether there is a new one; if not, nobody is
 * signed in.
 */
export async function renewed(expired: string): Promise<boolean> {
  if (session === null || session.accessToken !== expired) return session !== null;
  renewing ??= renew(session).finally(() => {
    renewing = null;
  });
  return renewing;
}

async function renew({ refreshToken }: Session): Promise<boolean> {
  const response = await post('/auth/refresh', { refreshToken });
  // The user signed out, or in again, while the answer was on its way.
  if (session?.refreshToken !== refreshToken) return session !== null;
  if (response.status === UNAUTHENTICATED) {
    forgetSession();
    return false;
  }
  if (!response.ok) throw new Error(`The gateway answers ${response.status}.`);
  keep(await response.json());
  return true;
}
