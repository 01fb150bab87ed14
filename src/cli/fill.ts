import * as z from 'zod';
import { customers, tenants } from './demo.ts';
import { ask, type Gateway } from './gateway.ts';

/** As the gateway allows 30 aliases and a cost of 10,000 a document, at 100 a mutation. */
const CREATIONS_PER_REQUEST = 25;

const page = z.object({ nodes: z.array(z.unknown()) });

/** Whether there never was a tenant or customer, not even one that is deleted by now. */
async function isEmpty(gateway: Gateway): Promise<boolean> {
  const found = await ask(
    gateway,
    `{
      tenants(first: 1, filter: { deleted: INCLUDE }) { nodes { id } }
      customers(first: 1, filter: { deleted: INCLUDE }) { nodes { id } }
    }`,
    {},
    z.object({ tenants: page, customers: page }),
  );
  return found.tenants.nodes.length === 0 && found.customers.nodes.length === 0;
}

/** What was added: null if there was something already. Throws when the gateway refuses any of it. */
export async function fillIfEmpty(gateway: Gateway): Promise<{ tenants: number; customers: number } | null> {
  if (!(await isEmpty(gateway))) return null;
  await create(gateway, 'Tenant', tenants);
  await create(gateway, 'Customer', customers);
  return { tenants: tenants.length, customers: customers.length };
}

const results = z.record(z.string(), z.object({ code: z.string().optional(), message: z.string().optional() }));

/** One request after the other, as the records are then created in the order in which they stand here. */
async function create(gateway: Gateway, type: 'Tenant' | 'Customer', inputs: readonly { name: string }[]) {
  for (let start = 0; start < inputs.length; start += CREATIONS_PER_REQUEST) {
    const batch = inputs.slice(start, start + CREATIONS_PER_REQUEST);
    const parameters = batch.map((_, index) => `$input${index}: Create${type}Input!`);
    const fields = batch.map(
      (_, index) => `result${index}: create${type}(input: $input${index}) { ... on MutationError { code message } }`,
    );
    const variables = Object.fromEntries(batch.map((input, index) => [`input${index}`, input]));
    const answer = await ask(gateway, `mutation (${parameters}) { ${fields.join(' ')} }`, variables, results);
    const refused = batch.flatMap(({ name }, index) => {
      const { code, message } = answer[`result${index}`] ?? { code: 'unanswered' };
      return code === undefined ? [] : [`${name}: ${message ?? ''} (${code})`];
    });
    if (refused.length > 0) throw new Error(`The gateway refused of the demo:\n${refused.join('\n')}`);
  }
}
