import type { Environment } from '../../../src/http/shared/environment.ts';
import type { Result } from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';

export const uuidOf = ({ id }: Result | { id: string }): string => atob(id).split(':')[1] ?? '';

/** Asks the hub, as a client of its document does. */
export const hub = (
  query: string,
  variables: Variables = {},
  token: string | null = ROOT_KEY,
  overrides: Partial<Environment> = {},
): Promise<Answer> =>
  send(
    new Request(`${PUBLIC_URL}/hub/graphql/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    }),
    overrides,
  );

type Fields = Record<string, string>;

export const formOf = (fields: Fields): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

export const clientOf = (id: string, secret: string): Fields => ({
  client_id: id,
  client_secret: secret,
  grant_type: 'client_credentials',
});

/** Asks for a token, by either kind of form. */
export const askToken = (body: FormData | URLSearchParams | string, overrides: Partial<Environment> = {}) =>
  send(new Request(`${PUBLIC_URL}/clients/token`, { method: 'POST', body }), overrides);

/** The token of a key, got as the document has it. */
export async function tokenFor(id: string, secret: string): Promise<string> {
  const { text } = await askToken(formOf(clientOf(id, secret)));
  return JSON.parse(text).token;
}
