import { describe, expect, it } from 'vitest';
import contributing from '../../CONTRIBUTING.md?raw';
import readme from '../../README.md?raw';
import { ACCESS_TOKEN_SECONDS } from '../../src/directory/access/access-tokens.ts';
import {
  MAX_BY_ADDRESS,
  MAX_BY_EMAIL,
  MAX_BY_EMAIL_AND_ADDRESS,
  MAX_BY_EMAIL_AND_REGION,
  MAX_CHANGES_BY_USER,
  MAX_MAILS_TO_EMAIL,
  MAX_RESETS_BY_EMAIL,
  MAX_RESETS_BY_EMAIL_AND_ADDRESS,
  MAX_RESETS_BY_EMAIL_AND_REGION,
} from '../../src/directory/access/rate-limits.ts';
import {
  CLAIM_MILLISECONDS,
  MAX_SECRETS,
  SAME_TIME_MILLISECONDS,
} from '../../src/directory/api-keys/secret-commands.ts';
import { MAX_REMOVED } from '../../src/directory/housekeeping.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../src/directory/lists/page-arguments.ts';
import { FRESH_MILLISECONDS, LIFETIME_MILLISECONDS } from '../../src/directory/mail/mailed-links.ts';
import { MAX_DIGITS_IN_MAIL, MAX_NAME_LENGTH_IN_MAIL } from '../../src/directory/mail/texts.ts';
import { MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH } from '../../src/directory/sign-in/password-hashing.ts';
import {
  MAX_AGE_MILLISECONDS,
  MAX_IDLE_MILLISECONDS,
  MAX_SESSIONS_OF_USER,
} from '../../src/directory/sign-in/sessions.ts';
import { MAX_BODY_BYTES } from '../../src/http/shared/body.ts';
import { MAX_KEY_CHARACTERS } from '../../src/http/shared/idempotency-key.ts';
import { newTenant } from '../shared/fixtures.ts';
import { ask, PUBLIC_URL, ROOT_KEY, send } from '../shared/gateway.ts';
import { mailedToken, signIn } from '../shared/people.ts';
import { COMMANDS } from './commands.ts';
import { QUERIES } from './queries.ts';

const PAGES = import.meta.glob<string>('../../docs/*.md', { query: '?raw', import: 'default', eager: true });

/** Returns the text of a page of the documentation. */
function page(name: string): string {
  const text = PAGES[`../../docs/${name}.md`];
  if (text === undefined) throw new Error(`There is no page ${name}`);
  return text;
}

/** What all pages say, in one line each: where a line ends means nothing. */
const said = Object.values(PAGES).join('\n').replaceAll(/\s+/g, ' ');

/** Pages whose requests have a test of their own, because they follow on each other, or are asked elsewhere. */
const TESTED_ELSEWHERE = [
  ...['api-keys', 'people', 'permissions', 'users'].map((name) => `${name} in test/directory`),
  'checking-access in test/commands',
  'prismatic-sign-in in test/dialects/prismatic',
  'webhooks in test/node',
].map((place) => place.split(' ')[0]);

/** The rows of the table whose first heading is this, as cells. */
function table(text: string, heading: string): string[][] {
  const lines = text.split('\n');
  const start = lines.findIndex((line) => line.startsWith(`| ${heading} |`));
  const rows = lines.slice(
    start + 2,
    lines.findIndex((line, index) => index > start && !line.startsWith('|')),
  );
  return rows.map((line) =>
    line
      .split('|')
      .slice(1, -1)
      .map((cell) => cell.trim()),
  );
}

const words = (cell = '') => [...cell.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');
const sorted = (list: readonly string[]) => [...list].sort();

const number = (value: number) => value.toLocaleString('en');

describe('the documentation', () => {
  const needs = new Map(
    table(page('permission-table'), 'operation').flatMap(([names, permissions]) =>
      words(names).map((name) => [name, words(permissions)]),
    ),
  );

  it('has the permissions of every command and of every query', () => {
    for (const { name, permissions } of COMMANDS)
      expect(sorted(needs.get(name) ?? []), name).toEqual(sorted(permissions));
    const commands = new Set(COMMANDS.map(({ name }) => name));
    const nodes = ['node', 'nodes'];
    const fields = new Set(QUERIES.map(({ field }) => field).filter((field) => !nodes.includes(field)));
    const nested = [
      'Customer.tenants',
      'Customer.users',
      'Organization.users',
      'Role.permissions',
      'Tenant.availableRoles',
      'Tenant.customers',
      'Tenant.pipelines',
      'Tenant.pixels',
      'Tenant.usage',
      'Tenant.users',
      'User.sessions',
      'User.tenantRoles',
      'Webhook.deliveries',
    ];
    expect(sorted([...needs.keys()])).toEqual(sorted([...commands, ...fields, ...nested]));
    for (const field of fields) {
      const simplest = QUERIES.filter((query) => query.field === field).map((query) => query.needs);
      expect(
        simplest.map((list) => sorted(list).join()),
        field,
      ).toContain(sorted(needs.get(field) ?? []).join());
    }
  });

  it('says the limits that the code has, beside the page of limits', () => {
    expect(said).toContain(`The body is over ${MAX_BODY_BYTES / 1024 / 1024} MB`);
    expect(said).toContain(`Cron removes up to ${number(MAX_REMOVED)} entry ids at a run`);
    expect(said).toContain(`up to ${MAX_SECRETS} are good side by side`);
    expect(said).toContain(`ends ${CLAIM_MILLISECONDS / 60_000} minutes after it was made`);
    expect(said).toContain(`less than ${SAME_TIME_MILLISECONDS / 1000} seconds ago`);
    expect(said).toContain(`A key is 1 to ${MAX_KEY_CHARACTERS} printable characters`);
    expect(said).toContain(`${DEFAULT_PAGE_SIZE} by default and ${MAX_PAGE_SIZE} at the most`);
  });

  it('shows GraphQL that is valid', async () => {
    const shown = { README: readme, ...PAGES };
    const documents = Object.entries(shown)
      .filter(([path]) => !TESTED_ELSEWHERE.some((name) => path.endsWith(`/${name}.md`)))
      .flatMap(([, text]) => [...text.matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document ?? ''));
    expect(documents.length).toBeGreaterThan(7);
    for (const document of documents) {
      const { status, errors } = await ask(document);
      expect(errors, document).toEqual([]);
      expect(status).toBe(200);
    }
  });

  it('shows how people sign in by requests that work, in this order', async () => {
    const section = page('signing-in');
    const commands = [...section.replaceAll('\\\n', '').matchAll(/^curl -sS \$TENANTRY(\S+) (.*)$/gm)];
    expect(commands).toHaveLength(7);
    const email = 'olga@example.com';
    let signedIn: Record<string, string> = {};
    const values: Record<string, () => string | undefined> = {
      ROOT_KEY: () => ROOT_KEY,
      TOKEN: () => mailedToken(email),
      RESET_TOKEN: () => mailedToken(email),
      ACCESS_TOKEN: () => signedIn.accessToken,
      REFRESH_TOKEN: () => signedIn.refreshToken,
    };
    const filled = (text = '') => text.replaceAll(/'?\$([A-Z_]+)'?/g, (_, name) => values[name]?.() ?? 'unknown');
    for (const [command, path, options = ''] of commands) {
      const headers = [...options.matchAll(/-H (["'])(\S+): (.*?)\1/g)].map(
        ([, , name = '', value]): [string, string] => [name, filled(value)],
      );
      const [, body] = /-d '(.*)'$/.exec(options) ?? [];
      const { status, text } = await send(
        new Request(`${PUBLIC_URL}${path}`, { method: 'POST', headers, body: filled(body) }),
      );
      expect(status, `${command} ${text}`).toBe(path === '/auth/request-password-reset' ? 202 : 200);
      expect(text).not.toContain('"errors"');
      if (path === '/auth/sign-in') signedIn = JSON.parse(text);
    }
    expect(await signIn(email, { password: 'staple, battery, horse: correct' })).toHaveProperty('accessToken');
  });

  it('shows how a change is repeated, which is done once', async () => {
    await newTenant({ externalId: 'acme-outfitters' });
    const [, body = ''] = /-H "Idempotency-Key: \$KEY" \\\n\s+-d '(.*?)'\n/.exec(page('changing')) ?? [];
    const headers = {
      authorization: `Bearer ${ROOT_KEY}`,
      'content-type': 'application/json',
      'idempotency-key': 'once',
    };
    const answers = [];
    for (const _time of ['first', 'second']) {
      answers.push(await send(new Request(`${PUBLIC_URL}/graphql`, { method: 'POST', headers, body })));
    }
    expect(answers[0]?.data.createCustomer, answers[0]?.text).toHaveProperty('customer.id');
    expect(answers[1]?.data).toEqual(answers[0]?.data);
    expect((await ask('{ customers(filter: { name: "Once" }) { totalCount } }')).data.customers.totalCount).toBe(1);
  });

  it('shows how the key is made that the clients of other APIs take, with all that their examples need', async () => {
    const section = page('dialects');
    const [, body = ''] = /^curl -sS \$TENANTRY\/graphql .*? -d '(.*?)'$/ms.exec(section.replaceAll('\\\n', '')) ?? [];
    const { data, text } = await ask(JSON.parse(body).query);
    expect(data?.createApiKey, text).toEqual({ secret: expect.any(String), apiKey: { id: expect.any(String) } });
    const { viewer } = (await ask('{ viewer { permissions } }', {}, data.createApiKey.secret)).data;
    const needed = [
      ...['customer:edit', 'customerTenantMembership:create', 'customer:read', 'customer:create'],
      ...['tenant:edit', 'tenant:read', 'user:read', 'role:read'],
    ];
    expect(sorted(viewer.permissions)).toEqual(sorted(needed));
  });

  it('says how long credentials are good for, and how often they can be tried', () => {
    expect(said).toContain(`| access token | ${ACCESS_TOKEN_SECONDS / 60} minutes |`);
    const DAY = 24 * 60 * 60 * 1000;
    expect(said).toContain(`| invitation | ${LIFETIME_MILLISECONDS.INVITATION / DAY} days, and one use |`);
    expect(said).toContain(
      `| session | ${MAX_IDLE_MILLISECONDS / DAY} days after it was last refreshed, and ${MAX_AGE_MILLISECONDS / DAY} days in all |`,
    );
    expect(said).toContain(
      `| link to a new password | ${(LIFETIME_MILLISECONDS.PASSWORD_RESET / DAY) * 24} hour, and one use |`,
    );
    const tries = new Map(table(page('signing-in'), 'for').map(([who, ...counts]) => [who, counts]));
    expect(tries.get('one e-mail address, from one network address')).toEqual(
      [MAX_BY_EMAIL_AND_ADDRESS, MAX_RESETS_BY_EMAIL_AND_ADDRESS].map(number),
    );
    expect(tries.get('any e-mail address, from one network address')).toEqual(
      [MAX_BY_ADDRESS, MAX_BY_ADDRESS].map(number),
    );
    expect(tries.get('one e-mail address, from one region')).toEqual(
      [MAX_BY_EMAIL_AND_REGION, MAX_RESETS_BY_EMAIL_AND_REGION].map(number),
    );
    expect(tries.get('one e-mail address, from wherever')).toEqual([MAX_BY_EMAIL, MAX_RESETS_BY_EMAIL].map(number));
    expect(said).toContain('the first 48 bits of an IPv6 address, and the first 24 of IPv4');
    expect(said).toContain(`In 15 minutes the present one may be tried ${MAX_CHANGES_BY_USER} times.`);
    expect(said).toContain(
      `A password has ${MIN_PASSWORD_LENGTH} characters to ${number(MAX_PASSWORD_BYTES)} bytes, not of white space only`,
    );
    expect(said).toContain(`of more than ${MAX_MAILS_TO_EMAIL} mails of whatever kind`);
    expect(said).toContain(`fresh, which it is for ${FRESH_MILLISECONDS / 60_000} minutes`);
    expect(said).toContain(`${MAX_SESSIONS_OF_USER} newer ones of the same user`);
    expect(said).toContain(`a user has at most ${MAX_SESSIONS_OF_USER} sessions`);
    expect(said).toContain(
      `at most ${MAX_NAME_LENGTH_IN_MAIL} characters, letters of any script, at most ${MAX_DIGITS_IN_MAIL} digits`,
    );
  });

  it('names files that exist', () => {
    // A glob leaves out the file that it stands in.
    const sources = [...Object.keys(import.meta.glob(['/src/**/*.ts', '/test/**/*.ts'])), '/test/walks/docs.test.ts'];
    const named = [...`${readme}${said}${contributing}`.matchAll(/(?<![\w/])((?:src|test)\/[\w./-]+\.ts)/g)].map(
      ([, path]) => `/${path}`,
    );
    const missing = named.filter((path) => !sources.includes(path) && !path.includes('/project'));
    expect(named.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });
});
