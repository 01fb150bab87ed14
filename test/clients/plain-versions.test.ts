import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PlainClient as Newer } from '@team-plain/graphql';
import { PlainClient as Plain5 } from '@team-plain/typescript-sdk';
import { PlainClient as Plain2 } from 'plain-2';
import { PlainClient as Plain3 } from 'plain-3';
import { PlainClient as Plain4 } from 'plain-4';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/shared/gateway.ts';
import { toPlainId } from '../../src/dialects/plain/ids.ts';
import { schema } from '../../src/dialects/plain/schema.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';
import { CALLS, type Call, type Older, type Subject, webhookTarget } from './plain-calls.ts';

/*
 * Each version of the clients that programs have installed makes all calls that it has of one list, against the gateway as
 * people start it. What they can do stands in the page of the dialect.
 */

const PAGE = readFileSync(new URL('../../docs/plain.md', import.meta.url), 'utf8');

let directory: string;
let gateway: Started;
let options: { apiKey: string; apiUrl: string };

const Id = z.object({ id: z.string() });

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  migrate(join(directory, 'database'));
  gateway = await serveMigrated(join(directory, 'database'));
  const { createApiKey } = await ask(
    gateway,
    `mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { ... on CreateApiKeyPayload { secret } } }`,
    { input: { name: 'Plain', permissions: PERMISSIONS, reach: 'ORGANIZATION' } },
    z.object({ createApiKey: z.object({ secret: z.string() }) }),
  );
  options = { apiKey: createApiKey.secret, apiUrl: `${gateway.url}/plain/graphql/v1` };
});

afterAll(async () => {
  await stopAll();
  rmSync(directory, { recursive: true, force: true });
});

/** A version of a client: how a call is made with it; null where it has none. */
interface Version {
  title: string;
  callOf(call: Call): ((subject: Subject) => Promise<unknown>) | null;
}

const { resolve } = createRequire(import.meta.url);

/** The name and the version that an installed package says of itself. */
function titleOf(name: string): string {
  const main = resolve(name);
  const root = main.slice(0, main.lastIndexOf('/dist/'));
  const manifest = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  return `\`${manifest.name}\` ${manifest.version}`;
}

const older = (name: string, make: (given: typeof options) => unknown, prototype: object): Version => ({
  title: titleOf(name),
  callOf({ older: method, input }) {
    if (method === undefined || !(method in prototype)) return null;
    return async (subject) => {
      const client = make(options) as Older;
      const { data, error } = (await client[method]?.(input(subject))) ?? {};
      expect(error, method).toBeUndefined();
      return data;
    };
  },
});

const VERSIONS: readonly Version[] = [
  older('plain-2', (given) => new Plain2(given), Plain2.prototype),
  older('plain-3', (given) => new Plain3(given), Plain3.prototype),
  older('plain-4', (given) => new Plain4(given), Plain4.prototype),
  older('@team-plain/typescript-sdk', (given) => new Plain5(given), Plain5.prototype),
  {
    title: titleOf('@team-plain/graphql'),
    callOf({ newer }) {
      return newer ? async (subject) => newer(new Newer(options), subject) : null;
    },
  },
];

/** What /graphql says the ids are, for clients that ask by them and are too old to be told. */
async function created(subject: Subject): Promise<Pick<Subject, 'customerId' | 'tenantId' | 'webhookTargetId'>> {
  const { upsertTenant, upsertCustomer } = await ask(
    gateway,
    `mutation ($t: UpsertTenantInput!, $c: UpsertCustomerInput!) {
      upsertTenant(input: $t) { ... on UpsertTenantPayload { tenant { id } } }
      upsertCustomer(input: $c) { ... on UpsertCustomerPayload { customer { id } } } }`,
    {
      t: { identifier: { externalId: subject.externalId }, externalId: subject.externalId, name: 'Before' },
      c: {
        identifier: { email: subject.emailAddress },
        kind: 'PERSON',
        email: { address: subject.emailAddress, isVerified: true },
        externalId: subject.personId,
        name: 'Before',
      },
    },
    z.object({ upsertTenant: z.object({ tenant: Id }), upsertCustomer: z.object({ customer: Id }) }),
  );
  const target = await new Newer(options).mutation.createWebhookTarget({
    input: { ...webhookTarget(subject), version: '2026-02-27' },
  });
  const uuid = ({ id }: { id: string }) => atob(id).split(':')[1] ?? '';
  return {
    customerId: toPlainId('Customer', uuid(upsertCustomer.customer)),
    tenantId: toPlainId('Tenant', uuid(upsertTenant.tenant)),
    webhookTargetId: target.webhookTarget?.id ?? '',
  };
}

/** Every value in an answer, however deep. */
function valuesIn(answer: unknown): unknown[] {
  if (typeof answer !== 'object' || answer === null) return [answer];
  return [...Object.values(answer)].flatMap((part) => (part === answer ? [] : valuesIn(part)));
}

describe('the calls', () => {
  it('are of everything that is served', () => {
    const served = [schema.getQueryType(), schema.getMutationType()].flatMap((type) =>
      Object.keys(type?.getFields() ?? {}),
    );
    const called = CALLS.map(({ name }) => name).filter((name) => !name.includes('.'));
    expect(called.sort()).toEqual(served.sort());
  });
});

describe.each(VERSIONS)('$title', ({ title, callOf }) => {
  const calls = CALLS.filter((call) => callOf(call) !== null);

  it('makes every call that it has', async () => {
    const word = title.replaceAll(/\W+/g, '-');
    const given = { externalId: `tenant${word}`, emailAddress: `jane${word}@aol.example`, personId: `person${word}` };
    const subject: Subject = {
      ...given,
      ...(await created({ ...given, customerId: '', tenantId: '', webhookTargetId: '' })),
    };
    for (const call of calls) {
      const answer = await callOf(call)?.(subject);
      // What a model keeps of its client is none of what it shows.
      const shown = valuesIn(
        JSON.parse(JSON.stringify(answer ?? null, (key, part) => (key === '_client' ? null : part))),
      );
      expect(shown, call.name).toEqual(expect.arrayContaining([...call.shows(subject)]));
    }
  });

  it('is said to make them, with how many they are', () => {
    const [row = `There is no row of ${title}`] = PAGE.split('\n').filter((line) => line.startsWith(`| ${title} |`));
    const [, , count, names = ''] = row.split('|');
    expect(Number(count), row).toBe(calls.length);
    expect([...names.matchAll(/`([^`]+)`/g)].map(([, name]) => name)).toEqual(calls.map(({ name }) => name));
  });
});
