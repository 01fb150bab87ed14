import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'csv-parse/sync';
import {
  buildClientSchema,
  getIntrospectionQuery,
  type IntrospectionQuery,
  parse as parseDocument,
  validate,
} from 'graphql';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { mailedLink } from '../node/shared/mailbox.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';

/** The command line that Prismatic publishes, as it is. */
const PRISM = join(dirname(createRequire(import.meta.url).resolve('@prismatic-io/prism/package.json')), 'lib');

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  mkdirSync(join(directory, 'home'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

/** Runs it far from whatever is configured on this machine, and without asking the registry for a newer one. */
async function run(token: string, ...args: string[]) {
  const prism = spawn(process.execPath, [join(PRISM, 'run.js'), ...args], {
    cwd: directory,
    env: {
      PATH: process.env.PATH,
      HOME: join(directory, 'home'),
      PRISM_SKIP_NEW_VERSION_CHECK: 'true',
      // Compiling 21 MB is a third of what a run takes.
      NODE_COMPILE_CACHE: join(directory, 'compiled'),
      PRISMATIC_URL: gateway.url,
      PRISM_ACCESS_TOKEN: token,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, error, [code]] = await Promise.all([text(prism.stdout), text(prism.stderr), once(prism, 'close')]);
  // Messages are wrapped to the width of a terminal.
  return { code, out: out.trim(), error: error.replaceAll(/\s+/g, ' ').trim() };
}

/** What it prints when it does what it was asked for. */
async function prism(...args: string[]): Promise<string> {
  const { code, out, error } = await run(gateway.key, ...args);
  expect({ code, error }, args.join(' ')).toEqual({ code: 0, error: '' });
  return out;
}

type Cells = Record<string, string>;

const table = async (...args: string[]): Promise<Cells[]> =>
  parse(await prism(...args, '--output', 'csv', '--extended'), { columns: true });

async function refusal(token: string, ...args: string[]): Promise<string> {
  const { code, error } = await run(token, ...args);
  expect(code, error).not.toBe(0);
  return error;
}

const answered = (query: string) => ask(gateway, query, {}, z.record(z.string(), z.unknown()));

/** What of its documents is for other things than a directory. */
const SERVED =
  /^(createCustomer|deleteCustomer|listCustomers|updateCustomer|createCustomerUser|deleteUser|listCustomerUsers|listCustomerRoles|updateUser|updateOrganization|createOrganizationUser|listUsers|listOrganizationRoles|whoami)$/;

describe('the documents of prism', () => {
  it('fit the schema, all that are about customers, users and the organization', async () => {
    const introspected = await fetch(`${gateway.url}/api`, {
      method: 'POST',
      headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
      body: JSON.stringify({ query: getIntrospectionQuery() }),
    });
    const { data } = z.object({ data: z.custom<IntrospectionQuery>() }).parse(await introspected.json());
    const schema = buildClientSchema(data);
    const source = readFileSync(join(PRISM, 'index.js'), 'utf8');
    const documents = [...source.matchAll(/`\s*((?:query|mutation)\s+(\w+)[^`$]*(?:\$[a-z][^`$]*)*)`/g)].flatMap(
      ([, document = '', name = '']) => (SERVED.test(name) ? [{ name, document }] : []),
    );
    for (const { name, document } of documents) expect(validate(schema, parseDocument(document)), name).toEqual([]);
    // Two commands delete users and two update them.
    expect(documents.map(({ name }) => name).sort()).toEqual([
      'createCustomer',
      'createCustomerUser',
      'createOrganizationUser',
      'deleteCustomer',
      'deleteUser',
      'deleteUser',
      'listCustomerRoles',
      'listCustomerUsers',
      'listCustomers',
      'listOrganizationRoles',
      'listUsers',
      'updateCustomer',
      'updateOrganization',
      'updateUser',
      'updateUser',
      'whoami',
    ]);
  });
});

describe('prism', () => {
  it('creates, lists, changes and deletes customers and their users', async () => {
    const create = ['customers:create', '--name', 'FTL Rockets', '--externalId', 'abc-123', '--description', 'Fast'];
    const [id, member] = await Promise.all([
      prism(...create, '--label', 'Prod', '--label', 'Beta'),
      // As its own help says.
      prism('customers:users:roles', '--columns', 'id', '--no-header', '--filter', 'name=^Member$'),
    ]);
    const own = `{ customerBy(identifier: { externalId: "abc-123" }) { id name kind description labels } }`;
    const customer = { id, name: 'FTL Rockets', kind: 'COMPANY', description: 'Fast', labels: ['Prod', 'Beta'] };
    expect(await answered(own)).toEqual({ customerBy: customer });

    const user = ['customers:users:create', '--customer', id, '--name', 'Ada', '--email', 'ada@ftl.example'];
    const [userId, updated] = await Promise.all([
      prism(...user, '--role', member),
      prism('customers:update', id, '--name', 'FTL', '--label', 'Prod'),
    ]);
    expect(updated).toBe(id);
    expect(await answered(own)).toEqual({ customerBy: { ...customer, name: 'FTL', labels: ['Prod'] } });
    expect(await mailedLink(gateway, 'Ada', '/auth/accept-invitation')).toContain('#token=');

    // More than one page has.
    const rows = Array.from({ length: 150 }, (_, n) => `{ name: "Many ${n}", externalId: "many-${n}" }`);
    await answered(`mutation { importCustomers(input: { rows: [${rows.join(', ')}] }) { __typename } }`);
    const [customers, users] = await Promise.all([table('customers:list'), table('customers:users:list', id)]);
    expect(customers).toEqual([
      { Id: id, 'External Id': 'abc-123', Name: 'FTL', Description: 'Fast' },
      ...rows.map((_, n) => expect.objectContaining({ 'External Id': `many-${n}`, Name: `Many ${n}` })),
    ]);
    expect(users).toEqual([{ Id: userId, Name: 'Ada', Email: 'ada@ftl.example', Role: 'Member', 'External Id': '' }]);

    const [changed, taken] = await Promise.all([
      prism('customers:users:update', userId, '--name', 'Ada B.', '--phone', '+1 555'),
      refusal(gateway.key, 'customers:create', '--name', ' ftl '),
    ]);
    expect(changed).toBe(userId);
    expect(taken).toContain('name: This value belongs to another record.');
    const ownUser = `{ user(id: "${userId}") { name phone role { name } } }`;
    expect(await answered(ownUser)).toEqual({ user: { name: 'Ada B.', phone: '+1 555', role: { name: 'member' } } });

    await prism('customers:users:delete', userId);
    expect(await answered(ownUser)).toEqual({ user: null });
    expect(await answered(own)).not.toEqual({ customerBy: null });
    await prism('customers:delete', id);
    expect(await answered(own)).toEqual({ customerBy: null });
    expect(await refusal(gateway.key, 'customers:users:list', id)).toContain('Record not found');
  });

  it('runs the team, and renames the organization', async () => {
    const roles = await table('organization:users:roles');
    expect(roles.map(({ Name }) => Name)).toEqual(['Owner', 'Admin', 'Member', 'Viewer']);
    const owner = roles[0]?.Id ?? '';
    const created = ['organization:users:create', '--name', 'Olga', '--email', 'olga@team.example', '--role', owner];
    const [userId, organizationId] = await Promise.all([
      prism(...created),
      prism('organization:update', '--name', 'ACME'),
    ]);
    expect(await answered('{ organization { id name } }')).toEqual({
      organization: { id: organizationId, name: 'ACME' },
    });
    const [users, updated] = await Promise.all([
      table('organization:users:list'),
      prism('organization:users:update', userId, '--phone', '+1 555'),
    ]);
    expect(users).toMatchObject([{ Id: userId, Name: 'Olga', Email: 'olga@team.example', Role: 'Owner' }]);
    expect(updated).toBe(userId);
    expect(await refusal(gateway.key, 'organization:users:delete', userId)).toContain('The last owner');
  });

  it('is somebody with the access token of a user, and says what is wrong with any other', async () => {
    const link = await mailedLink(gateway, 'Olga', '/auth/accept-invitation');
    const [, token] = /#token=(\S+)/.exec(link) ?? [];
    const password = 'correct horse, battery staple';
    const post = (path: string, body: object) =>
      fetch(`${gateway.url}/auth/${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      });
    expect((await post('accept-invitation', { token, password })).status).toBe(200);
    const signedIn = await post('sign-in', { email: 'olga@team.example', password });
    const { accessToken } = z.object({ accessToken: z.string() }).parse(await signedIn.json());
    const [me, same] = await Promise.all([run(accessToken, 'me'), run(accessToken, 'me:token')]);
    expect(me).toMatchObject({ code: 0, error: '' });
    expect(me.out.split('\n')).toEqual(
      expect.arrayContaining([
        'Name: Olga',
        'Email: olga@team.example',
        'Organization: ACME',
        `Endpoint URL: ${gateway.url}`,
      ]),
    );
    expect(same.out).toBe(accessToken);
    const [key, wrong] = await Promise.all([refusal(gateway.key, 'me'), refusal('wrong', 'customers:list')]);
    expect(key).toContain('Only for users who signed in. This credential is a key.');
    expect(wrong).toContain('A valid credential is required');
  });
});
