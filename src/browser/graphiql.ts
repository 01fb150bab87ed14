import { examples } from '../cli/graphiql-examples.ts';
import { byId } from './elements.ts';
import { accessToken, forgetSession, renewed, signIn } from './session.ts';

interface Operation {
  query: string;
  operationName?: string | null;
  variables?: Record<string, unknown> | null;
}

interface Options {
  title: string;
  logo: string;
  fetcher: (operation: Operation) => Promise<unknown>;
  defaultTabs: { query: string; variables: string | null }[];
  storage: Storage;
  shouldPersistHeaders: boolean;
  isHeadersEditorEnabled: boolean;
  onEditQuery: () => void;
}

declare const YogaGraphiQL: { renderYogaGraphiQL(root: Element, options: Options): void };

interface WhoAmI {
  data?: { viewer: { user: { email: string | null } | null; reach: { kind: string } } };
}

interface SignOut {
  data?: { signOut: { __typename: string } };
}

/** The storage item of the key. It is kept until the tab is closed, and for no other tab. */
const STORED_KEY = 'tenantry:key';

/** The storage item of GraphiQL's editor, by which it finds its tab again when the page is reloaded. */
const STORED_QUERY = 'graphiql:query';

const NO_KEY =
  'Enter a key at the top and press Enter: the root key that npm start prints, or that of an API key. Or sign in there.';
const INVALID_KEY = 'The key at the top is not valid here: it may be mistyped, revoked or expired.';
const ENDED = 'You are not signed in any more. Sign in again at the top, or enter a key.';

const field = byId('key', HTMLInputElement);
const entry = byId('entry', HTMLDivElement);
const form = byId('sign-in', HTMLFormElement);
const email = byId('email', HTMLInputElement);
const password = byId('password', HTMLInputElement);
const tenantId = byId('tenant-id', HTMLInputElement);
const signOutButton = byId('sign-out', HTMLButtonElement);
const state = byId('state', HTMLOutputElement);
const accepted = Promise.withResolvers<void>();
let tries = 0;
let isSigningIn = false;

const enteredKey = (): string => field.value.trim();

/** Returns the access token of a user who is signed in, or else the key. The key is kept for when they sign out. */
const credential = (): string => accessToken() ?? enteredKey();

const send = (operation: Operation): Promise<Response> =>
  fetch('/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${credential()}`, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
    credentials: 'omit',
  });

/** Sends an operation. If the access token has expired, it is renewed, and the request is made once more. */
async function post(operation: Operation): Promise<Response> {
  const token = accessToken();
  const response = await send(operation);
  if (token === null || response.status !== 401) return response;
  const retried = (await renewed(token)) ? await send(operation) : response;
  showEntry();
  return retried;
}

/** Shows whether the gateway accepts the credential, and whose it is. */
async function tryCredential(): Promise<void> {
  tries += 1;
  const thisTry = tries;
  const said = credential() === '' ? NO_KEY : await verdict().catch(notTried);
  // The user may have entered another key, or signed in or out, while the answer was on its way.
  if (thisTry === tries) state.textContent = said;
}

const notTried = (error: unknown): string => `It could not be tried. ${error}`;

const verdict = (): Promise<string> => (accessToken() === null ? verdictOnKey() : whoIsSignedIn());

async function verdictOnKey(): Promise<string> {
  state.textContent = 'Trying the key …';
  const { status } = await post({ query: '{ viewer { type } }' });
  if (status === 401) return INVALID_KEY;
  accepted.resolve();
  return status === 200 ? 'The key is valid.' : `The gateway answers ${status}.`;
}

async function whoIsSignedIn(): Promise<string> {
  state.textContent = 'Asking who is signed in …';
  const response = await post({ query: '{ viewer { user { email } reach { kind } } }' });
  if (response.status === 401) return ENDED;
  const { data }: WhoAmI = await response.json();
  if (!data) return `The gateway answers ${response.status}.`;
  accepted.resolve();
  const { user, reach } = data.viewer;
  return `Signed in as ${user?.email ?? 'a user who may not read users'}, who reaches: ${reach.kind}.`;
}

/** Stores the key that was entered, and tries it. */
async function enterKey(): Promise<void> {
  sessionStorage.setItem(STORED_KEY, enteredKey());
  await tryCredential();
}

/** Shows the fields to enter a credential, or the button to sign out. */
function showEntry(): void {
  const isSignedIn = accessToken() !== null;
  entry.hidden = isSignedIn;
  signOutButton.hidden = !isSignedIn;
}

async function enter(): Promise<void> {
  state.textContent = 'Signing in …';
  const tenant = tenantId.value.trim();
  const problem = await signIn({
    email: email.value,
    password: password.value,
    ...(tenant !== '' && { tenantId: tenant }),
  }).catch(notTried);
  if (problem !== null) {
    state.textContent = problem;
    password.select();
    return;
  }
  form.reset();
  showEntry();
  signOutButton.focus();
  await tryCredential();
}

async function leave(): Promise<void> {
  const response = await post({ query: 'mutation { signOut(input: {}) { __typename } }' });
  const { data }: SignOut = await response.json();
  // A 401 means that the session has ended already.
  if (data?.signOut.__typename !== 'SignOutPayload' && response.status !== 401) {
    throw new Error(`The gateway answers ${response.status}.`);
  }
  forgetSession();
  showEntry();
  field.focus();
  await tryCredential();
}

/**
 * Returns the gateway's answer, or a message of this page if the credential is missing or not valid. GraphiQL asks for
 * the schema once, as soon as it is loaded: that request waits until a credential was accepted.
 */
async function answer({ query, operationName, variables }: Operation): Promise<unknown> {
  if (operationName === 'IntrospectionQuery') await accepted.promise;
  if (credential() === '') return errorResult(NO_KEY, field);
  const isKey = accessToken() === null;
  const response = await post({
    query,
    operationName: isNamedIn(query, operationName) ? operationName : null,
    variables: variables ?? null,
  });
  if (response.status !== 401) return response.json();
  return isKey ? errorResult(INVALID_KEY, field) : errorResult(ENDED, email);
}

/**
 * Checks the name, because just after a change of tabs GraphiQL still gives the name of the operation in the old tab.
 */
const isNamedIn = (query: string, name: string | null | undefined): name is string =>
  name != null && new RegExp(`\\b(query|mutation|subscription)\\s+${name}\\b`).test(query);

/** Shows a message above GraphiQL, moves the focus to the field to correct, and returns the message as a result. */
function errorResult(message: string, input: HTMLInputElement) {
  state.textContent = message;
  input.focus();
  return { errors: [{ message }] };
}

Object.assign(globalThis, {
  MonacoEnvironment: { getWorkerUrl: (_module: string, label: string) => `/graphiql/${label}.worker.js` },
});

field.value = sessionStorage.getItem(STORED_KEY) ?? '';
field.addEventListener('change', enterKey);
form.addEventListener('submit', async (event) => {
  event.preventDefault();
  if (isSigningIn) return;
  isSigningIn = true;
  await enter();
  isSigningIn = false;
});
signOutButton.addEventListener('click', () => {
  leave().catch((error) => {
    state.textContent = `You could not be signed out. ${error}`;
  });
});
showEntry();
void tryCredential();

// GraphiQL stores its query only at the first change. Without this, a reload would add an empty tab.
const [first] = examples;
if (first && sessionStorage.getItem(STORED_QUERY) === null) sessionStorage.setItem(STORED_QUERY, first.query);

YogaGraphiQL.renderYogaGraphiQL(byId('graphiql', HTMLDivElement), {
  title: 'Tenantry',
  logo: '',
  fetcher: answer,
  defaultTabs: examples.map(({ query, variables }) => ({
    query,
    variables: variables === undefined ? null : JSON.stringify(variables, null, 2),
  })),
  // Queries may name customers, so they end with the tab. localStorage would also show the tabs of other gateways that
  // were served at this address.
  storage: sessionStorage,
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: false,
  // Yoga's own function would write the query into the address, which then leads to the API instead of the page.
  onEditQuery: () => undefined,
});
