import { devVarsFile, devVarsIn } from '../../../src/cli/dev-vars.ts';
import { untilHealthy } from '../../../src/cli/shared/gateway.ts';
import { mailFolder, serve } from '../../../src/cli/wrangler.ts';

/*
 * Serves as `npm start` does, and says where in the same words, but leaves out what comes before: the pages, the migrations
 * and the demo, which take most of the time. It ends when it is interrupted.
 */

const HEALTHY_MILLISECONDS = 60_000;

const file = devVarsFile();
const { rootKey } = await devVarsIn(file);
const server = serve(process.argv.slice(2));
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => server.stop());
server.ended.then((code) => process.exit(code));
const url = await server.url;
await untilHealthy(url, HEALTHY_MILLISECONDS);
console.log(`
GraphQL:  ${url}/graphql
Mail:     ${mailFolder()} until it ends
Root key: ${rootKey} (from ${file})
`);
