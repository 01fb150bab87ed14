import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { UsageError } from '../import/arguments.ts';
import type { Gateway } from '../shared/gateway.ts';
import { pairsFile } from './pairs.ts';
import { customersAt, type PrismaticSource, usersAt } from './prismatic-source.ts';
import { moveAll } from './records.ts';

const HELP = `PRISM_ACCESS_TOKEN=… TENANTRY_KEY=… npm run move:prismatic -- [options]

Reads all customers and users of Prismatic and creates or updates them here. To run it again changes nothing more.

  --from <url>    Prismatic; https://app.prismatic.io if not given
  --url <url>     the gateway; http://localhost:8787 if not given
  --pairs <path>  where both ids of every record go; prismatic-pairs.csv if not given. Each run replaces it
`;

interface Move {
  source: PrismaticSource;
  gateway: Gateway;
  pairs: string;
}

function readArguments(args: string[], directory: string, { PRISM_ACCESS_TOKEN, TENANTRY_KEY } = process.env) {
  const { values } = parseArgs({
    args,
    options: {
      from: { type: 'string', default: 'https://app.prismatic.io' },
      url: { type: 'string', default: 'http://localhost:8787' },
      pairs: { type: 'string', default: 'prismatic-pairs.csv' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) return null;
  if (!PRISM_ACCESS_TOKEN || !TENANTRY_KEY)
    throw new UsageError(
      'Two credentials are needed, in the environment variables PRISM_ACCESS_TOKEN and TENANTRY_KEY.',
    );
  for (const url of [values.from, values.url]) if (!URL.canParse(url)) throw new UsageError(`This is no URL: ${url}`);
  return {
    source: { url: new URL('/api', values.from).href, token: PRISM_ACCESS_TOKEN },
    gateway: { url: values.url.replace(/\/+$/, ''), key: TENANTRY_KEY },
    pairs: resolve(directory, values.pairs),
  } satisfies Move;
}

/** Moves everything, users behind the customers that they name. Returns the exit code: 0 only if nothing was left behind. */
async function run({ source, gateway, pairs }: Move): Promise<number> {
  const keep = pairsFile(pairs);
  // Its API shows the ids of /graphql.
  const shown = (id: string) => id;
  const customers = await moveAll({ gateway, keep, shown, type: 'customer', pages: customersAt(source) });
  const users = await moveAll({ gateway, keep, shown, type: 'user', pages: usersAt(source) });
  console.log(`${customers.moved} customers and ${users.moved} users are here. Both ids of each are in ${pairs}.`);
  const failed = customers.failed + users.failed;
  if (failed > 0) console.log(`${failed} are not: see above. Correct them, and run this again.`);
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
