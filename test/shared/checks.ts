import { expect } from 'vitest';
import { type Answer, ask, type Variables } from './gateway.ts';

/** Everything that is answered about a credential. */
export const CHECK_FIELDS = `isGood isAllowed validForSeconds type id name email access reach { kind tenantIds customerId }
  permissions answers { permission isAllowed } sessionId expiresAt`;

const DOCUMENT = `query($checks: [AccessCheckInput!]!) { checkAccess(checks: $checks) { ${CHECK_FIELDS} } }`;

/** Asks about credentials, by the root key unless another is given. */
export const askChecks = (checks: readonly Variables[], by?: string): Promise<Answer> => ask(DOCUMENT, { checks }, by);

// biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it believes the answer to be
export type Checked = any;

/** What is answered to checks, in their order. */
export async function checkAll(checks: readonly Variables[], by?: string): Promise<Checked[]> {
  const { errors, data, text } = await askChecks(checks, by);
  expect(errors, text).toEqual([]);
  return data.checkAccess;
}

/** What is answered to a check of one credential. */
export async function check(credential: string, permissions: readonly Variables[] = [], by?: string): Promise<Checked> {
  return (await checkAll([{ credential, permissions }], by))[0];
}
