import { describe, expect, it } from 'vitest';
import {
  allBut,
  mutate,
  newCustomer,
  newCustomerUser,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  type Result,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { ask, mailbox } from '../shared/gateway.ts';
import { mailedToken, PASSWORD, step } from '../shared/people.ts';
import cases from './emails.tsv?raw';

const LOCAL_64 = 'l'.repeat(64);
const LABEL_63 = 'd'.repeat(63);
/** With 63 characters before the @, an address of 254. */
const LONG_DOMAIN = `${LABEL_63}.${LABEL_63}.${'e'.repeat(59)}.co`;

/** What mail servers take. Each is made unique by what stands in place of the star. */
const TAKEN = [
  "o'hara*@example.com",
  'a/b*@example.com',
  'first#last*@example.com',
  'x=y*@example.com',
  '!bang*@example.com',
  'tilde~user*@example.com',
  'plus+tag*@example.com',
  '{curly}|`^$%&?*@example.com',
  '1*@b.co',
  '-*-@b.co',
  'info*@example.xn--p1ai',
  'info*@xn--bcher-kva.example',
  'info*@bücher2.example',
  'info*@例え.jp',
  'info*@पुणे.भारत',
  'info*@straße.de',
  'OFFICE*@Example.COM',
  'a*@1.c0m',
  'a*@a-b.example',
  'a*@b。co',
] as const;

const REFUSED: readonly [string, RegExp][] = [
  ['a@b', /dot in the domain/],
  ['a', /an e-mail address/],
  ['@b.co', /an e-mail address/],
  ['a@', /an e-mail address/],
  ['.dot@example.com', /begin with a dot/],
  ['dot.@example.com', /dot before the @/],
  ['two..dots@example.com', /two dots/],
  ['space in@example.com', /white space/],
  ['a@exa mple.com', /white space/],
  ['a@-example.com', /hyphen/],
  ['a@example-.com', /hyphen/],
  ['a@exa_mple.com', /_ in the domain/],
  [`${LOCAL_64}l@example.com`, /64 characters before the @/],
  [`a@${LABEL_63}d.com`, /63 characters in each label/],
  [`${LOCAL_64}@${LONG_DOMAIN}`, /254 characters/],
  ['"quoted local"@example.com', /quotes/],
  ['a@b@example.com', /one @/],
  ['a,b@example.com', /, before the @/],
  ['<a@example.com>', /< before the @/],
  ['jürgen@example.com', /ü before the @/],
  ['a\u200b@example.com', /U\+200B before the @/],
  ['a@exam\u00adple.com', /U\+00AD in the domain/],
  ['a@1.2.3.4', /address of a network/],
  ['a@0x7f.1', /address of a network/],
  ['a@[1.2.3.4]', /address of a network/],
  ['a@b..co', /one dot between/],
  ['a@b.co.', /none at its end/],
  ['a@b.123', /valid domain/],
  ['a@ex%61mple.com', /% in the domain/],
  ['a@example.com/path', /\/ in the domain/],
  ['a@example.com:25', /: in the domain/],
];

const userWith = (email: string): Promise<Result> =>
  mutate('createOrganizationUser', 'user { id email }', { email, roleIdentifier: { name: 'viewer' } });
const customerWith = (address: string): Promise<Result> =>
  mutate('createCustomer', 'customer { id email { address } }', { name: unique('Customer'), email: { address } });

describe('an e-mail address', () => {
  it('is taken if a mail server takes it, and shown as it was given', async () => {
    for (const pattern of TAKEN) {
      const email = pattern.replace('*', unique('x').slice(-8));
      expect((await userWith(email)).user?.email, email).toBe(email);
      expect((await customerWith(email)).customer?.email.address, email).toBe(email);
    }
    const longest = `${'l'.repeat(63)}@${LONG_DOMAIN}`;
    expect(longest).toHaveLength(254);
    expect((await userWith(longest)).user?.email).toBe(longest);
  });

  it('is refused with the reason if none does', async () => {
    for (const [email, reason] of REFUSED) {
      expect((await userWith(email)).issues, email).toEqual([
        { path: 'email', message: expect.stringMatching(reason), kind: 'INVALID' },
      ]);
      expect((await customerWith(email)).issues?.[0], email).toMatchObject({
        path: 'email.address',
        message: expect.stringMatching(reason),
      });
    }
  });

  it('is taken or refused as the file of cases says, each with its reason', async () => {
    const lines = cases.trim().split('\n').slice(1);
    expect(lines.length).toBeGreaterThan(20);
    for (const line of lines) {
      const [address = '', expected] = line.split('\t');
      const { __typename, issues, user } = await userWith(address);
      if (expected === 'invalid') {
        expect(issues, address).toEqual([{ path: 'email', message: expect.any(String), kind: 'INVALID' }]);
        expect(issues?.[0].message, address).not.toMatch(/^(is|must be) (in)?valid/);
        continue;
      }
      // Two of the lines are one address.
      if (__typename !== 'AlreadyExistsError') expect(user?.email, address).toBe(address);
      else expect(line).toContain('one address with the line above');
    }
  });

  it('is one in either spelling of its domain, in any case', async () => {
    const local = unique('info');
    const [given, ...others] = [
      `${local}@bücher.example`,
      `${local}@xn--bcher-kva.example`,
      `${local.toUpperCase()}@BÜCHER.Example`,
      `${local}@bu\u0308cher.example`,
      `${local}@ｂücher.example`,
    ];
    const { user } = await userWith(given as string);
    const { customer } = await customerWith(given as string);
    for (const other of others) {
      expect((await userWith(other)).__typename, other).toBe('AlreadyExistsError');
      expect((await customerWith(other)).__typename, other).toBe('AlreadyExistsError');
      const { data, text } = await ask(
        `query($email: String!) {
          userBy(identifier: { email: $email }) { id } customerBy(identifier: { email: $email }) { id }
          found: users(filter: { email: $email }) { nodes { id } }
          searched: users(filter: { search: $email }) { nodes { id } }
          customers(filter: { search: $email }) { nodes { id } } }`,
        { email: other },
      );
      expect(data, text).toEqual({
        userBy: { id: user.id },
        customerBy: { id: customer.id },
        found: { nodes: [{ id: user.id }] },
        searched: { nodes: [{ id: user.id }] },
        customers: { nodes: [{ id: customer.id }] },
      });
    }
  });

  it('is mailed to by the name of its domain that mail servers know, and signs in by either', async () => {
    const local = unique('info');
    await newTeamMember({ email: `${local}@bücher.example` });
    const mailed = `${local}@xn--bcher-kva.example`;
    expect(mailbox.map(({ to }) => to)).toContain(mailed);
    await step('accept-invitation', { token: mailedToken(mailed), password: PASSWORD });
    for (const email of [mailed, `${local}@BÜCHER.example`]) {
      expect((await step('sign-in', { email, password: PASSWORD })).status, email).toBe(200);
    }
  });

  it('is found by imports in either spelling', async () => {
    const local = unique('info');
    const customer = await newCustomer({ email: { address: `${local}@bücher.example` } });
    const tenant = await newTenant();
    const { rows } = await mutate('importCustomers', 'rows { outcome id }', {
      rows: [
        { email: { address: `${local}@xn--bcher-kva.example` }, description: 'The same' },
        { email: { address: `${local}@xn--bcher-kva.example.` }, name: tenant.name },
      ],
      errorPolicy: 'SKIP_FAILED',
    });
    expect(rows).toEqual([
      { outcome: 'UPDATED', id: customer.id },
      { outcome: 'FAILED', id: null },
    ]);
  });
});

describe('an address held by a user of a deleted customer', () => {
  it('is refused with an error that says so to those who may know of the user, and to nobody else, and so is an id', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const user = await newCustomerUser(customer.id, { externalId: unique('held') });
    await succeed('deleteCustomer', 'customer { id }', { id: customer.id });
    const roleIdentifier = { id: (await newRole({ scope: 'ORGANIZATION' })).id };
    const { secret: blind } = await newKey({ permissions: allBut('user:read') });
    const { secret: elsewhere } = await newKey({ tenants: [tenant.id] });
    const says = (path: string) => `The value given at ${path} belongs to a user of a deleted customer.`;
    const saysNothing = (path: string) => `The value given at ${path} belongs to another record.`;
    const refusal = (path: string, message: string) => ({
      __typename: 'AlreadyExistsError',
      path,
      existing: null,
      message,
    });

    const other = await newTeamMember();
    for (const [name, input, path] of [
      ['createOrganizationUser', { email: user.email, roleIdentifier }, 'email'],
      ['createOrganizationUser', { email: 'x@y.example', externalId: user.externalId, roleIdentifier }, 'externalId'],
      ['updateUser', { id: other.id, email: user.email.toUpperCase() }, 'email'],
      ['createTenant', { name: unique('T'), partnerManaged: false, adminEmail: user.email }, 'adminEmail'],
      [
        'addTenantUser',
        { email: user.email, roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } },
        'email',
      ],
    ] as const) {
      expect(await mutate(name, '__typename', input), name).toMatchObject(refusal(path, says(path)));
    }
    const created = { email: user.email, roleIdentifier };
    expect(await mutate('createOrganizationUser', '__typename', created, blind)).toMatchObject(
      refusal('email', saysNothing('email')),
    );
    const added = { email: user.email, roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } };
    expect(await mutate('addTenantUser', '__typename', added, elsewhere)).toMatchObject(
      refusal('email', saysNothing('email')),
    );

    const rows = { rows: [{ email: user.email, roleIdentifier }] };
    const reasons = 'rows { errors { ... on MutationError { message } } }';
    const said = async (name: string, input: object, key?: string) =>
      (await mutate(name, reasons, { ...input }, key)).rows[0].errors[0].message;
    expect(await said('importUsers', rows)).toBe(says('rows.0.email'));
    expect(await said('importUsers', rows, blind)).toBe(saysNothing('rows.0.email'));
    const managed = { externalId: unique('t'), name: unique('T'), partnerManaged: false, adminEmail: user.email };
    expect(await said('importTenants', { rows: [managed] })).toBe(says('rows.0.adminEmail'));
  });
});
