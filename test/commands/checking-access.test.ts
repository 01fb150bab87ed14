import { randomUUID } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import { withLocalDatabase } from '../../src/cli/local-database.ts';
import { ask as askGateway, type Gateway } from '../../src/cli/shared/gateway.ts';
import { newToken } from '../../src/directory/api-keys/token.ts';
import { sha256 } from '../../src/directory/kernel/secrets.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';

/* Runs the programs of docs/checking-access.md, as they stand there, against a gateway as people start it. */

const PAGE = readFileSync(new URL('../../docs/checking-access.md', import.meta.url), 'utf8');
const PASSWORD = 'correct horse, battery staple';
const PERMISSION = 'invoice:approve';

const folder = mkdtempSync(join(tmpdir(), 'tenantry-checking-'));
const tenants = { a: randomUUID(), b: randomUUID() };
const keys = { a: newKey(), reading: newKey(), revoked: newKey() };
let gateway: Started;
const programs = new Map<string, string>();

function newKey() {
  const id = randomUUID();
  return { id, secret: newToken(id) };
}

/** Two tenants, where admins have a permission of the product, and keys of one of them that have it, too. */
async function fill(db: D1Database): Promise<void> {
  const run = (sql: string, ...values: unknown[]) => db.prepare(sql).bind(...values);
  await db.batch([
    run("INSERT INTO permission (name, description, built_in) VALUES (?, 'Approve invoices.', 0)", PERMISSION),
    run(
      "INSERT INTO role_permission SELECT id, ? FROM role WHERE scope = 'TENANT' AND name = 'admin' AND built_in = 1",
      PERMISSION,
    ),
    ...Object.entries(tenants).map(([name, id]) =>
      run(
        `INSERT INTO tenant (id, name, name_key, external_id, external_id_key, status, partner_managed, event_enrichment,
           test, tax_exempt, is_business_customer, is_invoice_pending, created_at, updated_at)
         VALUES (?1, ?2, ?2, ?2, ?2, 'ACTIVE', 1, 0, 0, 'NONE', 0, 0, 1, 1)`,
        id,
        name,
      ),
    ),
    ...Object.entries(keys).flatMap(([name, { id, secret }]) => [
      run(
        `INSERT INTO api_key (id, name, access, reach, created_at, updated_at, revoked_at) VALUES (?1, ?2, ?3, 'TENANTS', 1, 1, ?4)`,
        id,
        name,
        name === 'reading' ? 'READ' : 'WRITE',
        name === 'revoked' ? 2 : null,
      ),
      run(
        'INSERT INTO api_key_secret (id, api_key_id, secret_hash, created_at) VALUES (?1, ?1, ?2, 1)',
        id,
        sha256(secret),
      ),
      run('INSERT INTO api_key_permission VALUES (?, ?)', id, PERMISSION),
      run('INSERT INTO api_key_tenant VALUES (?, ?)', id, tenants.a),
    ]),
  ]);
}

const load = (name: string) => import(/* @vite-ignore */ pathToFileURL(programs.get(name) ?? name).href);

/** The blocks of the page in this language. */
const blocks = (language: string): string[] =>
  [...PAGE.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs'))].map(([, block]) => block ?? '');

beforeAll(async () => {
  const persistTo = join(folder, 'database');
  migrate(persistTo);
  await withLocalDatabase({ config: undefined, env: undefined, persistTo }, fill);
  gateway = await serveMigrated(persistTo);
  for (const block of blocks('js')) {
    const [, name = ''] = /^\/\/ (\S+\.mjs)$/m.exec(block) ?? [];
    programs.set(name, join(folder, name));
    writeFileSync(join(folder, name), block);
  }
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  const [making = ''] = blocks('graphql');
  const { createApiKey } = await ask(making);
  process.env.TENANTRY_URL = gateway.url;
  process.env.TENANTRY_KEY = createApiKey.secret;
});

afterAll(async () => {
  await stopAll();
  rmSync(folder, { recursive: true, force: true });
});

// biome-ignore lint/suspicious/noExplicitAny: a test says by its expectations what it believes the answer to be
const ask = (query: string, variables: Record<string, unknown> = {}, by: Gateway = gateway): Promise<any> =>
  askGateway(by, query, variables, z.any());

/** Somebody with this role in tenant a, and none elsewhere, who has just signed in. */
async function signIn(role: string): Promise<{ id: string; accessToken: string }> {
  const email = `${randomUUID()}@x.example`;
  const input = {
    email,
    name: 'Ada Approver',
    tenantIdentifier: { id: tenants.a },
    roleIdentifier: { name: role },
    handOutLink: true,
  };
  const { createTenantUser } = await ask(
    `mutation($input: CreateTenantUserInput!) { createTenantUser(input: $input) {
      ... on CreateTenantUserPayload { user { id } invitationLink } ... on MutationError { message } } }`,
    { input },
  );
  const [, token] = createTenantUser.invitationLink.split('#token=');
  const post = async (path: string, body: object) => {
    const response = await fetch(`${gateway.url}/auth/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    expect(response.status).toBe(200);
    return response.json() as Promise<{ accessToken: string }>;
  };
  await post('accept-invitation', { token, password: PASSWORD });
  const { accessToken } = await post('sign-in', { email, password: PASSWORD });
  return { id: createTenantUser.user.id, accessToken };
}

type Post = (path: string, authorization: string | undefined) => Promise<{ status: number; body: unknown }>;

/** How each of the services is asked. */
const SERVICES: Record<string, () => Promise<{ post: Post; stop: () => void }>> = {
  'invoices-hono.mjs': async () => {
    const { app } = await load('invoices-hono.mjs');
    const post: Post = async (path, authorization) => {
      const response = await app.request(path, { method: 'POST', headers: authorization ? { authorization } : {} });
      return { status: response.status, body: await response.json() };
    };
    return { post, stop: () => {} };
  },
  'invoices-express.mjs': async () => {
    const { app } = await load('invoices-express.mjs');
    const server = app.listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    const post: Post = async (path, authorization) => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        method: 'POST',
        headers: authorization ? { authorization } : {},
      });
      return { status: response.status, body: await response.json() };
    };
    return { post, stop: () => server.close() };
  },
};

const approve = (tenantId: string) => `/tenants/${tenantId}/invoices/1/approve`;

describe('a service that asks, as the page has it,', () => {
  let approver: Awaited<ReturnType<typeof signIn>>;
  let reader: Awaited<ReturnType<typeof signIn>>;
  beforeAll(async () => {
    [approver, reader] = [await signIn('admin'), await signIn('view')];
  });

  for (const [name, start] of Object.entries(SERVICES)) {
    it(`lets in who may, and nobody else: ${name}`, async () => {
      const { post, stop } = await start();
      const by = (credential: string, tenantId: string = tenants.a) => post(approve(tenantId), `Bearer ${credential}`);
      expect(await by(approver.accessToken)).toEqual({ status: 200, body: { approvedBy: 'Ada Approver' } });
      expect(await by(keys.a.secret)).toEqual({ status: 200, body: { approvedBy: 'a' } });
      const forbidden = { status: 403, body: { error: 'not allowed here' } };
      for (const credential of [approver.accessToken, keys.a.secret]) {
        expect(await by(credential, tenants.b)).toEqual(forbidden);
        expect(await by(credential, randomUUID())).toEqual(forbidden);
        expect(await by(credential, 'nonsense')).toEqual(forbidden);
      }
      expect(await by(reader.accessToken)).toEqual(forbidden);
      expect(await by(keys.reading.secret)).toEqual(forbidden);
      const unknown = { status: 401, body: { error: 'no valid credential' } };
      for (const credential of ['wrong', keys.revoked.secret, `${approver.accessToken}x`, gateway.key]) {
        expect(await by(credential)).toEqual(unknown);
      }
      expect(await post(approve(tenants.a), undefined)).toEqual(unknown);
      stop();
    });
  }

  it('lets in nobody while the directory is not there, and says to try again', async () => {
    const { TENANTRY_URL } = process.env;
    process.env.TENANTRY_URL = 'http://127.0.0.1:1';
    for (const start of Object.values(SERVICES)) {
      const { post, stop } = await start();
      // Of whom it has not asked before: an answer is kept for a while.
      const answer = await post(approve(randomUUID()), `Bearer ${keys.a.secret}`);
      expect(answer).toEqual({ status: 503, body: { error: 'try again later' } });
      stop();
    }
    process.env.TENANTRY_URL = TENANTRY_URL;
  });

  it('keeps an answer for as long as it says, and not for longer', async () => {
    const { checkAccess } = await load('check-access.mjs');
    const { accessToken, id } = await signIn('admin');
    const check = () => checkAccess(`Bearer ${accessToken}`, PERMISSION, tenants.a);
    const at = Date.now();
    const clock = vi.spyOn(Date, 'now').mockReturnValue(at);
    const first = await check();
    expect(first).toMatchObject({ isGood: true, isAllowed: true, validForSeconds: 5 });
    const deactivate = 'mutation($i: UpdateUserInput!) { updateUser(input: $i) { ... on MutationError { message } } }';
    await ask(deactivate, { i: { id, status: 'DEACTIVATED' } });
    expect(await checkAccess(`Bearer ${accessToken}`, PERMISSION, tenants.b)).toMatchObject({ isGood: false });
    clock.mockReturnValue(at + 4999);
    expect(await check()).toBe(first);
    clock.mockReturnValue(at + 5000);
    expect(await check()).toMatchObject({ isGood: false });
    clock.mockRestore();
  });

  it('asks with a query that is answered as the page says', async () => {
    const [, query = ''] = blocks('graphql');
    const [variables = ''] = blocks('json');
    const key = { url: gateway.url, key: process.env.TENANTRY_KEY ?? '' };
    const { checks } = JSON.parse(variables.replace('tenantry_…', keys.a.secret).replace('acme-outfitters', 'a'));
    const { checkAccess } = await ask(query, { checks }, key);
    expect(checkAccess).toEqual([
      expect.objectContaining({
        isGood: true,
        isAllowed: false,
        name: 'a',
        answers: [
          { permission: PERMISSION, isAllowed: true },
          { permission: PERMISSION, isAllowed: false },
        ],
      }),
    ]);
    // The key of the page can ask, and do nothing else.
    const { viewer } = await ask('{ viewer { permissions } }', {}, key);
    expect(viewer.permissions).toEqual(['access:check']);
  });
});

describe('a service that verifies, as the page has it,', () => {
  it('finds who may do what where, and throws for everything else', async () => {
    const { verifyToken } = await load('verify-token.mjs');
    const { accessToken, id } = await signIn('admin');
    expect(await verifyToken(accessToken, PERMISSION, tenants.a)).toEqual({
      userId: atob(id).split(':')[1],
      sessionId: expect.stringMatching(/^[\da-f-]{36}$/),
    });
    await expect(verifyToken(accessToken, PERMISSION, tenants.b)).rejects.toThrow('not allowed here');
    await expect(verifyToken(accessToken, 'invoice:delete', tenants.a)).rejects.toThrow('not allowed here');
    const { accessToken: reading } = await signIn('view');
    await expect(verifyToken(reading, PERMISSION, tenants.a)).rejects.toThrow('not allowed here');
    for (const wrong of ['nonsense', keys.a.secret, `${accessToken.slice(0, -4)}AAAA`]) {
      await expect(verifyToken(wrong, PERMISSION, tenants.a), wrong).rejects.toThrow();
    }
  });
});
