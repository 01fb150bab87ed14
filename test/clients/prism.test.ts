import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
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
import { type Environment, PRISM, runPrism } from './prism-run.ts';
import { CERTIFICATE, type StandIn, standInFor } from './tls-stand-in.ts';

let directory: string;
let gateway: Started;
let standIn: StandIn;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  mkdirSync(join(directory, 'home'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
  standIn = await standInFor(gateway.port);
  writeFileSync(certificate(), CERTIFICATE);
});

afterAll(async () => {
  standIn.stop();
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

const certificate = () => join(directory, 'certificate.pem');

const run = (token: string, ...args: string[]) =>
  runWith({ PRISMATIC_URL: gateway.url, PRISM_ACCESS_TOKEN: token }, ...args);

const runWith = (environment: Environment, ...args: string[]) => runPrism(directory, environment, args);

const password = 'correct horse, battery staple';

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

/*
 * It asks for tokens by https alone, which a gateway on this machine gets from a stand-in. `prism login` opens a browser at
 * an authorization server, which there is none of here: it is not run.
 */
describe('prism with an API key for its refresh token', () => {
  const byKey = (key: string, more: Environment = {}): Environment => ({
    PRISMATIC_URL: standIn.url,
    PRISM_REFRESH_TOKEN: key,
    NODE_EXTRA_CA_CERTS: certificate(),
    ...more,
  });
  const asked = () => standIn.asked.splice(0);
  const SIGNING_IN = ['GET /auth/meta', 'POST /oauth/token'];

  async function newKey(): Promise<string> {
    const permissions = '["customer:read", "customer:create"]';
    const document = `mutation { createApiKey(input: { name: "prism", reach: ORGANIZATION, permissions: ${permissions} }) {
      ... on CreateApiKeyPayload { secret } } }`;
    const { createApiKey } = z
      .object({ createApiKey: z.object({ secret: z.string() }) })
      .parse(await answered(document));
    return createApiKey.secret;
  }

  it('signs in by itself, and says why it was given no token', async () => {
    const key = await newKey();
    asked();
    expect(await runWith(byKey(key), 'customers:create', '--name', 'By key')).toMatchObject({ code: 0, error: '' });
    expect(asked()).toEqual([...SIGNING_IN, 'POST /api']);
    const elsewhere = byKey(key, { PRISMATIC_TENANT_ID: 'elsewhere' });
    const refused = await Promise.all(
      [byKey('wrong'), elsewhere].map((environment) => runWith(environment, 'customers:list')),
    );
    for (const { code, error } of refused) {
      expect([code, error]).toEqual([expect.any(Number), expect.stringContaining('Access denied')]);
      expect(error).toContain('The refresh_token is no good API key');
    }
    expect(refused[1]?.error).toContain("for tenant ID 'elsewhere'");
    expect(asked().sort()).toEqual([...SIGNING_IN, ...SIGNING_IN].sort());
  });

  it('replaces the token of its profile before it ends, and keeps the key', async () => {
    const [key, file] = [await newKey(), join(directory, 'profile.yml')];
    const { organization } = z
      .object({ organization: z.object({ id: z.string() }) })
      .parse(await answered('{ organization { id } }'));
    const profile = {
      prismaticUrl: standIn.url,
      accessToken: `e30.${Buffer.from(JSON.stringify({ exp: Math.floor(Date.now() / 1000) + 200 })).toString('base64url')}.x`,
      expiresIn: 900,
      refreshToken: key,
      scope: '',
      tokenType: 'Bearer',
      tenantId: organization.id,
    };
    writeFileSync(file, JSON.stringify({ version: 1, defaultProfile: 'default', profiles: { default: profile } }));
    const environment = { PRISM_CONFIG_FILE: file, NODE_EXTRA_CA_CERTS: certificate() };
    asked();
    for (const calls of [[...SIGNING_IN, 'POST /api'], ['POST /api']]) {
      const created = await runWith(environment, 'customers:create', '--name', `By profile ${calls.length}`);
      expect(created).toMatchObject({ code: 0, error: '' });
      expect(asked()).toEqual(calls);
    }
    const kept = readFileSync(file, 'utf8');
    for (const line of [key, 'expiresIn: 900', 'scope: customer:create customer:read', organization.id])
      expect(kept).toContain(line);
    expect(kept).not.toContain(profile.accessToken);
  });

  it('ends the key, once it knows who is signed in beside it', async () => {
    const key = await newKey();
    const exchange = () => standIn.post('/auth/refresh', { refresh_token: key });
    expect(await exchange()).toMatchObject({ token_type: 'Bearer' });
    const signedIn = await standIn.post('/auth/sign-in', { email: 'olga@team.example', password });
    const { accessToken } = z.object({ accessToken: z.string() }).parse(signedIn);
    asked();
    const revoked = await runWith(byKey(key, { PRISM_ACCESS_TOKEN: accessToken }), 'me:token:revoke', '--no-confirm');
    expect([revoked.code, revoked.out]).toEqual([0, expect.stringContaining('have been revoked')]);
    expect(asked()).toEqual(['POST /api', 'POST /auth/revoke']);
    expect(await exchange()).toMatchObject({ error: 'access_denied' });
  });
});
