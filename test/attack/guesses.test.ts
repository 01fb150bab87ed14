import { beforeAll, describe, expect, it } from 'vitest';
import { credentialName } from '../../src/directory/access/actor.ts';
import { hiddenTakenLimit, MAX_HIDDEN_TAKEN_PER_HOUR } from '../../src/directory/access/rate-limits.ts';
import { MAX_IMPORT_ROWS } from '../../src/directory/imports/import.ts';
import { AlreadyExistsError } from '../../src/directory/kernel/errors.ts';
import type { Permission } from '../../src/directory/kernel/permission-names.ts';
import { ADD, advertiser } from '../dialects/capig/hub.ts';
import { mutation, PATH as PLAIN_PATH } from '../dialects/plain/table.ts';
import { KINDS, sign, update as updateIssuer } from '../directory/trusted-issuers/scene.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { actorOf, countOf, setCount } from '../shared/counters.ts';
import {
  allBut,
  codeOf,
  type Key,
  mutationDocument,
  newCustomer,
  newCustomerUser,
  newKey,
  newPipeline,
  newPixel,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  newTrustedIssuer,
  PUBLIC_KEY,
  type Result,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { type Answer, ask, cron, graphqlRequest, send, type Variables } from '../shared/gateway.ts';
import { sessionOf, TOKENS, tokenOf } from '../shared/people.ts';
import { COMMANDS } from '../walks/commands.ts';
import { posted } from '../walks/dialects/table.ts';
import { sized } from './size.ts';

const HOUR_MILLISECONDS = 60 * 60 * 1000;

const email = () => `${unique('guess')}@x.example`;
const word = () => unique('guess');

/** A value that a command may write, or a record that it restores, which takes one. */
interface Guess {
  command: string;
  of: string;
  /** What belongs to a record that nobody of the viewers but those of the organization sees. */
  taken: string;
  /** The same, of nobody. */
  free: () => string;
  input: (value: string) => Variables;
}

/** What the viewers reach: one tenant, a customer and users in it. */
interface Own {
  tenant: Result;
  customer: Result;
  tenantUser: Result;
  customerUser: Result;
}

interface Hidden extends Own {
  teamMember: Result;
}

async function newOwn(): Promise<Own> {
  const tenant = await newTenant();
  const address = email();
  const customer = await newCustomer({ email: { address }, tenantIdentifiers: [{ id: tenant.id }] });
  const externalId = () => ({ externalId: word() });
  const tenantUser = await newTenantUser(tenant.id, externalId());
  return { tenant, customer, tenantUser, customerUser: await newCustomerUser(customer.id, externalId()) };
}

/** Two deleted records: one whose external id another has by now, and one whose external id nobody has. */
async function deletedTwice(name: 'Tenant' | 'Customer' | 'User', make: (externalId: string) => Promise<Result>) {
  const ids = [word(), word()] as const;
  const [first, second] = [await make(ids[0]), await make(ids[1])];
  for (const { id } of [first, second]) await succeed(`delete${name}`, `${name.toLowerCase()} { id }`, { id });
  return { taken: first.id as string, free: () => second.id as string, takenExternalId: ids[0] };
}

let own: Own;
let hidden: Hidden;
let guesses: Guess[];

async function newGuesses(): Promise<Guess[]> {
  const { tenant, customer, tenantUser, customerUser } = own;
  const here = { tenantIdentifiers: [{ id: tenant.id }] };
  const inTenant = { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } };
  const inCustomer = { roleIdentifier: { name: 'member' }, customerIdentifier: { id: customer.id } };
  const tenantRow = { tenantRoles: [{ roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } }] };
  const [role, takenRole] = [await newRole(), await newRole()];
  const [issuer, takenIssuer] = [await newTrustedIssuer(customer.id), await newTrustedIssuer(customer.id)];

  const guess = (command: string, of: string, taken: string, free: () => string, input: Guess['input']): Guess => ({
    command,
    of,
    taken,
    free,
    input,
  });
  const tenantId = hidden.tenant.externalId;
  const customerId = hidden.customer.externalId;
  const customerEmail = hidden.customer.email.address;
  const customerName = hidden.customer.name;
  const name = () => ({ name: unique('N') });

  const newUserGuesses = (command: string, more: Variables) => [
    guess(command, 'email', hidden.teamMember.email, email, (value) => ({ email: value, ...more })),
    guess(command, 'externalId', hidden.tenantUser.externalId, word, (value) => ({
      email: email(),
      externalId: value,
      ...more,
    })),
  ];
  const upsertedUserGuesses = (of: string, more: Variables) => [
    guess('upsertUser', `identifier.email ${of}`, hidden.tenantUser.email, email, (value) => ({
      identifier: { email: value },
      ...more,
    })),
    guess('upsertUser', `identifier.externalId ${of}`, hidden.customerUser.externalId, word, (externalId) => ({
      identifier: { externalId },
      email: email(),
      ...more,
    })),
    guess('upsertUser', `email ${of}`, hidden.teamMember.email, email, (value) => ({
      identifier: { externalId: word() },
      email: value,
      ...more,
    })),
  ];
  const customerGuesses = (command: string, more: (value: string) => Variables) => [
    guess(command, 'email', customerEmail, email, (value) => ({ ...more(value), email: { address: value } })),
    guess(command, 'externalId', customerId, word, (value) => ({ ...more(value), externalId: value })),
    guess(command, 'name', customerName, word, (value) => ({ ...more(value), name: value })),
  ];
  const rows = (row: Variables) => ({ rows: [row] });
  const userRows = (of: string, row: Variables) => [
    guess('importUsers', `email ${of}`, hidden.customerUser.email, email, (value) => rows({ email: value, ...row })),
    guess('importUsers', `externalId ${of}`, hidden.customerUser.externalId, word, (value) =>
      rows({ email: email(), externalId: value, ...row }),
    ),
  ];

  const deletedTenant = await deletedTwice('Tenant', (externalId) => newTenant({ externalId }));
  await newTenant({ externalId: deletedTenant.takenExternalId });
  const deletedCustomer = await deletedTwice('Customer', (externalId) => newCustomer({ externalId, ...here }));
  await newCustomer({ externalId: deletedCustomer.takenExternalId });
  const deletedUser = await deletedTwice('User', (externalId) => newTenantUser(tenant.id, { externalId }));
  await newTeamMember({ externalId: deletedUser.takenExternalId });

  const sources = await Promise.all(
    [
      { type: 'Pixel', make: newPixel },
      { type: 'Pipeline', make: newPipeline },
    ].map(async ({ type, make }) => {
      const taken = (await make(tenant.id, { externalId: word() })).externalId;
      const { id } = await make(tenant.id);
      const tenantIdentifier = { id: tenant.id };
      return [
        guess(`register${type}`, 'externalId', taken, word, (externalId) => ({
          tenantIdentifier,
          ...name(),
          externalId,
        })),
        guess(`update${type}`, 'externalId', taken, word, (externalId) => ({ id, externalId })),
      ];
    }),
  );

  return [
    guess('createTenant', 'externalId', tenantId, word, (externalId) => ({ ...name(), externalId })),
    guess('upsertTenant', 'identifier', tenantId, word, (externalId) => ({ identifier: { externalId }, ...name() })),
    guess('upsertTenant', 'externalId', tenantId, word, (externalId) => ({
      identifier: { id: tenant.id },
      externalId,
    })),
    guess('updateTenant', 'externalId', tenantId, word, (externalId) => ({ id: tenant.id, externalId })),
    guess('restoreTenant', 'externalId', deletedTenant.taken, deletedTenant.free, (id) => ({ id })),
    ...customerGuesses('createCustomer', () => ({ ...name(), ...here })),
    ...customerGuesses('updateCustomer', () => ({ id: customer.id })),
    ...customerGuesses('upsertCustomer', () => ({ identifier: { id: customer.id }, ...here })),
    guess('upsertCustomer', 'identifier.email', customerEmail, email, (value) => ({
      identifier: { email: value },
      ...name(),
      ...here,
    })),
    guess('upsertCustomer', 'identifier.externalId', customerId, word, (externalId) => ({
      identifier: { externalId },
      ...name(),
      ...here,
    })),
    guess('restoreCustomer', 'externalId', deletedCustomer.taken, deletedCustomer.free, (id) => ({ id })),
    ...newUserGuesses('createOrganizationUser', { roleIdentifier: { name: 'viewer' } }),
    ...newUserGuesses('createCustomerUser', inCustomer),
    ...newUserGuesses('createTenantUser', inTenant),
    guess('addTenantUser', 'email', hidden.tenantUser.email, email, (value) => ({ email: value, ...inTenant })),
    ...[tenantUser, customerUser].flatMap(({ id }) => [
      guess('updateUser', 'email', hidden.teamMember.email, email, (value) => ({ id, email: value })),
      guess('updateUser', 'externalId', hidden.tenantUser.externalId, word, (externalId) => ({ id, externalId })),
    ]),
    ...upsertedUserGuesses('of a tenant', inTenant),
    ...upsertedUserGuesses('of a customer', inCustomer),
    ...upsertedUserGuesses('of the team', { roleIdentifier: { name: 'viewer' } }),
    ...upsertedUserGuesses('with a role of more permissions', { ...inTenant, roleIdentifier: { name: 'admin' } }),
    ...upsertedUserGuesses('without a role', {}),
    ...[tenantUser, customerUser].flatMap(({ id }) => [
      guess('upsertUser', 'email', hidden.teamMember.email, email, (value) => ({ identifier: { id }, email: value })),
      guess('upsertUser', 'externalId', hidden.tenantUser.externalId, word, (externalId) => ({
        identifier: { id },
        externalId,
      })),
    ]),
    guess('restoreUser', 'externalId', deletedUser.taken, deletedUser.free, (id) => ({ id })),
    guess('createRole', 'name', takenRole.name, word, (value) => ({ scope: 'TENANT', name: value, permissions: [] })),
    guess('updateRole', 'name', takenRole.name, word, (value) => ({ id: role.id, name: value })),
    guess('createTrustedIssuer', 'issuer', takenIssuer.issuer, word, (value) => ({
      ...name(),
      issuer: value,
      audience: 'https://tenantry.test',
      keys: [PUBLIC_KEY],
      roleIdentifiers: [{ name: 'member' }],
      customerIdentifiers: [{ id: customer.id }],
    })),
    guess('updateTrustedIssuer', 'issuer', takenIssuer.issuer, word, (value) => ({ id: issuer.id, issuer: value })),
    ...sources.flat(),
    ...customerGuesses('importCustomers', () => ({})).map(({ input, ...rest }) => ({
      ...rest,
      input: (value: string) => rows({ externalId: word(), ...name(), ...here, ...input(value) }),
    })),
    guess('importCustomers', 'email, joining nothing', customerEmail, email, (address) =>
      rows({ email: { address }, ...name() }),
    ),
    guess('importCustomers', 'externalId, with nothing new', customerId, word, (externalId) => rows({ externalId })),
    guess('importTenants', 'externalId', tenantId, word, (externalId) => rows({ externalId, ...name() })),
    ...userRows('of a tenant', tenantRow),
    ...userRows('of a customer', inCustomer),
    ...userRows('of the team', { roleIdentifier: { name: 'viewer' } }),
    ...userRows('of nothing', {}),
    ...userRows('with a role of more permissions', {
      tenantRoles: [{ roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenant.id } }],
    }),
    ...userRows('with a role out of reach', {
      tenantRoles: [{ roleIdentifier: { name: 'view' }, tenantIdentifier: { id: hidden.tenant.id } }],
    }),
  ];
}

const PAYLOADS: Record<string, string> = {
  importCustomers: 'rows { path outcome errors { code message } }',
  importTenants: 'rows { path outcome errors { code message } }',
  importUsers: 'rows { path outcome errors { code message } }',
};

const documentOf = (command: string): string => {
  const [record = ''] = /(Tenant|Customer|Role|Pixel|Pipeline|TrustedIssuer)$/.exec(command) ?? ['User'];
  const field = /User$/.test(command) ? 'user' : `${record.charAt(0).toLowerCase()}${record.slice(1)}`;
  return mutationDocument(command, PAYLOADS[command] ?? `${field} { id }`);
};

const guessed = ({ command, input }: Guess, value: string, key: string): Promise<Answer> =>
  ask(documentOf(command), { input: input(value) }, key);

/** What an answer comes to: the code of its error, of its row if it is an import; null if it was done. */
function refusalIn({ data, text }: Answer, command: string): string | null {
  expect(data, text).not.toBeNull();
  const result = data[command];
  return result.code ?? result.rows?.[0].errors[0]?.code ?? null;
}

/** Those who reach a tenant or a customer are walked in any case. */
const FEWEST_VIEWERS = 4;

/** Who asks, and with what. */
async function newViewers(): Promise<[who: string, key: string][]> {
  const { tenant, customer } = own;
  const elsewhere = await newTenant();
  const key = async (options: Parameters<typeof newKey>[0]) => (await newKey(options)).secret;
  const needed = [...new Set(COMMANDS.flatMap(({ permissions }) => permissions))];
  const narrow = needed.filter((name) => /:(create|edit|delete)$/.test(name));
  const [viewer, viewing, member] = [
    await newTeamMember(),
    await newTenantUser(tenant.id),
    await newCustomerUser(customer.id),
  ];
  const without = async (verb: 'create' | 'edit', reach: string, options: Parameters<typeof newKey>[0]) =>
    Promise.all(
      (['tenant', 'customer', 'user'] as const).map(async (entity): Promise<[string, string]> => {
        const left: Permission = `${entity}:${verb}`;
        return [`a key of ${reach} without ${left}`, await key({ ...options, permissions: allBut(left) })];
      }),
    );
  return [
    ['a key of a tenant', await key({ tenants: [tenant.id] })],
    ['a key of a tenant that cannot read', await key({ tenants: [tenant.id], permissions: narrow })],
    ['a key of another tenant', await key({ tenants: [elsewhere.id] })],
    ['a key of a customer', await key({ customer: customer.id })],
    ['a key of a customer that cannot read', await key({ customer: customer.id, permissions: narrow })],
    ...(await without('create', 'a tenant', { tenants: [tenant.id] })),
    ['a user who looks at a tenant', await tokenOf(viewing.id, tenant.id)],
    ['a member of a customer', await tokenOf(member.id)],
    // Last, because whoever reaches the organization may change what is hidden from the others.
    ['a key that only reads', await key({ access: 'READ' })],
    ['a key of a tenant that only reads', await key({ access: 'READ', tenants: [tenant.id] })],
    ['a key of the organization that cannot read', await key({ permissions: narrow })],
    ...(await without('edit', 'the organization', {})),
    ['a member of the team who looks', await tokenOf(viewer.id)],
  ];
}

beforeAll(countChanges);

async function newScene(): Promise<void> {
  own = await newOwn();
  hidden = { ...(await newOwn()), teamMember: await newTeamMember({ externalId: word() }) };
}

describe('a value that is taken', () => {
  beforeAll(async () => {
    await newScene();
    guesses = await newGuesses();
  });

  it('is guessed at by every command that can tell of one', () => {
    const telling = COMMANDS.filter(
      ({ name, errors }) => name.startsWith('import') || errors.some((error) => error === AlreadyExistsError),
    );
    expect([...new Set(guesses.map(({ command }) => command))].sort()).toEqual(telling.map(({ name }) => name).sort());
  });

  it('shows to nobody who may not create or change the record: the answer is that of a free one, byte for byte', async () => {
    const viewers = await newViewers();
    const walked = viewers.slice(0, Math.max(FEWEST_VIEWERS, sized(viewers.length)));
    let refused = 0;
    for (const [who, key] of walked) {
      const answers = await Promise.all(
        guesses.map(async (guess) => {
          const value = guess.free();
          return {
            guess,
            value,
            free: await guessed(guess, value, key),
            taken: await guessed(guess, guess.taken, key),
          };
        }),
      );
      for (const { guess, value, free, taken } of answers) {
        const { command, of } = guess;
        const refusal = refusalIn(free, command);
        // What names a record in reach is about that record, and not about the value.
        const isNaming = (command.startsWith('import') && free.data[command].rows) || of.startsWith('identifier.');
        if (who.includes('the organization') && isNaming) continue;
        if (refusal === null) {
          expect([null, 'already_exists'], `${who}, ${command} by ${of}: ${taken.text}`).toContain(
            refusalIn(taken, command),
          );
          continue;
        }
        refused += 1;
        const told = taken.text.replaceAll(guess.taken, value);
        expect(told, `${who}, ${command} by ${of}`).toBe(free.text);
      }
    }
    expect(refused).toBeGreaterThan(walked.length * 5);
  });
});

/** A way to be told that a value belongs to what one may not see, at any API. */
interface Telling {
  way: string;
  key: () => Key;
  request: () => Request;
  isTold: (answer: Answer) => boolean;
  status: number;
}

const isTaken = ({ data, text }: Answer): boolean => data !== null && text.includes('already_exists');

const graphql =
  (command: string, input: () => Variables, key: () => Key): (() => Request) =>
  () =>
    graphqlRequest(documentOf(command), { input: input() }, key().secret);

describe('what one credential is told of values that belong to what it may not see', () => {
  let ofTenant: Key;
  let blind: Key;
  let tellings: Telling[];

  beforeAll(async () => {
    await newScene();
    const { tenant, customer } = own;
    ofTenant = await newKey({ tenants: [tenant.id] });
    blind = await newKey({ permissions: allBut('user:read', 'tenant:read', 'customer:read') });
    const inTenant = { roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } };
    const here = { tenantIdentifiers: [{ id: tenant.id }] };
    const telling = (way: string, command: string, input: () => Variables, key = () => ofTenant): Telling => ({
      way,
      key,
      request: graphql(command, input, key),
      isTold: isTaken,
      status: 429,
    });
    tellings = [
      telling('a new record', 'createTenantUser', () => ({ email: hidden.teamMember.email, ...inTenant })),
      telling('a change', 'updateCustomer', () => ({ id: customer.id, name: hidden.customer.name })),
      telling('an identifier', 'upsertCustomer', () => ({
        identifier: { email: hidden.customer.email.address },
        ...here,
      })),
      telling('a user with a role elsewhere', 'addTenantUser', () => ({ email: hidden.tenantUser.email, ...inTenant })),
      telling(
        'no permission to read',
        'createTenant',
        () => ({ name: 'x', externalId: tenant.externalId }),
        () => blind,
      ),
      telling('a row of customers', 'importCustomers', () => ({
        rows: [{ externalId: hidden.customer.externalId, name: 'x', ...here }],
      })),
      telling('a row of users', 'importUsers', () => ({
        errorPolicy: 'SKIP_FAILED',
        rows: [
          { email: hidden.tenantUser.email, tenantRoles: [inTenant] },
          { email: email(), tenantRoles: [inTenant] },
        ],
      })),
      {
        way: 'Plain',
        key: () => ofTenant,
        request: () =>
          posted(
            PLAIN_PATH,
            mutation('upsertCustomer', 'result'),
            {
              input: {
                identifier: { emailAddress: hidden.customer.email.address },
                onCreate: {
                  fullName: 'x',
                  email: { email: hidden.customer.email.address, isVerified: false },
                  tenantIdentifiers: [{ tenantId: rawId(tenant.id) }],
                },
                onUpdate: {},
              },
            },
            ofTenant.secret,
          ),
        isTold: ({ text }) => text.includes('customer_already_exists_with_email'),
        status: 400,
      },
      {
        way: 'Prismatic',
        key: () => ofTenant,
        request: () =>
          posted(
            '/api',
            'mutation($input: CreateCustomerInput!) { createCustomer(input: $input) { errors { field messages } } }',
            { input: { name: 'x', externalId: hidden.customer.externalId } },
            ofTenant.secret,
          ),
        isTold: ({ text }) => text.includes('This value belongs to another record.'),
        status: 429,
      },
      {
        way: 'the hub',
        key: () => ofTenant,
        request: () =>
          posted(
            '/hub/graphql/',
            ADD,
            { input: { email: hidden.tenantUser.email, roleName: advertiser('view', tenant) } },
            ofTenant.secret,
          ),
        isTold: ({ status }) => status === 409,
        status: 429,
      },
    ];
  });

  const limitOf = (key: Key) => hiddenTakenLimit(credentialName(actorOf(key)));

  it('is counted, and ends for an hour, in whatever way and at whichever API it asks', async () => {
    for (const { way, key, request, isTold, status } of tellings) {
      const limit = limitOf(key());
      await setCount(limit, MAX_HIDDEN_TAKEN_PER_HOUR - 1, HOUR_MILLISECONDS / 2);
      const last = await send(request());
      expect(isTold(last), `${way}: ${last.text}`).toBe(true);
      expect(await countOf(limit), way).toBe(MAX_HIDDEN_TAKEN_PER_HOUR);

      const before = await changes();
      const refused = await send(request());
      expect([refused.status, codeOf(refused)], `${way}: ${refused.text}`).toEqual([status, 'TOO_MANY_REQUESTS']);
      const wait = Number(refused.headers.get('retry-after'));
      expect(wait * 1000, way).toBeGreaterThan(HOUR_MILLISECONDS / 2 - 60_000);
      expect(wait * 1000, way).toBeLessThanOrEqual(HOUR_MILLISECONDS / 2);
      expect(await changes(), `${way}: a refusal changes nothing`).toBe(before);

      await setCount(limit, MAX_HIDDEN_TAKEN_PER_HOUR, HOUR_MILLISECONDS);
      expect(isTold(await send(request())), `${way}, an hour later`).toBe(true);
      expect(await countOf(limit), way).toBe(1);
    }
  });

  it('takes one D1 call, as what is taken does anyway', async () => {
    await setCount(limitOf(ofTenant), 0);
    for (const { request, key } of tellings.slice(0, 4)) {
      expect(key()).toBe(ofTenant);
      await send(request());
      expect((await send(request())).calls).toBeLessThanOrEqual(3);
    }
  });

  it('stands in the way of all that gives a value which could be taken, taken or free, and of nothing else', async () => {
    const { tenant } = own;
    const input = (address: string) => ({
      email: address,
      roleIdentifier: { name: 'view' },
      tenantIdentifier: { id: tenant.id },
    });
    const imported = (address: string) => ({
      rows: [
        { email: address, tenantRoles: [{ roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } }] },
      ],
    });
    const seen = await newTenantUser(tenant.id);
    await setCount(limitOf(ofTenant), MAX_HIDDEN_TAKEN_PER_HOUR);
    const before = await changes();
    for (const [name, of] of [
      ['createTenantUser', input],
      ['importUsers', imported],
    ] as const) {
      const told = [];
      for (const address of [hidden.teamMember.email, seen.email, email()]) {
        const { status, text } = await ask(documentOf(name), { input: of(address) }, ofTenant.secret);
        told.push([status, text]);
      }
      expect(told[0]?.[0], name).toBe(429);
      expect(told[1], `${name}: a value that the viewer sees`).toEqual(told[0]);
      expect(told[2], `${name}: a free one`).toEqual(told[0]);
    }
    const nowhere = { tenantIdentifiers: [{ id: hidden.tenant.id }] };
    const upserts: [string, (address: string) => Variables][] = [
      [
        'upsertUser',
        (address) => ({ identifier: { email: address }, ...input(address), roleIdentifier: { name: 'no' } }),
      ],
      ['upsertUser', (address) => ({ identifier: { email: address }, ...input(address) })],
      ['upsertCustomer', (address) => ({ identifier: { email: address }, ...nowhere })],
    ];
    for (const [name, of] of upserts) {
      const told = [];
      for (const address of [hidden.teamMember.email, hidden.customer.email.address, email()]) {
        told.push((await ask(documentOf(name), { input: of(address) }, ofTenant.secret)).text);
      }
      expect(told, name).toEqual(Array(3).fill(expect.stringContaining('TOO_MANY_REQUESTS')));
    }
    expect(await changes()).toBe(before);
    for (const change of [{ name: unique('Renamed') }, { email: seen.email, name: unique('Again') }]) {
      await succeed('updateUser', 'user { id }', { id: seen.id, ...change }, ofTenant.secret);
    }
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const described = {
      identifier: { id: customer.id },
      description: 'a customer',
      tenantIdentifiers: [{ id: tenant.id }],
    };
    await succeed('upsertCustomer', 'customer { id }', described, ofTenant.secret);

    const gone = await newTenantUser(tenant.id);
    await succeed('deleteUser', 'user { id }', { id: gone.id });
    const restored = await ask(documentOf('restoreUser'), { input: { id: gone.id } }, ofTenant.secret);
    expect(restored.status, 'what comes back with its value could run into another').toBe(429);

    const made = await succeed(
      'createApiKey',
      'secret',
      {
        name: 'made by it',
        reach: 'TENANTS',
        tenantIdentifiers: [{ id: tenant.id }],
        permissions: ['user:create', 'user:read', 'tenant:read', 'customer:read', 'usage:read'],
      },
      ofTenant.secret,
    );
    const byMade = await ask(documentOf('createTenantUser'), { input: input(email()) }, made.secret);
    expect(byMade.status, 'a key counts as the one that made it').toBe(429);

    const another = await newKey({ tenants: [tenant.id] });
    expect(
      isTaken(await ask(documentOf('createTenantUser'), { input: input(hidden.teamMember.email) }, another.secret)),
    ).toBe(true);

    const seeing = await newKey();
    for (const key of [undefined, seeing.secret]) {
      const told = await ask(documentOf('createTenantUser'), { input: input(hidden.teamMember.email) }, key);
      expect(told.data.createTenantUser.existing.id).toBe(hidden.teamMember.id);
    }
    expect(await countOf(limitOf(seeing))).toBe(0);
    expect(await countOf(hiddenTakenLimit(credentialName({ type: 'ROOT', id: null })))).toBe(0);
  });

  it('is counted by the user, in whichever session', async () => {
    const { tenant } = own;
    const user = await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    const limit = hiddenTakenLimit(credentialName({ type: 'USER', id: rawId(user.id) }));
    await setCount(limit, MAX_HIDDEN_TAKEN_PER_HOUR - 1);
    const statuses = [];
    for (let session = 0; session < 2; session += 1) {
      const token = await TOKENS.issue(await sessionOf(user.id, tenant.id));
      const input = {
        email: hidden.teamMember.email,
        roleIdentifier: { name: 'view' },
        tenantIdentifier: { id: tenant.id },
      };
      statuses.push((await ask(documentOf('createTenantUser'), { input }, token)).status);
    }
    expect(statuses).toEqual([200, 429]);
  });

  it('counts each row of an import, which is refused as a whole if there are more than are left', async () => {
    const { tenant } = own;
    const tenantRoles = [{ roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } }];
    const taken = [hidden.teamMember.email, hidden.tenantUser.email, hidden.customerUser.email];
    const rows = [...taken, email()].map((address) => ({ email: address, tenantRoles }));
    const input = { errorPolicy: 'SKIP_FAILED', rows };
    await setCount(limitOf(ofTenant), MAX_HIDDEN_TAKEN_PER_HOUR - taken.length + 1);
    const before = await changes();
    const refused = await ask(documentOf('importUsers'), { input }, ofTenant.secret);
    expect([refused.status, codeOf(refused), refused.data]).toEqual([429, 'TOO_MANY_REQUESTS', null]);
    expect(await changes()).toBe(before);

    await setCount(limitOf(ofTenant), MAX_HIDDEN_TAKEN_PER_HOUR - taken.length);
    const { data } = await ask(documentOf('importUsers'), { input }, ofTenant.secret);
    expect(data.importUsers.rows.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      ...taken.map(() => 'FAILED'),
      'CREATED',
    ]);
    expect(await countOf(limitOf(ofTenant))).toBe(MAX_HIDDEN_TAKEN_PER_HOUR);

    const fresh = await newKey({ tenants: [tenant.id] });
    expect(MAX_IMPORT_ROWS).toBeGreaterThan(MAX_HIDDEN_TAKEN_PER_HOUR);
    const many = Array.from({ length: MAX_HIDDEN_TAKEN_PER_HOUR + 1 }, () => rows[0]);
    const all = await ask(documentOf('importUsers'), { input: { rows: many } }, fresh.secret);
    expect(all.status).toBe(429);
  });

  it('is no more for asking many times at once', async () => {
    const left = 3;
    const [{ request }] = tellings as [Telling];
    await setCount(limitOf(ofTenant), MAX_HIDDEN_TAKEN_PER_HOUR - left);
    const answers = await Promise.all(Array.from({ length: left + sized(40) }, () => send(request())));
    expect(answers.filter(isTaken)).toHaveLength(left);
  });

  it('is kept count of for that hour, and no longer', async () => {
    const limit = limitOf(ofTenant);
    await setCount(limit, 5, HOUR_MILLISECONDS - 60_000);
    await cron();
    expect(await countOf(limit)).toBe(5);
    await setCount(limit, 5, HOUR_MILLISECONDS + 1);
    await cron();
    expect(await countOf(limit)).toBe(0);
  });
});

for (const [kind, { newScene: newIssuer, come, arrive, refuse, reasonOf }] of Object.entries(KINDS)) {
  describe(`an issuer of the kind ${kind} whose tokens name e-mail addresses for new users`, () => {
    const GUESSED = /belongs to another user/;

    it('learns of none that is taken where it may not create the user', async () => {
      const taken = await newTeamMember();
      const { claims } = await newIssuer({ createsUsers: false });
      const { claims: creating } = await newIssuer();
      for (const asked of [
        claims,
        ...(kind === 'STANDARD'
          ? [
              { ...creating, customer: undefined },
              { ...creating, customer: 'nobody' },
            ]
          : []),
        { ...creating, role: 'owner' },
      ]) {
        const [one, other] = [await come(await sign(asked)), await come(await sign({ ...asked, email: taken.email }))];
        expect([other.status, reasonOf(other)]).toEqual([403, reasonOf(one)]);
      }
    });

    it('is told so as often as a credential, and then brings no new users for an hour', async () => {
      const taken = await newTeamMember();
      const { claims, issuer } = await newIssuer();
      const limit = hiddenTakenLimit(`ISSUER ${rawId(issuer.id)}`);
      const known = { ...claims, sub: unique('known'), email: email() };
      await arrive(known);
      await setCount(limit, MAX_HIDDEN_TAKEN_PER_HOUR - 1);
      await refuse({ ...claims, email: taken.email }, GUESSED);
      expect(await countOf(limit)).toBe(MAX_HIDDEN_TAKEN_PER_HOUR);
      for (const address of [taken.email, email()]) {
        const { status, headers } = await come(await sign({ ...claims, sub: unique('new'), email: address }));
        expect(status).toBe(429);
        expect(Number(headers.get('retry-after'))).toBeGreaterThan(0);
      }
      await arrive(known);
    });
  });
}

describe('an embedded issuer whose tokens name external ids for new users', () => {
  const { newScene: newIssuer, come, refuse, reasonOf } = KINDS.EMBEDDED;

  it('is told of those that are taken as often, and of none where it may not create the user', async () => {
    const taken = await newTeamMember({ externalId: unique('taken') });
    const { claims, issuer } = await newIssuer({ createsUsers: false });
    const guess = { ...claims, email: undefined, external_id: taken.externalId };
    const [one, other] = [await come(await sign({ ...guess, external_id: word() })), await come(await sign(guess))];
    expect([other.status, reasonOf(other)]).toEqual([403, reasonOf(one)]);
    await updateIssuer(issuer, { createsUsers: true });
    const limit = hiddenTakenLimit(`ISSUER ${rawId(issuer.id)}`);
    await setCount(limit, MAX_HIDDEN_TAKEN_PER_HOUR - 1);
    await refuse(guess, /external id that the token names belongs to another user/);
    expect(await countOf(limit)).toBe(MAX_HIDDEN_TAKEN_PER_HOUR);
    expect((await come(await sign(guess))).status).toBe(429);
  });
});
