import * as z from 'zod';
import { customers, tenants } from './demo.ts';
import { customerUsers, team, tenantUsers } from './demo-users.ts';
import type { ImportType } from './import/columns.ts';
import { send } from './import/send.ts';
import { ask, type Gateway } from './shared/gateway.ts';

export interface Added {
  tenants: number;
  customers: number;
  users: number;
}

const page = z.object({ nodes: z.array(z.unknown()) });

/** Whether there never was a tenant, customer or user, not even one that is deleted by now. */
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
 * What was added: null if there was something already. One request after the other, as the records are then created in the
 * order in which they stand there. Throws when the gateway refuses any of it.
 */
export async function fillIfEmpty(gateway: Gateway): Promise<Added | null> {
  if (!(await isEmpty(gateway))) return null;
  await bringIn(gateway, 'users', team);
  await createTenants(gateway);
  await bringIn(gateway, 'customers', customers);
  await bringIn(gateway, 'users', [...tenantUsers, ...customerUsers]);
  return {
    tenants: tenants.length,
    customers: customers.length,
    users: team.length + tenantUsers.length + customerUsers.length,
  };
}

/** Not as an import: that would leave their billing alone. */
async function createTenants(gateway: Gateway): Promise<void> {
  const parameters = tenants.map((_, index) => `$input${index}: CreateTenantInput!`);
  const fields = tenants.map(
    (_, index) => `result${index}: createTenant(input: $input${index}) { ... on MutationError { code message } }`,
  );
  const variables = Object.fromEntries(tenants.map((input, index) => [`input${index}`, input]));
  const answer = await ask(gateway, `mutation (${parameters}) { ${fields.join(' ')} }`, variables, results);
  refuseFailed(
    tenants,
    tenants.map((_, index) => {
      const { code, message } = answer[`result${index}`] ?? { code: 'unanswered' };
      return code === undefined ? null : `${message ?? ''} (${code})`;
    }),
  );
}

const results = z.record(z.string(), z.object({ code: z.string().optional(), message: z.string().optional() }));

async function bringIn(gateway: Gateway, type: ImportType, rows: readonly { name: string }[]): Promise<void> {
  const sent = await send(gateway, type, rows, { signal: new AbortController().signal, note: console.error });
  refuseFailed(
    rows,
    sent.map(({ error }) => error),
  );
}

function refuseFailed(records: readonly { name: string }[], problems: readonly (string | null)[]): void {
  const refused = records.flatMap(({ name }, index) => (problems[index] ? [`${name}: ${problems[index]}`] : []));
  if (refused.length > 0) throw new Error(`The gateway refused of the demo:\n${refused.join('\n')}`);
}
