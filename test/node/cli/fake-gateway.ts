import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';
import { type Fake, FakeDirectory } from './fake-directory.ts';

const row = z.custom<Fake>((value) => typeof value === 'object');
const requests = z.object({
  query: z.string(),
  variables: z.union([
    z.object({ input: z.object({ errorPolicy: z.string(), dryRun: z.boolean().optional(), rows: z.array(row) }) }),
    z.record(z.string(), row),
  ]),
});

export interface Import {
  key: string | undefined;
  operation: string;
  errorPolicy: string;
  names: unknown[];
  isDry: boolean;
}

export interface FakeGateway {
  url: string;
  directory: FakeDirectory;
  /** Whether the key that it is called with may read what it imports. */
  mayRead: boolean;
  /** How often it was read. */
  reads: number;
  /** What it was asked, in order. */
  imports: Import[];
  /** What it does instead of answering, by the number of the request from 0. */
  instead: Map<number, (response: ServerResponse) => void>;
  /** Called when a request has arrived, before it is answered. */
  onImport: ((count: number) => Promise<void>) | null;
  stop(): void;
}

/** Imports into memory, by the rules of the directory, and reads as much as the import asks for. */
export async function fakeGateway(): Promise<FakeGateway> {
  const directory = new FakeDirectory();

  const server = createServer(async (request, response) => {
    const { query, variables } = requests.parse(JSON.parse(await text(request)));
    const answer = (body: unknown) => {
      response.setHeader('content-type', 'application/json');
      response.end(JSON.stringify(body));
    };
    if (!isImport(variables)) {
      gateway.reads += 1;
      const found = Object.entries(variables).map(([name, given]) => [
        name.replace('of', 'record'),
        directory.find(given) ?? null,
      ]);
      const refused = { errors: [{ message: 'Missing permissions: customer:read.' }] };
      const errors = Object.values(variables).flatMap(({ email }) =>
        typeof email === 'string' && !email.includes('@') ? [NO_ADDRESS] : [],
      );
      return answer(
        gateway.mayRead ? { data: Object.fromEntries(found), ...(errors.length > 0 && { errors }) } : refused,
      );
    }
    const { errorPolicy, rows, dryRun = false } = variables.input;
    const [operation = ''] = /import\w+(?=\()/.exec(query) ?? [];
    const names = rows.map(({ name }) => name);
    const count = gateway.imports.push({
      key: request.headers.authorization,
      operation,
      errorPolicy,
      names,
      isDry: dryRun,
    });
    await gateway.onImport?.(count);
    const instead = gateway.instead.get(count - 1);
    if (instead) return instead(response);
    answer({ data: { answer: { rows: directory.import(rows, dryRun) } } });
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  const gateway: FakeGateway = {
    url: `http://localhost:${address.port}`,
    directory,
    mayRead: true,
    reads: 0,
    imports: [],
    instead: new Map(),
    onImport: null,
    stop() {
      server.closeAllConnections();
      server.close();
    },
  };
  return gateway;
}

/** The error of what is named by a text that is no address: the rest is answered. */
const NO_ADDRESS = {
  message: 'The input is not valid: identifier.email must be an e-mail address.',
  extensions: { code: 'BAD_USER_INPUT' },
};

const isImport = (variables: object): variables is { input: { errorPolicy: string; dryRun?: boolean; rows: Fake[] } } =>
  'input' in variables && 'rows' in (variables.input as object);
