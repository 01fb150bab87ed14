import { byId } from '../elements.ts';

/** The part of the API's answers that these pages show. */
interface Answer {
  user?: { email: string };
  errors?: { message: string; extensions: { issues?: { path: string; message: string }[] } }[];
}

const UNAUTHENTICATED = 401;
const NO_TOKEN = 'Open the link in the mail, as a whole. It is not kept here: after the page was left, open it again.';

/** The form of the page. Its `action` is the path of the API. With `data-link`, only a mailed link leads here. */
const form = byId('form', HTMLFormElement);
const problem = byId('problem', HTMLParagraphElement);
const done = byId('done', HTMLParagraphElement);
/** The way to a new link, for people whose link is not valid any more. */
const another = document.getElementById('another');
let token: string | null = null;
let isBusy = false;

/** Moves the token of the link from the address bar and the history into this page, so that nobody finds it there. */
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
  // An empty field is not sent, so that an invited user keeps the name of the invitation.
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
    else showFailure(response.status, answer);
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

function showFailure(status: number, { errors: [error] = [] }: Answer): void {
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

/** Removes the token and all that was typed, because nothing more can be done with them. */
function forget(): void {
  token = null;
  form.reset();
  form.hidden = true;
}

const inputs = (): HTMLInputElement[] => [...form.querySelectorAll('input')];

/** Shows what is wrong with a field, or that nothing is, also to screen readers. */
function say(input: HTMLInputElement, message: string | null): void {
  input.ariaInvalid = message === null ? 'false' : 'true';
  byId(`${input.id}-problem`, HTMLSpanElement).textContent = message ?? '';
}

form.addEventListener('submit', async (event) => {
  event.preventDefault();
  // A link is valid for one use, so the second of two clicks would fail.
  if (isBusy) return;
  isBusy = true;
  await submit();
  isBusy = false;
});
// A browser does not load the page again for another link to it.
addEventListener('hashchange', takeToken);
takeToken();
