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

/** Where the key is kept: until the tab is closed, and for no other tab. */
const STORED_KEY = 'tenantry:key';

/** Where GraphiQL keeps what stands in its editor, and finds its tab again by when the page is loaded again. */
const STORED_QUERY = 'graphiql:query';

const NO_KEY =
  'Enter a key at the top and press Enter: the root key that npm start prints, or that of an API key. Or sign in there.';
const REFUSED = 'The key at the top is not valid here: it may be mistyped, revoked or expired.';
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

/** Whoever is signed in asks as that user. The key stays where it is, for when they have signed out. */
const credential = (): string => accessToken() ?? enteredKey();

const send = (operation: Operation): Promise<Response> =>
  fetch('/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${credential()}`, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
    credentials: 'omit',
  });

/** An access token that has expired is renewed, and the request made once more. */
async function post(operation: Operation): Promise<Response> {
  const token = accessToken();
  const response = await send(operation);
  if (token === null || response.status !== 401) return response;
  const retried = (await renewed(token)) ? await send(operation) : response;
  showEntry();
  return retried;
}

/** Says whether the gateway takes what there is to ask with, and as whom. */
async function tryCredential(): Promise<void> {
  tries += 1;
  const thisTry = tries;
  const said = credential() === '' ? NO_KEY : await verdict().catch(notTried);
  // Another key may have been entered while this one was on its way, or somebody have signed in or out.
  if (thisTry === tries) state.textContent = said;
}

const notTried = (error: unknown): string => `It could not be tried. ${error}`;

const verdict = (): Promise<string> => (accessToken() === null ? verdictOnKey() : whoIsSignedIn());

async function verdictOnKey(): Promise<string> {
  state.textContent = 'Trying the key …';
  const { status } = await post({ query: '{ viewer { type } }' });
  if (status === 401) return REFUSED;
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

/** Keeps the key that was entered. */
async function enterKey(): Promise<void> {
  sessionStorage.setItem(STORED_KEY, enteredKey());
  await tryCredential();
}

/** Shows what there is to do: to enter something, or to sign out. */
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
  // A session that has ended already is refused.
  if (data?.signOut.__typename !== 'SignOutPayload' && response.status !== 401) {
    throw new Error(`The gateway answers ${response.status}.`);
  }
  forgetSession();
  showEntry();
  field.focus();
  await tryCredential();
}

/**
 * Answers as the gateway does, but in words that fit this page where a credential is missing or refused. GraphiQL asks for
 * the schema as soon as it is there, and only once: that waits until there is something to ask with.
 */
async function answer({ query, operationName, variables }: Operation): Promise<unknown> {
  if (operationName === 'IntrospectionQuery') await accepted.promise;
  if (credential() === '') return refusal(NO_KEY, field);
  const isKey = accessToken() === null;
  const response = await post({
    query,
    operationName: isNamedIn(query, operationName) ? operationName : null,
    variables: variables ?? null,
  });
  if (response.status !== 401) return response.json();
  return isKey ? refusal(REFUSED, field) : refusal(ENDED, email);
}

/** For a moment after another tab was chosen, GraphiQL still gives the name of the operation in the one before. */
const isNamedIn = (query: string, name: string | null | undefined): name is string =>
  name != null && new RegExp(`\\b(query|mutation|subscription)\\s+${name}\\b`).test(query);

function refusal(message: string, input: HTMLInputElement) {
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

// GraphiQL does not do so before the first change: it would come back with an empty tab beside the others.
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
  // What is typed here may name customers. And in localStorage, other gateways at this address would leave their tabs.
  storage: sessionStorage,
  shouldPersistHeaders: false,
  isHeadersEditorEnabled: false,
  // In place of Yoga's own, which would write the query into the address: reloaded, that asks the API, not the page.
  onEditQuery: () => undefined,
});
