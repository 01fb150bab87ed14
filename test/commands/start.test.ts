import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { CORVID, CORVID_ADMIN, customers, tenants } from '../../src/cli/demo.ts';
import { customerUsers, team, tenantUsers } from '../../src/cli/demo-users.ts';
import { ask } from '../../src/cli/shared/gateway.ts';
import { contents } from '../node/shared/contents.ts';
import { freePort, npmStart, type Started, stopAll } from '../node/shared/started.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

describe('npm start', () => {
  let first: Started;
  let second: Started;
  let before: Awaited<ReturnType<typeof contents>>;

  it('prints a curl line that lists customers when it is pasted as it is', async () => {
    first = await npmStart(join(directory, 'demo'));
    const [curl = ''] = /^curl .*$/m.exec(first.printed) ?? [];
    const { stdout } = await promisify(execFile)('bash', ['-c', curl]);
    const shape = z.object({
      data: z.object({ customers: z.object({ nodes: z.array(z.object({ name: z.string() })) }) }),
    });
    expect(shape.parse(JSON.parse(stdout)).data.customers.nodes).not.toEqual([]);
  });

  it('fills an empty database with 3 tenants, 40 customers that belong to them and 60 users, and says so', async () => {
    expect(first.printed).toContain('added 3 tenants, 40 customers and 60 users.');
    before = await contents(first);
    expect(before.tenants.totalCount).toBe(3);
    expect(before.customers.totalCount).toBe(40);
    expect(before.users.totalCount).toBe(60);
    for (const { customers } of before.tenants.nodes) expect(customers.totalCount).toBeGreaterThan(0);
  });

  it('adds them in the order of the demo, and tenants with their billing', async () => {
    const names = z.object({ nodes: z.array(z.object({ name: z.string() })) });
    const found = await ask(
      first,
      '{ tenants { nodes { name billing { companyName } } } customers(first: 100) { nodes { name } } users(first: 100) { nodes { name } } }',
      {},
      z.object({
        tenants: z.object({
          nodes: z.array(z.object({ name: z.string(), billing: z.object({ companyName: z.string() }) })),
        }),
        customers: names,
        users: names,
      }),
    );
    expect(found).toMatchObject({
      tenants: { nodes: tenants.map(({ name, billing: { companyName } }) => ({ name, billing: { companyName } })) },
      customers: { nodes: customers.map(({ name }) => ({ name })) },
      users: { nodes: [...team, ...tenantUsers, ...customerUsers].map(({ name }) => ({ name })) },
    });
  });

  it('has users of every status and with every role, in the team, customers and tenants', async () => {
    const role = z.object({ name: z.string(), scope: z.string() });
    const { users } = await ask(
      first,
      `{
        users(first: 100) {
          nodes { status role { name scope } tenantRoles(first: 3) { nodes { role { name scope } tenant { name } } } }
        }
      }`,
      {},
      z.object({
        users: z.object({
          nodes: z.array(
            z.object({
              status: z.string(),
              role: role.nullable(),
              tenantRoles: z.object({ nodes: z.array(z.object({ role, tenant: z.object({ name: z.string() }) })) }),
            }),
          ),
        }),
      }),
    );
    const rolesOf = ({ role, tenantRoles }: (typeof users.nodes)[number]) =>
      [...(role ? [role] : []), ...tenantRoles.nodes.map((one) => one.role)].map(
        ({ scope, name }) => `${scope} ${name}`,
      );
    expect(new Set(users.nodes.flatMap(rolesOf))).toEqual(
      new Set([
        ...['owner', 'admin', 'member', 'viewer'].map((name) => `ORGANIZATION ${name}`),
        ...['admin', 'member'].map((name) => `CUSTOMER ${name}`),
        ...['admin', 'manage', 'user', 'view'].map((name) => `TENANT ${name}`),
      ]),
    );
    expect(users.nodes.filter((user) => rolesOf(user).length === 0)).toEqual([]);
    expect(users.nodes.filter(({ tenantRoles }) => tenantRoles.nodes.length === 2)).toHaveLength(2);
    const count = (wanted: string) => users.nodes.filter(({ status }) => status === wanted).length;
    expect({ active: count('ACTIVE'), invited: count('INVITED'), deactivated: count('DEACTIVATED') }).toEqual({
      active: 50,
      invited: 9,
      deactivated: 1,
    });
  });

  it('says the password that everybody signs in with who is ACTIVE, and nobody else', async () => {
    const [, password = ''] = /sign in with the password (\S+)/.exec(first.printed) ?? [];
    const statusOf = async (email: string) => {
      const [headers, body] = [{ 'content-type': 'application/json' }, JSON.stringify({ email, password })];
      return (await fetch(`${first.url}/auth/sign-in`, { method: 'POST', headers, body })).status;
    };
    const people = [team[0], team.at(-1), tenantUsers[0], tenantUsers[1], customerUsers[0]];
    expect(people.map((person) => person?.status)).toEqual(['ACTIVE', 'INVITED', 'ACTIVE', 'INVITED', 'ACTIVE']);
    const statuses = await Promise.all(people.map((person) => statusOf(person?.email ?? '')));
    expect(statuses).toEqual([200, 401, 200, 401, 200]);
    before = await contents(first);
  });

  it('keeps the one admin of the tenant that nobody else manages', async () => {
    const { revokeTenantRole } = await ask(
      first,
      `mutation ($input: RevokeTenantRoleInput!) {
        revokeTenantRole(input: $input) { ... on MutationError { code } ... on RevokeTenantRolePayload { user { name } } }
      }`,
      { input: { userIdentifier: { email: CORVID_ADMIN }, tenantIdentifier: { externalId: CORVID } } },
      z.object({ revokeTenantRole: z.unknown() }),
    );
    expect(revokeTenantRole).toEqual({ code: 'last_admin' });
  });

  it('ends all of its processes when it is interrupted, and frees its port', async () => {
    await first.stop();
    await expect(freePort(first.port)).resolves.toBe(first.port);
  });

  it('changes nothing when it is started again', async () => {
    second = await npmStart(join(directory, 'demo'));
    expect(second.key).toBe(first.key);
    expect(await contents(second)).toEqual(before);
  });

  it('answers the first example of the README as the README says', async () => {
    const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
    const [, document = ''] = /```graphql\n(.*?)```/s.exec(readme) ?? [];
    const [, answer = ''] = /```json\n(.*?)```/s.exec(readme) ?? [];
    expect({ data: await ask(second, document, {}, z.unknown()) }).toEqual(JSON.parse(answer));
    await second.stop();
  });

  it('says of every migration, where wrangler looks, that it was applied', async () => {
    const place = join(directory, 'demo/v3/d1/miniflare-D1DatabaseObject');
    const file = (await readdir(place)).find((name) => /^[0-9a-f]+\.sqlite$/.test(name)) ?? '';
    const database = new DatabaseSync(join(place, file), { readOnly: true });
    const applied = database.prepare('SELECT name FROM d1_migrations ORDER BY id').all();
    database.close();
    const names = (await readdir(new URL('../../migrations/', import.meta.url))).sort();
    expect(applied.map(({ name }) => name)).toEqual(names);
  });
});
