import type { Gateways, Name } from './contestants.ts';
import { API_KEY, CUSTOMERS, TENANTS } from './database.ts';
import { OPERATIONS } from './operations.ts';

let sent = 0;

/** The body of one request of an operation, which is another each time if the operation says so. */
export function bodyOf(operation: string): string {
  const { query, variables } = OPERATIONS[operation] ?? { query: '', variables: {} };
  sent += 1;
  return (
    JSON.stringify({ query, variables })
      .replace('#customer', String(1 + (sent % CUSTOMERS)))
      .replace('#tenant', String(1 + ((Math.floor(sent / CUSTOMERS) + 1 + sent) % TENANTS)))
      // No customer has that name yet.
      .replace('#number', String(CUSTOMERS + sent))
  );
}

/** What no answer has in it: an error, or a mutation's result that is not the payload, of which nothing is asked. */
const BAD = /"errors"|:\{\}/;

/** Asks a contestant for an operation, and returns what it answered. */
export async function ask(
  { urlOf }: Gateways,
  name: Name,
  operation: string,
  body = bodyOf(operation),
): Promise<string> {
  const response = await fetch(`${urlOf(name)}/graphql`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${API_KEY}`,
      'content-type': 'application/json',
      accept: 'application/json',
      'x-operation': operation,
    },
    body,
  });
  const text = await response.text();
  if (response.status !== 200 || BAD.test(text)) throw new Error(`${name}, ${operation}: ${text.slice(0, 500)}`);
  return text;
}
