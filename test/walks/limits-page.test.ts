import { env } from 'cloudflare:workers';
import { getOperationAST, parse } from 'graphql';
import { describe, expect, it } from 'vitest';
import page from '../../docs/limits.md?raw';
import { READ_TIMEOUT_MILLISECONDS, WRITE_TIMEOUT_MILLISECONDS } from '../../src/db/unavailable.ts';
import { MAX_HIDDEN_TAKEN_PER_HOUR, MAX_INVITATIONS_PER_HOUR } from '../../src/directory/access/rate-limits.ts';
import { MAX_ASKED_PERMISSIONS, MAX_CHECKS } from '../../src/directory/access-checks/input.ts';
import { MAX_SECRETS } from '../../src/directory/api-keys/secret-commands.ts';
import { KEPT_MILLISECONDS } from '../../src/directory/commands/idempotency.ts';
import { MAX_IMPORT_ROWS, MAX_NAMED_TENANTS } from '../../src/directory/imports/import.ts';
import { MAX_IDENTIFIERS } from '../../src/directory/kernel/input.ts';
import { MAX_OVERLAP_SECONDS } from '../../src/directory/kernel/overlap.ts';
import { MAX_PERMISSION_NAME_LENGTH } from '../../src/directory/kernel/permission-names.ts';
import { MAX_OFFSET, MAX_PAGE_SIZE } from '../../src/directory/lists/page-arguments.ts';
import { MAX_PRODUCT_PERMISSIONS } from '../../src/directory/roles/permission-commands.ts';
import { MAX_ROLES } from '../../src/directory/roles/queries.ts';
import { MAX_SESSIONS_OF_USER } from '../../src/directory/sign-in/sessions.ts';
import { MAX_KEYS } from '../../src/directory/trusted-issuers/json-web-keys.ts';
import { MAX_TOKEN_LENGTH } from '../../src/directory/trusted-issuers/tokens.ts';
import { MAX_DATA_SOURCES } from '../../src/directory/usage/data-source-commands.ts';
import { MAX_ENTRIES } from '../../src/directory/usage/traffic-commands.ts';
import { MAX_WINDOW_HOURS } from '../../src/directory/usage/traffic-hours.ts';
import { schema } from '../../src/graphql/schema.ts';
import { MUTATION_COST, PAGE, PAGE_COST, USAGE } from '../../src/graphql/shared/prices.ts';
import { MAX_KEY_SET_BYTES } from '../../src/http/auth/trusted-keys.ts';
import { MAX_PLAIN_COST } from '../../src/http/dialects/plain.ts';
import { MAX_PRISMATIC_COST } from '../../src/http/dialects/prismatic.ts';
import { costOf, MAX_COST, MAX_DEPTH } from '../../src/http/graphql/cost.ts';
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
import { PUBLIC_URL, ROOT_KEY, send } from '../shared/gateway.ts';

/** The rows of all tables that have this first heading, as cells. */
function rowsUnder(heading: string): string[][] {
  const rows: string[][] = [];
  let isIn = false;
  for (const line of page.split('\n')) {
    if (!line.startsWith('|')) isIn = false;
    else if (line.startsWith(`| ${heading} |`)) isIn = true;
    else if (isIn && !line.startsWith('|---')) rows.push(line.slice(2, -2).split(' | '));
  }
  return rows;
}

const number = (value: number) => value.toLocaleString('en');

/** What a document costs, as the gateway prices it. */
function cost(source: string): number {
  const document = parse(source);
  const operation = getOperationAST(document);
  if (!operation) throw new Error(`There is no operation in ${source}`);
  return costOf(schema, document, operation, { variables: new Map() }).cost;
}

/** What a document costs more than another. */
const more = (than: string, document: string) => cost(document) - cost(than);

const list = (name: string, fields: string) => `{ ${name} { nodes { ${fields} } } }`;
const manyRows = (name: string, rows: string, count: number) =>
  `mutation { ${name}(input: { ${rows}: [${Array(count).fill('{}').join()}] }) { __typename } }`;
const oneMore = (name: string, rows: string) => more(manyRows(name, rows, 1), manyRows(name, rows, 2));
const checks = (...permissions: string[]) =>
  `{ checkAccess(checks: [${permissions.map((names) => `{ permissions: [${names}] }`).join()}]) { __typename } }`;
const usage = (hours: number, fields: string) =>
  list('tenants(first: 1)', `usage(durationInHours: ${hours}) { ${fields} }`);

describe('the page of limits', () => {
  it('has the limits that the code has', () => {
    const limits = new Map(rowsUnder('what').map(([what = '', much]) => [what, much]));
    const held: Record<string, number | string> = {
      'body of a request': `${MAX_BODY_BYTES / 1024 / 1024} MB`,
      'form at `/clients/token` or `/oauth/token`': `${MAX_FORM_BYTES / 1024} KB`,
      'rows of an import': MAX_IMPORT_ROWS,
      'tenants that the rows of an import name': MAX_NAMED_TENANTS,
      'roles of one scope': MAX_ROLES,
      'permissions of the product': MAX_PRODUCT_PERMISSIONS,
      'characters of the name of a permission': MAX_PERMISSION_NAME_LENGTH,
      'credentials that one `checkAccess` takes': MAX_CHECKS,
      'permissions that one `checkAccess` is asked for': MAX_ASKED_PERMISSIONS,
      'entries of traffic in one call': MAX_ENTRIES,
      'pixels of a tenant': MAX_DATA_SOURCES,
      'pipelines of a tenant': MAX_DATA_SOURCES,
      'hours of a window of usage': MAX_WINDOW_HOURS,
      'characters of a document': MAX_DOCUMENT_CHARACTERS,
      'tokens of a document': MAX_TOKENS,
      'aliases of a document': MAX_ALIASES,
      'directives of a document': MAX_DIRECTIVES,
      'times that a document asks for the same field of a type': MAX_REPEATS,
      'fields inside each other in an operation': MAX_DEPTH,
      'cost of an operation': `${number(MAX_COST)}: see [the prices](#what-an-operation-costs)`,
      'characters of an answer, errors included': MAX_ANSWER_CHARACTERS,
      'errors of one code in an answer: the first': MAX_ERRORS_OF_A_KIND,
      'characters of the message of an error, and of its path': `${MAX_MESSAGE_CHARACTERS} each`,
      'bytes of all errors of an answer': MAX_ERROR_BYTES,
      'records of a page': MAX_PAGE_SIZE,
      'records that an `offset` skips, at `/api`': MAX_OFFSET,
      'sessions of a user': MAX_SESSIONS_OF_USER,
      'secrets of a key that are good at a time': MAX_SECRETS,
      'seconds of an overlap of secrets': MAX_OVERLAP_SECONDS,
      'ids in `nodes(ids:)`': MAX_PAGE_SIZE,
      'keys of a trusted issuer': MAX_KEYS,
      'roles of a trusted issuer': MAX_IDENTIFIERS,
      'customers of a trusted issuer': MAX_IDENTIFIERS,
      'keys at a URL': `${MAX_KEY_SET_BYTES / 1024} KB`,
      'characters of a token signed by a trusted issuer': MAX_TOKEN_LENGTH,
      'identifiers in one input': MAX_IDENTIFIERS,
      'tenants of one key': MAX_IDENTIFIERS,
      'roles in tenants of one row of an import': MAX_IDENTIFIERS,
      'answers to one credential in an hour that a value belongs to what it may not see': MAX_HIDDEN_TAKEN_PER_HOUR,
      'invitations that one credential may cause in an hour': MAX_INVITATIONS_PER_HOUR,
      'seconds of a read of the database, all attempts together': READ_TIMEOUT_MILLISECONDS / 1000,
      'seconds of a write to the database': WRITE_TIMEOUT_MILLISECONDS / 1000,
      'characters of an `Idempotency-Key`': MAX_KEY_CHARACTERS,
      'hours for which an `Idempotency-Key` counts': KEPT_MILLISECONDS / 3_600_000,
    };
    for (const [what, much] of Object.entries(held)) {
      expect(limits.get(what), what).toBe(typeof much === 'number' ? number(much) : much);
    }
    const { RATE_LIMITS } = env;
    const [, , seconds] = /^\| binding \|(.*)\|(.*)\|$/m.exec(page) ?? [];
    expect(seconds?.trim()).toBe(`requests in ${RATE_LIMIT_PERIOD_SECONDS} seconds`);
    const bindings = rowsUnder('binding').map(([name, , max]) => [name, max]);
    expect(bindings).toEqual(Object.entries(RATE_LIMITS).map(([name, max]) => [`\`RATE_LIMIT_${name}\``, number(max)]));
  });

  it('has what an operation of each API may cost, and what costs one more of each part', () => {
    const [ten, filtered] = ['customers(first: 10)', 'customers(first: 10, filter: { name: "a" })'];
    const one = 'customers(first: 1)';
    const tenants = 'tenants { pageInfo { __typename } }';
    const measured: Record<string, string> = {
      'a field without another price, such as a record': `${more('{ a: viewer { __typename } }', '{ a: viewer { __typename } b: viewer { __typename } }')}`,
      'a value of a record': more(list(ten, 'id'), list(ten, 'id name')) === 10 / 10 ? '⅒' : '',
      'a record that another one leads to':
        more(list('users(first: 10)', 'id'), list('users(first: 10)', 'role { id }')) === 10 / 2 ? '½' : '',
      'a page of a list': `${PAGE_COST}`,
      'a page with a filter or a search': `${more(list(ten, 'id'), list(filtered, 'id')) + PAGE_COST}`,
      'each record that an `offset` skips': `${PAGE.skipped?.each}`,
      'the records of a page':
        more(list(ten, 'id'), list('customers(first: 20)', 'id')) === 10 + 10 / 10
          ? '1 and their fields, times the records that the page may have'
          : '',
      'permissions on a page':
        cost(list('permissions(first: 100)', 'name')) ===
        Math.ceil(PAGE_COST + (cost(list('customers(first: 100)', 'name')) - PAGE_COST) / 10)
          ? 'a tenth of what records cost there'
          : '',
      'roles that can be given':
        more(list('tenants(first: 1)', 'id'), list('tenants(first: 1)', 'id availableRoles { id }')) ===
        1 + MAX_ROLES / 2 + MAX_ROLES / 10
          ? `½ and their fields, times ${MAX_ROLES}`
          : '',
      'a total': `${more(list(one, tenants), list(one, tenants.replace('{ ', '{ totalCount ')))}`,
      'a total at the root': number(
        more('{ customers { nodes { id } } }', '{ customers { nodes { id } totalCount } }'),
      ),
      'a total with a filter or a search': number(
        more(list(filtered, 'id'), list(filtered, 'id').replace('nodes', 'totalCount nodes')),
      ),
      usage:
        more(usage(24, '__typename'), usage(72, '__typename')) === 2 ? `${USAGE.own}, and 1 for each 24 hours` : '',
      'the hours of usage':
        more(usage(24, 'hours { events }'), usage(34, 'hours { events }')) - 1 === 10 + 10 / 10
          ? '1 and their fields, times the hours of the window'
          : '',
      'a mutation': `${MUTATION_COST}`,
      'a row of an import': `${oneMore('importCustomers', 'rows')}`,
      'an entry of traffic': `${oneMore('recordTraffic', 'entries')}`,
      'a check of a credential': `${more(checks(''), checks('', ''))}, and ${more(checks(''), checks('"a"'))} for each permission`,
      '`__schema`': number(cost('{ __schema { types { name } } }')),
      '`__type`': number(cost('{ __type(name: "User") { name } }')),
    };
    expect(Object.fromEntries(rowsUnder('part of an operation'))).toEqual(measured);
    expect(rowsUnder('API').map(([, max]) => max)).toEqual([MAX_COST, MAX_PLAIN_COST, MAX_PRISMATIC_COST].map(number));
  });

  it('shows a request that answers what it costs', async () => {
    const [, body = ''] = /-d '(.*)'$/m.exec(page) ?? [];
    expect(page).toContain("-H 'GraphQL-Cost: 1'");
    const headers = { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json', 'graphql-cost': '1' };
    const { text } = await send(new Request(`${PUBLIC_URL}/graphql`, { method: 'POST', headers, body }));
    expect(JSON.parse(text).extensions).toEqual({ cost: { requested: expect.any(Number), max: MAX_COST } });
  });
});
