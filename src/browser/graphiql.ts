import { examples } from '../cli/graphiql-examples.ts';

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

/** Where the key is kept: until the tab is closed, and for no other tab. */
const STORED_KEY = 'tenantry:key';

/** Where GraphiQL keeps what stands in its editor, and finds its tab again by when the page is loaded again. */
const STORED_QUERY = 'graphiql:query';

const NO_KEY = 'Enter a key at the top and press Enter: the root key that npm start prints, or that of an API key.';
const REFUSED = 'The key at the top is not valid here: it may be mistyped, revoked or expired.';

const field = byId('key', HTMLInputElement);
const state = byId('state', HTMLOutputElement);
const accepted = Promise.withResolvers<void>();

function byId<T extends Element>(id: string, type: new () => T): T {
  const element = document.getElementById(id);
  if (!(element instanceof type)) throw new Error(`The page has no ${id}`);
  return element;
}

const enteredKey = (): string => field.value.trim();

const post = (operation: Operation): Promise<Response> =>
  fetch('/graphql', {
    method: 'POST',
    headers: { authorization: `Bearer ${enteredKey()}`, 'content-type': 'application/json' },
    body: JSON.stringify(operation),
    credentials: 'omit',
  });

/** Keeps the key that was entered, and says whether the gateway takes it. */
async function tryKey(): Promise<void> {
  const key = enteredKey();
  sessionStorage.setItem(STORED_KEY, key);
  const said = key === '' ? NO_KEY : await verdict();
  // Another key may have been entered while this one was on its way.
  if (key === enteredKey()) state.textContent = said;
}

async function verdict(): Promise<string> {
  state.textContent = 'Trying the key …';
  try {
    const { status } = await post({ query: '{ viewer { type } }' });
    if (status === 401) return REFUSED;
    accepted.resolve();
    return status === 200 ? 'The key is valid.' : `The gateway answers ${status}.`;
  } catch (error) {
    return `The key could not be tried. ${error}`;
  }
}

/**
 * Answers as the gateway does, but in words that fit this page where a key is missing or refused. GraphiQL asks for the
 * schema as soon as it is there, and only once: that waits until there is a key to ask with.
 */
async function answer({ query, operationName, variables }: Operation): Promise<unknown> {
  if (operationName === 'IntrospectionQuery') await accepted.promise;
  if (enteredKey() === '') return refusal(NO_KEY);
  const response = await post({ query, operationName: operationName ?? null, variables: variables ?? null });
  return response.status === 401 ? refusal(REFUSED) : response.json();
}

function refusal(message: string) {
  state.textContent = message;
  field.focus();
  return { errors: [{ message }] };
}

Object.assign(globalThis, {
  MonacoEnvironment: { getWorkerUrl: (_module: string, label: string) => `/graphiql/${label}.worker.js` },
});

field.value = sessionStorage.getItem(STORED_KEY) ?? '';
field.addEventListener('change', tryKey);
void tryKey();

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
