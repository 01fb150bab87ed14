import { env } from 'cloudflare:workers';
import { describe, expect, it } from 'vitest';
import contributing from '../../CONTRIBUTING.md?raw';
import readme from '../../README.md?raw';
import { READ_TIMEOUT_MILLISECONDS, WRITE_TIMEOUT_MILLISECONDS } from '../../src/db/unavailable.ts';
import { ACCESS_TOKEN_SECONDS } from '../../src/directory/access/access-tokens.ts';
import {
  MAX_BY_ADDRESS,
  MAX_BY_EMAIL,
  MAX_BY_EMAIL_AND_ADDRESS,
  MAX_BY_EMAIL_AND_REGION,
  MAX_CHANGES_BY_USER,
  MAX_HIDDEN_TAKEN_PER_HOUR,
  MAX_INVITATIONS_PER_HOUR,
  MAX_MAILS_TO_EMAIL,
  MAX_RESETS_BY_EMAIL,
  MAX_RESETS_BY_EMAIL_AND_ADDRESS,
  MAX_RESETS_BY_EMAIL_AND_REGION,
} from '../../src/directory/access/rate-limits.ts';
import { MAX_ASKED_PERMISSIONS, MAX_CHECKS } from '../../src/directory/access-checks/input.ts';
import {
  CLAIM_MILLISECONDS,
  MAX_OVERLAP_SECONDS,
  MAX_SECRETS,
  SAME_TIME_MILLISECONDS,
} from '../../src/directory/api-keys/secret-commands.ts';
import { KEPT_MILLISECONDS } from '../../src/directory/commands/idempotency.ts';
import { MAX_REMOVED } from '../../src/directory/housekeeping.ts';
import { MAX_IMPORT_ROWS, MAX_NAMED_TENANTS } from '../../src/directory/imports/import.ts';
import { MAX_IDENTIFIERS } from '../../src/directory/kernel/input.ts';
import { MAX_PERMISSION_NAME_LENGTH } from '../../src/directory/kernel/permission-names.ts';
import { DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE } from '../../src/directory/lists/page-arguments.ts';
import { FRESH_MILLISECONDS, LIFETIME_MILLISECONDS } from '../../src/directory/mail/mailed-links.ts';
import { MAX_DIGITS_IN_MAIL, MAX_NAME_LENGTH_IN_MAIL } from '../../src/directory/mail/texts.ts';
import { MAX_ROLES } from '../../src/directory/roles/commands.ts';
import { MAX_PRODUCT_PERMISSIONS } from '../../src/directory/roles/permission-commands.ts';
import { MAX_PASSWORD_BYTES, MIN_PASSWORD_LENGTH } from '../../src/directory/sign-in/password-hashing.ts';
import {
  MAX_AGE_MILLISECONDS,
  MAX_IDLE_MILLISECONDS,
  MAX_SESSIONS_OF_USER,
} from '../../src/directory/sign-in/sessions.ts';
import { MAX_KEYS } from '../../src/directory/trusted-issuers/json-web-keys.ts';
import { MAX_TOKEN_LENGTH } from '../../src/directory/trusted-issuers/tokens.ts';
import { MAX_DATA_SOURCES } from '../../src/directory/usage/data-source-commands.ts';
import { MAX_ENTRIES } from '../../src/directory/usage/traffic-commands.ts';
import { MAX_WINDOW_HOURS } from '../../src/directory/usage/traffic-hours.ts';
import { FILTERED_TOTAL_COST, ROOT_TOTAL_COST, TOTAL_COST } from '../../src/graphql/shared/prices.ts';
import { MAX_KEY_SET_BYTES } from '../../src/http/auth/trusted-keys.ts';
import { MAX_COST, MAX_DEPTH } from '../../src/http/graphql/cost.ts';
import {
  MAX_ALIASES,
  MAX_ANSWER_CHARACTERS,
  MAX_DIRECTIVES,
  MAX_DOCUMENT_CHARACTERS,
  MAX_ERROR_BYTES,
  MAX_ERRORS_OF_A_KIND,
  MAX_MESSAGE_CHARACTERS,
  MAX_REPEATS,
  MAX_TOKENS,
} from '../../src/http/graphql/limits.ts';
import { MAX_BODY_BYTES } from '../../src/http/shared/body.ts';
import { MAX_FORM_BYTES } from '../../src/http/shared/form.ts';
import { MAX_KEY_CHARACTERS } from '../../src/http/shared/idempotency-key.ts';
import { RATE_LIMIT_PERIOD_SECONDS } from '../../src/http/shared/rate-limits.ts';
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

  it('has the limits that the code has', () => {
    const limits = new Map(table(page('limits'), 'what').map(([what, much]) => [what, much]));
    expect(limits.get('body of a request')).toBe(`${MAX_BODY_BYTES / 1024 / 1024} MB`);
    expect(limits.get('form at `/clients/token` or `/oauth/token`')).toBe(`${MAX_FORM_BYTES / 1024} KB`);
    const { RATE_LIMITS } = env;
    expect(
      limits.get(
        `requests in ${RATE_LIMIT_PERIOD_SECONDS} seconds and location: of a credential, of a key of the tier \`HIGH\`, of a network address without a credential`,
      ),
    ).toBe([RATE_LIMITS.DEFAULT, RATE_LIMITS.HIGH, RATE_LIMITS.STRANGERS].map(number).join(', '));
    const bindings = table(page('limits'), 'binding').map(([name, , max]) => [...words(name), max]);
    expect(bindings).toEqual(Object.entries(RATE_LIMITS).map(([name, max]) => [`RATE_LIMIT_${name}`, number(max)]));
    expect(said).toContain(`The body is over ${MAX_BODY_BYTES / 1024 / 1024} MB`);
    expect(limits.get('rows of an import, tenants that they name')).toBe(
      [MAX_IMPORT_ROWS, MAX_NAMED_TENANTS].map(number).join(', '),
    );
    expect(limits.get('roles of one scope')).toBe(String(MAX_ROLES));
    expect(limits.get('permissions of the product, characters of a name')).toBe(
      `${MAX_PRODUCT_PERMISSIONS}, ${MAX_PERMISSION_NAME_LENGTH}`,
    );
    expect(limits.get('credentials that one `checkAccess` takes, permissions that it is asked for')).toBe(
      [MAX_CHECKS, MAX_ASKED_PERMISSIONS].join(', '),
    );
    expect(limits.get('entries of traffic in one call, pixels and pipelines of a tenant')).toBe(
      `${number(MAX_ENTRIES)}, ${number(MAX_DATA_SOURCES)} each`,
    );
    expect(limits.get('hours of a window of usage')).toBe(String(MAX_WINDOW_HOURS));
    expect(said).toContain(`Cron removes up to ${number(MAX_REMOVED)} entry ids at a run`);
    expect(limits.get('a document')).toBe(
      `${number(MAX_DOCUMENT_CHARACTERS)} characters, ${number(MAX_TOKENS)} tokens, ${MAX_ALIASES} aliases, ${MAX_DIRECTIVES} directives, ${MAX_REPEATS} times the same field of a type`,
    );
    expect(limits.get('depth of an operation')).toBe(`${MAX_DEPTH} fields`);
    expect(limits.get('cost of an operation')).toContain(number(MAX_COST));
    expect(limits.get('cost of an operation')).toContain(
      `a total ${TOTAL_COST}, at the root ${number(ROOT_TOTAL_COST)}, and with a filter or a search ${number(FILTERED_TOTAL_COST)} (`,
    );
    expect(limits.get('answer of an operation')).toBe(`${number(MAX_ANSWER_CHARACTERS)} characters, errors included`);
    expect(limits.get('errors of an answer')).toBe(
      `the first ${MAX_ERRORS_OF_A_KIND} of each code, messages and paths of ${MAX_MESSAGE_CHARACTERS} characters each, ${number(MAX_ERROR_BYTES)} bytes in all`,
    );
    expect(limits.get('page')).toBe(`${MAX_PAGE_SIZE} records`);
    expect(limits.get('sessions of a user')).toBe(String(MAX_SESSIONS_OF_USER));
    expect(limits.get('secrets of a key that are good at a time, seconds of an overlap')).toBe(
      [MAX_SECRETS, MAX_OVERLAP_SECONDS].map(number).join(', '),
    );
    expect(said).toContain(`up to ${MAX_SECRETS} are good side by side`);
    expect(said).toContain(`ends ${CLAIM_MILLISECONDS / 60_000} minutes after it was made`);
    expect(said).toContain(`less than ${SAME_TIME_MILLISECONDS / 1000} seconds ago`);
    expect(limits.get('ids in `nodes(ids:)`')).toBe(String(MAX_PAGE_SIZE));
    expect(limits.get('keys, roles, customers of a trusted issuer')).toBe(
      [MAX_KEYS, MAX_IDENTIFIERS, MAX_IDENTIFIERS].join(', '),
    );
    expect(limits.get('keys at a URL, a token signed by a trusted issuer')).toBe(
      `${MAX_KEY_SET_BYTES / 1024} KB, ${number(MAX_TOKEN_LENGTH)} characters`,
    );
    expect(limits.get('identifiers in one input, tenants of one key, roles in tenants of one row')).toBe(
      String(MAX_IDENTIFIERS),
    );
    expect(limits.get('answers to one credential in an hour that a value belongs to what it may not see')).toBe(
      number(MAX_HIDDEN_TAKEN_PER_HOUR),
    );
    expect(limits.get('invitations that one credential may cause in an hour')).toBe(number(MAX_INVITATIONS_PER_HOUR));
    expect(limits.get('a read of the database, all attempts together; a write')).toBe(
      `${READ_TIMEOUT_MILLISECONDS / 1000}, ${WRITE_TIMEOUT_MILLISECONDS / 1000} seconds`,
    );
    expect(limits.get('an `Idempotency-Key`, for how long it counts')).toBe(
      `${MAX_KEY_CHARACTERS} characters, ${KEPT_MILLISECONDS / 3_600_000} hours`,
    );
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
    // A file is not among those that it looks for.
    const sources = ['/test/walks/docs.test.ts', ...Object.keys(import.meta.glob(['/src/**/*.ts', '/test/**/*.ts']))];
    const named = [...`${readme}${said}${contributing}`.matchAll(/(?<![\w/])((?:src|test)\/[\w./-]+\.ts)/g)].map(
      ([, path]) => `/${path}`,
    );
    const missing = named.filter((path) => !sources.includes(path) && !path.includes('/project'));
    expect(named.length).toBeGreaterThan(5);
    expect(missing).toEqual([]);
  });
});
