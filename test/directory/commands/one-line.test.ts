import { beforeAll, expect, it } from 'vitest';
import {
  mutate,
  newCustomer,
  newPixel,
  newRole,
  newTenant,
  newTrustedIssuer,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';

const BREAKS = ['\n', '\r', '\r\n', '\t', '\v', '\f', '\u0085', '\u2028', '\u2029', '\u001e'];

let ids: Record<'tenant' | 'pixel' | 'customer' | 'role' | 'issuer', string>;

beforeAll(async () => {
  const tenant = await newTenant();
  const customer = await newCustomer();
  ids = {
    tenant: tenant.id,
    pixel: (await newPixel(tenant.id)).id,
    customer: customer.id,
    role: (await newRole()).id,
    issuer: (await newTrustedIssuer(customer.id)).id,
  };
});

/** What is given in one line, by the mutation and the path where it stands. The input is good but for that. */
const LINES: Record<string, readonly [paths: readonly string[], input: () => Variables]> = {
  createTenant: [
    [
      'name',
      'externalId',
      'url',
      'billing.companyName',
      'billing.vatId',
      'billing.taxType',
      'billing.billingAddress.line1',
      'billing.shippingAddress.city',
    ],
    () => ({ name: unique('T') }),
  ],
  updateTenant: [['name', 'billing.companyName'], () => ({ id: ids.tenant })],
  createCustomer: [['name', 'shortName', 'externalId', 'labels.0'], () => ({ name: unique('C') })],
  updateCustomer: [['name', 'shortName', 'labels.0'], () => ({ id: ids.customer })],
  createOrganizationUser: [
    ['name', 'phone', 'externalId'],
    () => ({ email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }),
  ],
  createRole: [['name'], () => ({ scope: 'TENANT', name: unique('R'), level: 1, permissions: ['tenant:read'] })],
  updateRole: [['name'], () => ({ id: ids.role })],
  createApiKey: [['name'], () => ({ name: 'K', permissions: ['tenant:read'], reach: 'ORGANIZATION' })],
  registerPixel: [['name', 'externalId'], () => ({ tenantIdentifier: { id: ids.tenant }, name: unique('P') })],
  updatePixel: [['name'], () => ({ id: ids.pixel })],
  updateOrganization: [['name'], () => ({})],
  updateTrustedIssuer: [['name'], () => ({ id: ids.issuer })],
  importCustomers: [['rows.0.name', 'rows.0.externalId'], () => ({ rows: [{ externalId: unique('E'), name: 'N' }] })],
  importUsers: [
    ['rows.0.name', 'rows.0.phone'],
    () => ({ rows: [{ email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }] }),
  ],
};

const shown = (name: string): string =>
  name.startsWith('import')
    ? 'rows { errors { __typename ... on ValidationError { issues { path kind } } } }'
    : '__typename';

/** The input with a value at a path. */
function withValue(input: unknown, [name = '', ...rest]: readonly string[], value: string): unknown {
  const below = rest.length === 0 ? value : withValue((input as Variables | undefined)?.[name], rest, value);
  if (!/^\d+$/.test(name)) return { ...(input as object), [name]: below };
  return [below];
}

it('a name, a title or any other value of one line holds no line break of any kind and no tab, wherever it is given', async () => {
  for (const [name, [paths, input]] of Object.entries(LINES)) {
    for (const path of paths) {
      for (const lineBreak of BREAKS) {
        const given = withValue(input(), path.split('.'), `One${lineBreak}Two`) as Variables;
        const answer = await mutate(name, shown(name), given);
        const refused = answer.rows?.[0]?.errors[0] ?? answer;
        const at = `${name} ${path} ${JSON.stringify(lineBreak)}`;
        expect(refused.__typename, at).toBe('ValidationError');
        expect(refused.issues, at).toMatchObject([{ path, kind: 'INVALID' }]);
      }
      const good = await mutate(
        name,
        shown(name),
        withValue(input(), path.split('.'), ` ${unique('One Two')}\n`) as Variables,
      );
      expect((good.rows?.[0]?.errors[0] ?? good).__typename, `${name} ${path}`).not.toBe('ValidationError');
    }
  }
});

const UNSEEN = [
  '\u00ad',
  '\u061c',
  '\u180e',
  '\u200b',
  '\u200e',
  '\u200f',
  '\u202a',
  '\u202e',
  '\u2060',
  '\u2066',
  '\ufeff',
];

it('nor has it a character that nobody can see, by which it would look like another: the error names the code point', async () => {
  for (const [name, [paths, input]] of Object.entries(LINES)) {
    for (const path of paths) {
      const character = UNSEEN[paths.indexOf(path) % UNSEEN.length] as string;
      const given = withValue(input(), path.split('.'), `One${character}Two`) as Variables;
      const answer = await mutate(name, shown(name), given);
      const refused = answer.rows?.[0]?.errors[0] ?? answer;
      expect(refused.issues, `${name} ${path}`).toMatchObject([{ path, kind: 'INVALID' }]);
    }
  }
  for (const character of [...UNSEEN, ...'\u200c\u200d']) {
    const name = ['\u200c', '\u200d'].includes(character) ? `One${character}` : `One${character}Two`;
    const code = character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0');
    expect((await mutate('createCustomer', 'customer { id }', { name })).issues).toEqual([
      { path: 'name', message: `must not have U+${code}, which nobody can see`, kind: 'INVALID' },
    ]);
  }
});

it('is kept as it is with what joins letters or keeps them apart between them', async () => {
  for (const name of ['می\u200cخواهم', 'ශ්\u200dරී ලංකා', 'क्\u200dष', '👩\u200d💻 Ada']) {
    const { customer } = await succeed('createCustomer', 'customer { name }', { name, kind: 'PERSON' });
    expect(customer.name).toBe(name);
  }
});

it('a description may have several lines, and a search may be pasted with them', async () => {
  const description = 'One\n\tTwo';
  const { tenant } = await succeed('createTenant', 'tenant { description }', { name: unique('T'), description });
  expect(tenant.description).toBe(description);
});

it('a URL that is to be one holds none either: it is refused, and not read without it', async () => {
  const URLS: [mutation: string, path: string, input: Variables][] = [
    ['createOrganizationUser', 'avatarUrl', { email: `${unique('u')}@x.example`, roleIdentifier: { name: 'viewer' } }],
    ['updateTrustedIssuer', 'jwksUrl', { id: ids.issuer }],
  ];
  for (const [name, path, input] of URLS) {
    for (const lineBreak of BREAKS) {
      const given = { ...input, [path]: `https://pictures.example/a${lineBreak}b` };
      const at = `${name} ${path} ${JSON.stringify(lineBreak)}`;
      expect(await mutate(name, '__typename', given), at).toMatchObject({
        __typename: 'ValidationError',
        issues: [{ path, kind: 'INVALID' }],
      });
    }
  }
});
