import * as z from 'zod';
import { customers, tenants } from './demo.ts';
import { customerUsers, team, tenantUsers } from './demo-users.ts';
import type { ImportType } from './import/columns.ts';
import { send } from './import/send.ts';
import { ask, type Gateway } from './shared/gateway.ts';

/** How many records of each kind the demo added. */
export interface Added {
  tenants: number;
  customers: number;
  users: number;
}

const page = z.object({ nodes: z.array(z.unknown()) });

/** Returns whether the gateway has no tenant, customer or user, not even a deleted one. */
async function isEmpty(gateway: Gateway): Promise<boolean> {
  const found = await ask(
    gateway,
    `{
      tenants(first: 1, filter: { deleted: INCLUDE }) { nodes { id } }
      customers(first: 1, filter: { deleted: INCLUDE }) { nodes { id } }
      users(first: 1, filter: { deleted: INCLUDE }) { nodes { id } }
    }`,
    {},
    z.object({ tenants: page, customers: page, users: page }),
  );
  return [found.tenants, found.customers, found.users].every(({ nodes }) => nodes.length === 0);
}

/**
 * Adds the demo, and returns how much it added; null if the gateway was not empty. Requests are made one after the
 * other, so that records are created in the order of the demo.
 * @throws Error if the gateway rejects a record.
 */
export async function fillIfEmpty(gateway: Gateway): Promise<Added | null> {
  if (!(await isEmpty(gateway))) return null;
  await importRows(gateway, 'users', team);
  await createTenants(gateway);
  await importRows(gateway, 'customers', customers);
  await importRows(gateway, 'users', [...tenantUsers, ...customerUsers]);
  return {
    tenants: tenants.length,
    customers: customers.length,
    users: team.length + tenantUsers.length + customerUsers.length,
  };
}

/** Creates the tenants with `createTenant`, because an import has no billing. */
async function createTenants(gateway: Gateway): Promise<void> {
  const parameters = tenants.map((_, index) => `$input${index}: CreateTenantInput!`);
  const fields = tenants.map(
    (_, index) => `result${index}: createTenant(input: $input${index}) { ... on MutationError { code message } }`,
  );
  const variables = Object.fromEntries(tenants.map((input, index) => [`input${index}`, input]));
  const answer = await ask(gateway, `mutation (${parameters}) { ${fields.join(' ')} }`, variables, results);
  requireNoProblems(
    tenants,
    tenants.map((_, index) => {
      const { code, message } = answer[`result${index}`] ?? { code: 'unanswered' };
      return code === undefined ? null : `${message ?? ''} (${code})`;
    }),
  );
}

const results = z.record(z.string(), z.object({ code: z.string().optional(), message: z.string().optional() }));

async function importRows(gateway: Gateway, type: ImportType, rows: readonly { name: string }[]): Promise<void> {
  const sent = await send(gateway, type, rows, { signal: new AbortController().signal, note: console.error });
  requireNoProblems(
    rows,
    sent.map(({ error }) => error),
  );
}

function requireNoProblems(records: readonly { name: string }[], problems: readonly (string | null)[]): void {
  const rejected = records.flatMap(({ name }, index) => (problems[index] ? [`${name}: ${problems[index]}`] : []));
  if (rejected.length > 0) throw new Error(`The gateway refused of the demo:\n${rejected.join('\n')}`);
}
