import { byId } from '../elements.ts';

/** What the steps by which people sign in answer, as far as these pages show it. */
interface Answer {
  user?: { email: string };
  errors?: { message: string; extensions: { issues?: { path: string; message: string }[] } }[];
}

const UNAUTHENTICATED = 401;
const NO_TOKEN = 'Open the link in the mail, as a whole. It is not kept here: after the page was left, open it again.';

/** One for each page. Its `action` is the path of the API; `data-link` says that a mailed link must have led here. */
const form = byId('form', HTMLFormElement);
const problem = byId('problem', HTMLParagraphElement);
const done = byId('done', HTMLParagraphElement);
/** Where those go whose link is good no more. */
const another = document.getElementById('another');
let token: string | null = null;
let isBusy = false;

/** Takes the token of the link out of the address bar and the history: from here on it stands in this page only. */
function takeToken(): void {
  const given = new URLSearchParams(location.hash.slice(1)).get('token');
  if (given !== null) {
    token = given;
    history.replaceState(null, '', location.pathname);
    done.hidden = true;
    if (another) another.hidden = true;
  }
  const isMissing = token === null && form.dataset.link !== undefined;
  form.hidden = isMissing;
  problem.textContent = isMissing ? NO_TOKEN : '';
}

async function submit(): Promise<void> {
  for (const input of inputs()) say(input, null);
  problem.textContent = '';
  // What is left empty is not given: an invited user keeps the name that they were invited by.
  const filled = inputs().filter(({ value }) => value !== '');
  const given = Object.fromEntries(filled.map(({ name, value }) => [name, value]));
  try {
    const response = await fetch(form.action, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(token === null ? given : { ...given, token }),
      credentials: 'omit',
    });
    const answer: Answer = await response.json();
    if (response.ok) finish(answer);
    else refuse(response.status, answer);
  } catch {
    problem.textContent = 'There was no answer. Try again in a moment.';
  }
}

function finish({ user }: Answer): void {
  forget();
  const email = document.getElementById('email-of-user');
  if (user && email) email.textContent = user.email;
  done.hidden = false;
  done.focus();
}

function refuse(status: number, { errors: [error] = [] }: Answer): void {
  const atFields = (error?.extensions.issues ?? []).filter(({ path, message }) => {
    const input = inputs().find(({ name }) => name === path);
    if (input) say(input, `This ${message}.`);
    return input !== undefined;
  });
  inputs()
    .find((input) => input.ariaInvalid === 'true')
    ?.focus();
  if (atFields.length === 0) problem.textContent = error?.message ?? `The gateway answers ${status}.`;
  if (status !== UNAUTHENTICATED) return;
  forget();
  if (another) another.hidden = false;
}

/** There is nothing more to be done with the link, nor with what was typed. */
function forget(): void {
  token = null;
  form.reset();
  form.hidden = true;
}

const inputs = (): HTMLInputElement[] => [...form.querySelectorAll('input')];

/** Says at a field what is wrong with it, to those who see it and to those who hear it. */
function say(input: HTMLInputElement, message: string | null): void {
  input.ariaInvalid = message === null ? 'false' : 'true';
  byId(`${input.id}-problem`, HTMLSpanElement).textContent = message ?? '';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // A link is good for one use: the second of two clicks would be told that it is not.
  if (isBusy) return;
  isBusy = true;
  await submit();
  isBusy = false;
});
// Another link to the page that is open already does not load it again.
addEventListener('hashchange', takeToken);
takeToken();
