import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { z } from 'zod';

const requests = z.object({
  query: z.string(),
  variables: z.object({
    input: z.object({ errorPolicy: z.string(), rows: z.array(z.record(z.string(), z.unknown())) }),
  }),
});

export interface Import {
  key: string | undefined;
  operation: string;
  errorPolicy: string;
  names: unknown[];
}

export interface FakeGateway {
  url: string;
  /** What it was asked, in order. */
  imports: Import[];
  /** What it does instead of answering, by the number of the request from 0. */
  instead: Map<number, (response: ServerResponse) => void>;
  /** Called when a request has arrived, before it is answered. */
  onImport: ((count: number) => Promise<void>) | null;
  stop(): void;
}

/**
 * Imports by name, into memory: a row is created once, one that is called "bad" in any way fails, and one that is called
 * "twice" fails for the first row.
 */
export async function fakeGateway(): Promise<FakeGateway> {
  const known = new Set<unknown>();
  const result = ({ name }: Record<string, unknown>, index: number) => {
    const path = `rows.${index}`;
    if (String(name).startsWith('bad')) {
      const message = `The input is not valid: ${path}.name must not be bad.`;
      return { path, outcome: 'FAILED', errors: [{ code: 'validation_failed', message }] };
    }
    if (name === 'twice') {
      const message = `The value given at ${path}.name is that of rows.0, too.`;
      return { path, outcome: 'FAILED', errors: [{ code: 'already_exists', message }] };
    }
    const outcome = known.has(name) ? 'NOOP' : 'CREATED';
    known.add(name);
    return { path, outcome, errors: [] };
  };

  const server = createServer(async (request, response) => {
    const { query, variables } = requests.parse(JSON.parse(await text(request)));
    const { errorPolicy, rows } = variables.input;
    const [operation = ''] = /import\w+(?=\()/.exec(query) ?? [];
    const names = rows.map(({ name }) => name);
    const count = gateway.imports.push({ key: request.headers.authorization, operation, errorPolicy, names });
    await gateway.onImport?.(count);
    const instead = gateway.instead.get(count - 1);
    if (instead) return instead(response);
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ data: { answer: { rows: rows.map(result) } } }));
  }).listen(0, 'localhost');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
  const gateway: FakeGateway = {
    url: `http://localhost:${address.port}`,
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
