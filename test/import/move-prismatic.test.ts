import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';
import { prismaticWith, type TheirCustomer, type TheirUser } from './prismatic-stand-in.ts';

const PROJECT = fileURLToPath(new URL('../..', import.meta.url));

type Cells = Record<string, string>;

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

const answered = (query: string) => ask(gateway, query, {}, z.record(z.string(), z.unknown()));

describe('npm run move:prismatic', () => {
  const theirId = (type: string, n: number) => btoa(`${type}:5a1d8d3e-0000-4000-8000-00000000000${n}`);
  const theirCustomer = (n: number, more: Partial<TheirCustomer> = {}): TheirCustomer => ({
    ...{ id: theirId('Customer', n), name: `Rockets ${n}`, description: '', externalId: null, labels: null },
    ...more,
  });
  const theirUser = (n: number, role: string, more: Partial<TheirUser> = {}): TheirUser => ({
    ...{ id: theirId('User', n), email: `u${n}@rockets.example`, name: `User ${n}`, phone: '', avatarUrl: null },
    ...{ externalId: null, role: { id: theirId('Role', n), name: role }, customer: null },
    ...more,
  });
  const [plain, full, third] = [
    theirCustomer(1),
    theirCustomer(2, { description: 'Fast', externalId: 'rockets-2', labels: ['Prod', 'Beta'] }),
    theirCustomer(3),
  ] as const;
  /** Prismatic tells it from another by upper and lower case. */
  const again = theirCustomer(4, { externalId: 'rockets-2' });
  const users = [
    theirUser(1, 'Owner', { phone: '+1 555', externalId: 'u-one', avatarUrl: 'https://rockets.example/1.png' }),
    theirUser(2, 'Member', { customer: plain, avatarUrl: 'avatars/2.png' }),
    theirUser(3, 'Admin', { customer: full }),
    theirUser(4, 'Integrator'),
  ];
  const TOKEN = 'their-token';

  async function moving(url: string, token: string) {
    const args = [
      'src/cli/move/prismatic.ts',
      '--from',
      url,
      '--url',
      gateway.url,
      '--pairs',
      join(directory, 'pairs.csv'),
    ];
    const child = spawn(process.execPath, args, {
      cwd: PROJECT,
      env: { PATH: process.env.PATH, PRISM_ACCESS_TOKEN: token, TENANTRY_KEY: gateway.key },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
    return { code, told: out.split('\n'), error };
  }

  const events = async () => {
    const shape = z.object({ events: z.object({ totalCount: z.number() }) });
    return (await ask(gateway, '{ events { totalCount } }', {}, shape)).events.totalCount;
  };

  const pairs = (): Cells[] => parse(readFileSync(join(directory, 'pairs.csv')), { columns: true });

  it('brings everything over, and says both ids of each; what cannot be imported, it names', async () => {
    const prismatic = await prismaticWith(TOKEN, { customers: [plain, full, third, again], users });
    try {
      const { code, told, error } = await moving(prismatic.url, TOKEN);
      expect([code, told.slice(1, 2)]).toEqual([1, ['2 are not: see above. Correct them, and run this again.']]);
      expect(told[0]).toContain('3 customers and 3 users are here.');
      const missing = 'There is no role with the identifier given at roleIdentifier.name. (not_found)';
      expect(error).toContain(`user ${users[3]?.id}: ${missing}`);
      expect(error).toContain(`customer ${again.id}: another has the external id rockets-2`);
      const first = pairs();
      expect(first.map(({ type, from, externalId }) => [type, from, externalId])).toEqual([
        ...[plain, full, third].map(({ id, externalId }) => ['customer', id, externalId ?? id]),
        ...users.slice(0, 3).map(({ id, externalId }) => ['user', id, externalId ?? id]),
      ]);

      await answered(
        'mutation { createRole(input: { scope: ORGANIZATION, name: "Integrator", permissions: ["customer:read"] }) { __typename } }',
      );
      const before = await events();
      const next = await moving(prismatic.url, TOKEN);
      expect([next.code, next.told[0]]).toEqual([1, expect.stringContaining('3 customers and 4 users are here.')]);
      expect(pairs().slice(0, 6)).toEqual(first);
      expect(await events()).toBe(before + 1);
    } finally {
      prismatic.stop();
    }
  });

  it('leaves a program nothing to change but the URL, the credential and the ids', async () => {
    const ours = new Map(pairs().map(({ from = '', to }) => [from, to]));
    const asked = async (query: string, id: string | undefined) => {
      const response = await fetch(`${gateway.url}/api`, {
        method: 'POST',
        headers: { authorization: `Bearer ${gateway.key}`, 'content-type': 'application/json' },
        body: JSON.stringify({ query, variables: { id } }),
      });
      return z.object({ data: z.record(z.string(), z.unknown()) }).parse(await response.json()).data;
    };
    for (const { id, name, description, externalId, labels } of [plain, full, third]) {
      expect(
        await asked('query($id: ID!) { customer(id: $id) { name description externalId labels } }', ours.get(id)),
      ).toEqual({
        customer: { name, description: description || null, externalId: externalId ?? id, labels: labels ?? [] },
      });
    }
    for (const { id, email, name, phone, externalId, role, customer: of } of users) {
      expect(
        await asked(
          'query($id: ID!) { user(id: $id) { email name phone externalId role { name } customer { id } } }',
          ours.get(id),
        ),
      ).toEqual({
        user: {
          ...{ email, name, phone: phone || null, externalId: externalId ?? id, role: { name: role.name } },
          customer: of && { id: ours.get(of.id) },
        },
      });
    }
    expect(
      await answered('{ users(filter: { emailContains: "@rockets.example" }) { nodes { avatarUrl status } } }'),
    ).toEqual({
      users: {
        nodes: ['https://rockets.example/1.png', null, null, null].map((avatarUrl) => ({
          avatarUrl,
          status: 'INVITED',
        })),
      },
    });
  });

  it('says why nothing can be read, and needs both credentials', async () => {
    const prismatic = await prismaticWith(TOKEN, { customers: [], users: [] });
    try {
      const refused = await moving(prismatic.url, 'another');
      expect([refused.code, refused.error]).toEqual([1, expect.stringContaining('Permission denied')]);
      const none = await moving(prismatic.url, '');
      expect([none.code, none.error]).toEqual([1, expect.stringContaining('PRISM_ACCESS_TOKEN')]);
    } finally {
      prismatic.stop();
    }
  });
});
