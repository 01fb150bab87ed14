import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import * as z from 'zod';
import { toPlainId } from '../../dialects/plain/ids.ts';
import { UsageError } from '../import/arguments.ts';
import { ask, type Gateway } from '../shared/gateway.ts';
import { pairsFile } from './pairs.ts';
import {
  type PlainCustomer,
  type PlainSource,
  type PlainTenant,
  plainCustomers,
  plainTenants,
} from './plain-source.ts';
import { type Moving, moveAll } from './records.ts';

const HELP = `PLAIN_API_KEY=… TENANTRY_KEY=… npm run move:plain -- [options]

Reads all tenants and customers of Plain and creates or updates them here. To run it again changes nothing more.

  --from <url>    Plain's API; https://core-api.uk.plain.com/graphql/v1 if not given
  --url <url>     the gateway; http://localhost:8787 if not given
  --pairs <path>  where both ids of every record go; plain-pairs.csv if not given. Each run replaces it
`;

/** How many tenants one row or one command may name. */
const MAX_TENANTS = 100;

interface Move {
  source: PlainSource;
  gateway: Gateway;
  pairs: string;
}

function readArguments(args: string[], directory: string, { PLAIN_API_KEY, TENANTRY_KEY } = process.env): Move | null {
  const { values } = parseArgs({
    args,
    options: {
      from: { type: 'string', default: 'https://core-api.uk.plain.com/graphql/v1' },
      url: { type: 'string', default: 'http://localhost:8787' },
      pairs: { type: 'string', default: 'plain-pairs.csv' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  if (!PLAIN_API_KEY || !TENANTRY_KEY)
    throw new UsageError('Two keys are needed, in the environment variables PLAIN_API_KEY and TENANTRY_KEY.');
  for (const url of [values.from, values.url]) if (!URL.canParse(url)) throw new UsageError(`This is no URL: ${url}`);
  return {
    source: { url: values.from, key: PLAIN_API_KEY },
    gateway: { url: values.url.replace(/\/+$/, ''), key: TENANTRY_KEY },
    pairs: resolve(directory, values.pairs),
  };
}

interface MovingCustomer extends Moving {
  /** The tenants for which a row has no room. */
  moreTenants: readonly string[];
}

const movingTenant = ({ id, name, externalId, url }: PlainTenant): Moving => ({
  from: id,
  externalId,
  row: { externalId, name, url: url ?? undefined },
});

/** The id there becomes the external id of a customer who has none, so that the customer is found again. */
function movingCustomer({ id, fullName, shortName, email, tenants, ...customer }: PlainCustomer): MovingCustomer {
  const externalId = customer.externalId ?? id;
  return {
    from: id,
    externalId,
    row: {
      externalId,
      kind: 'PERSON',
      name: fullName,
      shortName: shortName ?? undefined,
      email: { address: email.email, isVerified: email.isVerified },
      tenantIdentifiers: identifiers(tenants.slice(0, MAX_TENANTS)),
    },
    moreTenants: tenants.slice(MAX_TENANTS),
  };
}

const identifiers = (externalIds: readonly string[]) => externalIds.map((externalId) => ({ externalId }));

const added = z.object({ addCustomerToTenants: z.object({ message: z.string().optional() }) });

async function addTenants(gateway: Gateway, customer: string, externalIds: readonly string[]): Promise<void> {
  for (let start = 0; start < externalIds.length; start += MAX_TENANTS) {
    const input = {
      customerIdentifier: { externalId: customer },
      tenantIdentifiers: identifiers(externalIds.slice(start, start + MAX_TENANTS)),
    };
    const { addCustomerToTenants: answer } = await ask(
      gateway,
      `mutation ($input: AddCustomerToTenantsInput!) {
        addCustomerToTenants(input: $input) { __typename ... on MutationError { message } }
      }`,
      { input },
      added,
    );
    if (answer.message !== undefined) throw new Error(answer.message);
  }
}

/** The id that Plain's API shows of a global one. */
const asPlainId = (type: 'Tenant' | 'Customer') => (id: string) => toPlainId(type, atob(id).split(':')[1] ?? '');

async function* mapped<From, To>(pages: AsyncIterable<From[]>, change: (from: From) => To): AsyncGenerator<To[]> {
  for await (const page of pages) yield page.map(change);
}

/** Moves everything, and returns the exit code: 0 only if nothing was left behind. */
async function run(move: Move): Promise<number> {
  const keep = pairsFile(move.pairs);
  const { source, gateway } = move;
  const tenants = await moveAll({
    ...{ gateway, keep, type: 'tenant', shown: asPlainId('Tenant') },
    pages: mapped(plainTenants(source), movingTenant),
  });
  const customers = await moveAll({
    ...{ gateway, keep, type: 'customer', shown: asPlainId('Customer') },
    pages: mapped(plainCustomers(source), movingCustomer),
    afterwards: ({ externalId, moreTenants }) => addTenants(gateway, externalId, moreTenants),
  });
  console.log(
    `${tenants.moved} tenants and ${customers.moved} customers are here. Both ids of each are in ${move.pairs}.`,
  );
  const failed = tenants.failed + customers.failed;
  if (failed > 0) console.log(`${failed} are not: see above. Correct them there, and run this again.`);
  return failed > 0 ? 1 : 0;
}

try {
  // npm runs this in the project's directory; INIT_CWD is the directory where the user called it.
  const move = readArguments(process.argv.slice(2), process.env.INIT_CWD ?? process.cwd());
  if (move) process.exitCode = await run(move);
  else console.log(HELP);
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
