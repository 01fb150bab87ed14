import { setTimeout as pause } from 'node:timers/promises';
import { rekeyAll } from '../directory/rekeying/step.ts';
import { shareOut } from './arguments.ts';
import { givePasswords } from './demo-passwords.ts';
import { devVarsFile, devVarsIn } from './dev-vars.ts';
import { fillIfEmpty } from './fill.ts';
import { migrate, withLocalDatabase } from './local-database.ts';
import { writePages } from './pages.ts';
import { type Gateway, untilHealthy } from './shared/gateway.ts';
import { mailFolder, type Server, serve } from './wrangler.ts';

const STARTING_MILLISECONDS = 60_000;
const GETTING_HEALTHY_MILLISECONDS = 20_000;
const PARENT_CHECK_MILLISECONDS = 250;

const HELP = `npm start [-- options]

Applies the migrations to a local database, fills an empty one with a demo, and serves the gateway.

  --no-demo            leave an empty database empty
  --port <number>      where to listen, 8787 if not given
  --persist-to <path>  where the database is kept, .wrangler/state if not given
  --config, -c <file>  another wrangler.toml
  --env, -e <name>     an environment of it
  --help, -h           print this

All other options are those of wrangler dev: npm exec -- wrangler dev --help lists them.
npm run db:reset empties the database.`;

const parent = process.ppid;
const { help, demo, local, dev } = shareOut(process.argv.slice(2));
if (help) {
  console.log(HELP);
  process.exit(0);
}
const { config, env } = local;
const file = devVarsFile(config, env);
const { rootKey: key } = await devVarsIn(file);

writePages();
try {
  await withLocalDatabase(local, async (db) => {
    await migrate(db);
    await rekeyAll(db);
  });
} catch (error) {
  console.error(error, '\nThe migrations could not be applied.');
  process.exit(1);
}

const server = serve(dev);
let stopping = false;
whenAskedToStop(() => {
  if (stopping) return;
  stopping = true;
  server.stop();
});
server.ended.then((code) => process.exit(stopping ? 0 : code));

try {
  await introduce(server);
} catch (error) {
  if (!stopping) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

async function introduce({ url }: Server): Promise<void> {
  const gateway = { url: await soon(url), key };
  await untilHealthy(gateway.url, GETTING_HEALTHY_MILLISECONDS);
  if (demo) await fill(gateway);
  console.log(`
GraphQL:  ${gateway.url}/graphql
GraphiQL: ${gateway.url}/graphql in a browser
Docs:     ${gateway.url}/docs/
Root key: ${key} (from ${file})
Mail:     ${mailFolder(config)} until you stop this: none is sent, and each is named here with its file.

To sign in: run InviteOwner in GraphiQL with the root key, open the link in the mail, choose a password,
and enter it at the top of GraphiQL with your e-mail address.

Try it:
${curl(gateway)}
`);
}

/** Adds the demo if the database is empty. A failure is only reported, because the gateway works without it. */
async function fill(gateway: Gateway): Promise<void> {
  try {
    const added = await fillIfEmpty(gateway);
    if (!added) return;
    const { tenants, customers, users } = added;
    console.log(`The database was empty: added ${tenants} tenants, ${customers} customers and ${users} users.`);
    const { email, password } = await withLocalDatabase(local, givePasswords);
    console.log(`Those who are ACTIVE, such as ${email}, sign in with the password ${password}`);
  } catch (error) {
    console.error(`\nERROR: the demo is not, or not all, there. ${error instanceof Error ? error.message : error}\n`);
  }
}

function curl({ url, key }: Gateway): string {
  const query = '{ customers(first: 5) { nodes { name tenants(first: 5) { nodes { name } } } } }';
  const headers = [`authorization: Bearer ${key}`, 'content-type: application/json'];
  const options = headers.map((header) => `-H ${quoted(header)}`).join(' ');
  return `curl -sS ${quoted(`${url}/graphql`)} ${options} -d ${quoted(JSON.stringify({ query }))}`;
}

/** Quotes a text as one word for a shell. */
function quoted(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Resolves to the URL, or rejects if wrangler takes too long to print it. */
async function soon(url: Promise<string>): Promise<string> {
  const late = pause(STARTING_MILLISECONDS, null, { ref: false }).then(() => {
    throw new Error(`wrangler did not say where it serves within ${STARTING_MILLISECONDS} ms.`);
  });
  return Promise.race([url, late]);
}

/**
 * Calls `stop` for a signal, for a closed output, and when the parent process ends. It may be called more than once.
 */
function whenAskedToStop(stop: () => void): void {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, stop);
  // Nobody reads the output any more.
  process.stdout.on('error', stop);
  // npm runs this through a shell. A SIGTERM to npm ends both, and most shells do not pass it on to their child.
  if (process.env.npm_lifecycle_event !== undefined) {
    setInterval(() => process.ppid !== parent && stop(), PARENT_CHECK_MILLISECONDS).unref();
  }
}
