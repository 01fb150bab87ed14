import { env } from 'cloudflare:workers';
import { afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { ADMITTING_PERMISSIONS } from '../../src/directory/guards/expiry-guard.ts';
import { PERMISSIONS, type Permission } from '../../src/directory/kernel/permission-names.ts';
import { changes, countChanges } from '../shared/changes.ts';
import {
  dump,
  mutate,
  newCustomer,
  newKey,
  newRole,
  newTeamMember,
  newTenant,
  newTrustedIssuer,
  PUBLIC_KEY,
  type Result,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { type Answer, ask, mailbox, PUBLIC_URL, send } from '../shared/gateway.ts';
import { mailedToken, PASSWORD, signIn, step } from '../shared/people.ts';
import { rewind } from '../shared/rewind.ts';
import { posted } from '../walks/dialects/table.ts';
import { MUTATIONS } from '../walks/mutations.ts';
import { lastingWorld, type OperationWorld } from '../walks/operations.ts';

const HOUR_MILLISECONDS = 60 * 60 * 1000;
const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MILLISECONDS).toISOString();
const email = () => `${unique('let-in')}@x.example`;
const REFUSAL = { __typename: 'ForbiddenError', code: 'out_of_reach' };

let expiring: string;
let lasting: string;
let clientToken: string;
const EXPIRES_AT = inHours(1);

beforeAll(async () => {
  const { id, secret } = await newKey({ expiresAt: EXPIRES_AT });
  expiring = secret;
  lasting = (await newKey()).secret;
  const body = new URLSearchParams({
    grant_type: 'client_credentials',
    client_id: rawId(id),
    client_secret: secret,
  });
  const { text } = await send(new Request(`${PUBLIC_URL}/clients/token`, { method: 'POST', body }));
  clientToken = JSON.parse(text).token;
});

describe('every command, by a key that expires', () => {
  let world: OperationWorld;
  beforeAll(async () => {
    world = await lastingWorld();
  });
  beforeEach(() => rewind().run());

  /** What would let somebody in, or have events sent out, for longer, of the commands as the walks give them. All others are done. */
  const REFUSED = [
    ...['createTrustedIssuer', 'updateTrustedIssuer', 'updateApiKey', 'rotateApiKey'],
    ...['createWebhook', 'updateWebhook', 'rotateWebhookSecret'],
  ];

  for (const { name, document, variables } of MUTATIONS.filter(({ as }) => as !== 'user')) {
    it(`${name} lets in nobody who stays`, async () => {
      const { data, text } = await ask(document, variables(world), expiring);
      if (REFUSED.includes(name)) expect(data[name], text).toMatchObject(REFUSAL);
      else expect(data[name].__typename, text).toMatch(/Payload$/);
      const { results } = await env.DB.prepare(
        `SELECT 1 FROM api_key JOIN event ON event.subject_id = api_key.id AND event.type = 'apiKey.created'
         WHERE event.actor_type = 'API_KEY' AND (api_key.expires_at IS NULL OR api_key.expires_at > ?1)
         UNION ALL SELECT 1 FROM mailed_link JOIN event ON event.subject_id = mailed_link.user_id AND event.type = 'user.linkHandedOut'
         WHERE event.actor_type = 'API_KEY' AND handed_hash IS NOT NULL
           AND (handed_expires_at IS NULL OR handed_expires_at > ?1)`,
      )
        .bind(Date.parse(EXPIRES_AT))
        .all();
      expect(results).toEqual([]);
    });
  }
});

/** The names of roles for team members: one for each permission by which they let others in, and one without any. */
const admitting = new Map<Permission, Result>();
let harmless: Result;

beforeAll(async () => {
  const withAlso = (permission?: Permission) => [
    ...new Set<Permission>(['tenant:read', 'user:edit', ...(permission ? [permission] : [])]),
  ];
  harmless = await newRole({ scope: 'ORGANIZATION', permissions: withAlso() });
  for (const permission of ADMITTING_PERMISSIONS) {
    admitting.set(permission, await newRole({ scope: 'ORGANIZATION', permissions: withAlso(permission) }));
  }
});

interface Way {
  /** Somebody to begin with, if the way needs one: a team member with this role. */
  before?: 'given' | 'harmless';
  prepare?: (member: Result) => Promise<unknown>;
  let(key: string, role: Result, member: Result): Promise<unknown>;
}

const byRole = ({ id }: Result) => ({ roleIdentifier: { id } });
const rows = async (row: object, key: string) => {
  const { rows } = await mutate('importUsers', 'rows { outcome errors { code message } }', { rows: [row] }, key);
  return rows?.[0].errors[0] ?? { __typename: rows?.[0].outcome };
};
const remove = ({ id }: Result) => succeed('deleteUser', 'user { id }', { id });
const deactivate = ({ id }: Result) => succeed('updateUser', 'user { id }', { id, status: 'DEACTIVATED' });
const graphql = async (path: string, query: string, variables: object, key: string) =>
  send(posted(path, query, { ...variables }, key));
const asCode = (answer: Answer) =>
  answer.text.includes('expires') ? { code: 'out_of_reach' } : { __typename: answer.text };

/** How a team member comes in, at any API. */
const WAYS: Record<string, Way> = {
  'is created': {
    let: (key, role) => mutate('createOrganizationUser', 'user { id }', { email: email(), ...byRole(role) }, key),
  },
  'is created with a link': {
    let: (key, role) =>
      mutate('createOrganizationUser', 'user { id }', { email: email(), handOutLink: true, ...byRole(role) }, key),
  },
  'is imported': { let: (key, role) => rows({ email: email(), ...byRole(role) }, key) },
  'is imported with the role': {
    before: 'harmless',
    let: (key, role, member) => rows({ email: member.email, ...byRole(role) }, key),
  },
  'is imported with another address': {
    before: 'given',
    let: (key, _role, member) => rows({ externalId: member.externalId, email: email() }, key),
  },
  'is imported as active again': {
    before: 'given',
    prepare: deactivate,
    let: (key, _role, member) => rows({ externalId: member.externalId, status: 'ACTIVE' }, key),
  },
  'is upserted': {
    let: (key, role) => mutate('upsertUser', 'user { id }', { identifier: { email: email() }, ...byRole(role) }, key),
  },
  'is upserted to the role': {
    before: 'harmless',
    let: (key, role, { id }) => mutate('upsertUser', 'user { id }', { identifier: { id }, ...byRole(role) }, key),
  },
  'is upserted with another address': {
    before: 'given',
    let: (key, _role, { externalId }) =>
      mutate('upsertUser', 'user { id }', { identifier: { externalId }, email: email() }, key),
  },
  'is updated to the role': {
    before: 'harmless',
    let: (key, role, { id }) => mutate('updateUser', 'user { id }', { id, ...byRole(role) }, key),
  },
  'is given another address': {
    before: 'given',
    let: (key, _role, { id }) => mutate('updateUser', 'user { id }', { id, email: email() }, key),
  },
  'is made active again': {
    before: 'given',
    prepare: deactivate,
    let: (key, _role, { id }) => mutate('updateUser', 'user { id }', { id, status: 'ACTIVE' }, key),
  },
  'changes to the role': {
    before: 'harmless',
    let: (key, role, { id }) =>
      mutate(
        'changeRole',
        'user { id }',
        { userIdentifier: { id }, revoke: byRole(harmless), assign: byRole(role) },
        key,
      ),
  },
  'is invited again': {
    before: 'given',
    let: (key, _role, { id }) => mutate('inviteUser', 'user { id }', { userIdentifier: { id } }, key),
  },
  'is restored': {
    before: 'given',
    prepare: remove,
    let: (key, _role, { id }) => mutate('restoreUser', 'user { id }', { id }, key),
  },
  'would have a new role': {
    let: async (key, role) => {
      const input = { scope: 'ORGANIZATION', name: unique('Role'), permissions: held(role) };
      const answer = await mutate('createRole', 'role { id }', input, key);
      if (answer.role) await succeed('deleteRole', 'role { id }', { id: answer.role.id });
      return answer;
    },
  },
  'is created at /api': {
    let: async (key, role) =>
      asCode(
        await graphql(
          '/api',
          'mutation($input: CreateOrganizationUserInput!) { createOrganizationUser(input: $input) { user { id } errors { messages } } }',
          { input: { email: email(), role: role.id } },
          key,
        ),
      ),
  },
  'is updated at /api': {
    before: 'harmless',
    let: async (key, role, { id }) =>
      asCode(
        await graphql(
          '/api',
          'mutation($input: UpdateUserInput!) { updateUser(input: $input) { user { id } errors { messages } } }',
          { input: { id, role: role.id } },
          key,
        ),
      ),
  },
  'is created at /hub': {
    let: async (key, role) =>
      asCode(
        await graphql(
          '/hub/graphql',
          'mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) { user { id } } } }',
          { input: { email: email(), roleName: await nameAtHub(role) } },
          key,
        ),
      ),
  },
  'changes to the role at /hub': {
    before: 'harmless',
    let: async (key, role, { id }) =>
      asCode(
        await graphql(
          '/hub/graphql',
          'mutation($input: ChangeRoleForUserInput!) { userMutations { changeRoleForUser(input: $input) { user { id } } } }',
          {
            input: { userId: rawId(id), roleToRevoke: await nameAtHub(harmless), roleToAdd: await nameAtHub(role) },
          },
          key,
        ),
      ),
  },
  'is invited again at /hub': {
    before: 'given',
    let: async (key, _role, member) =>
      asCode(
        await graphql(
          '/hub/graphql',
          'mutation($input: SendInvitationInput!) { userMutations { sendInvitation(input: $input) } }',
          { input: { email: member.email, userType: 'AGENCY' } },
          key,
        ),
      ),
  },
};

/** What a role of `admitting` allows. */
const held = (role: Result): Permission[] => {
  const [permission] = [...admitting].find(([, { id }]) => id === role.id) ?? [];
  return [...new Set<Permission>(['tenant:read', 'user:edit', ...(permission ? [permission] : [])])];
};

const nameAtHub = async ({ name }: Result): Promise<string> => `agency-${name}`;

describe('a team member who could let in others', () => {
  beforeAll(() => countChanges());

  for (const [way, { before, prepare, let: letIn }] of Object.entries(WAYS)) {
    it(`${way} by a key without an end only`, async () => {
      for (const [permission, role] of admitting) {
        const home = before === 'given' ? byRole(role) : byRole(harmless);
        const member = before ? await newTeamMember({ externalId: unique('member'), ...home }) : role;
        if (prepare) await prepare(member);
        const isAtHub = way.endsWith('/hub');
        for (const key of [expiring, ...(isAtHub ? [clientToken] : [])]) {
          const [count, mails] = [await changes(), mailbox.length];
          const refused = await letIn(key, role, member);
          expect(refused, `${permission}: ${JSON.stringify(refused)}`).toMatchObject({ code: 'out_of_reach' });
          expect(await changes(), permission).toBe(count);
          expect(mailbox.length).toBe(mails);
        }
        const done = await letIn(lasting, role, member);
        expect(done, JSON.stringify(done)).not.toMatchObject({ code: expect.anything() });
      }
      // Who holds nothing of the kind comes in by an expiring key as by any other.
      if (before === 'harmless' || before === undefined) {
        const member = before ? await newTeamMember({ externalId: unique('member'), ...byRole(harmless) }) : harmless;
        const done = await letIn(expiring, harmless, member);
        expect(done, JSON.stringify(done)).not.toMatchObject({ code: expect.anything() });
      }
    });
  }

  it('does not become one with the role, by a key that expires', async () => {
    for (const [permission, role] of admitting) {
      const { id } = await newRole({ scope: 'ORGANIZATION', permissions: ['tenant:read', 'user:edit'] });
      await newTeamMember(byRole({ ...role, id }));
      const give = (permissions: readonly Permission[], key: string) =>
        mutate('updateRole', 'role { id }', { id, permissions }, key);
      const before = await dump();
      expect(await give(held(role), expiring), permission).toMatchObject(REFUSAL);
      expect(await dump()).toBe(before);
      for (const [permissions, key] of [
        [['tenant:read', 'customer:read'], expiring],
        [held(role), lasting],
        // What it has already, it keeps.
        [[...held(role), 'customer:read'], expiring],
        [['tenant:read'], expiring],
      ] as const) {
        expect(await give(permissions, key)).toMatchObject({ __typename: 'UpdateRolePayload' });
      }
    }
  });

  it('is changed otherwise, deactivated and demoted by any key', async () => {
    const [[, role]] = [...admitting] as [[Permission, Result]];
    const { id, email: address } = await newTeamMember(byRole(role));
    await succeed('updateUser', 'user { id }', { id, name: unique('Other'), email: address }, expiring);
    await succeed('updateUser', 'user { id }', { id, status: 'DEACTIVATED' }, expiring);
    await succeed('updateUser', 'user { id }', { id, ...byRole(harmless) }, expiring);
    await succeed('updateUser', 'user { id }', { id, status: 'ACTIVE' }, expiring);
  });

  it('gets a role in a tenant, and no invitation with it', async () => {
    const [[, role]] = [...admitting] as [[Permission, Result]];
    for (const key of [expiring, lasting]) {
      const [inTenant, first] = [await newTeamMember(byRole(role)), await newTeamMember(byRole(role))];
      await env.DB.prepare('UPDATE mailed_link SET expires_at = 1').run();
      const sent = mailbox.length;
      const { user, invitationLink } = await succeed(
        'addTenantUser',
        'user { id } invitationLink',
        {
          email: inTenant.email,
          roleIdentifier: { name: 'view' },
          tenantIdentifier: { id: (await newTenant()).id },
          handOutLink: true,
        },
        key,
      );
      expect(user.id).toBe(inTenant.id);
      const given = { name: unique('T'), adminEmail: first.email, handOutLink: true };
      const made = await succeed('createTenant', 'admin { id } invitationLink', given, key);
      expect([made.admin.id, made.invitationLink === null]).toEqual([first.id, key === expiring]);
      expect(invitationLink === null).toBe(key === expiring);
      expect(mailbox.slice(sent).map(({ to }) => to)).toEqual(key === expiring ? [] : [inTenant.email, first.email]);
    }
  });
});

describe('whoever else', () => {
  it('comes in by a key that expires, and stays', async () => {
    const tenant = await newTenant();
    const input = { email: email(), roleIdentifier: { name: 'admin' }, tenantIdentifier: { id: tenant.id } };
    const { user } = await succeed('createTenantUser', 'user { id email }', input, expiring);
    const { status } = await step('accept-invitation', { token: mailedToken(user.email), password: PASSWORD });
    expect(status).toBe(200);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(EXPIRES_AT) + 1 });
    const { accessToken } = await signIn(user.email);
    const { data } = await ask('{ viewer { type } }', {}, accessToken);
    expect(data.viewer).toEqual({ type: 'USER' });
    expect((await ask('{ viewer { type } }', {}, expiring)).status).toBe(401);
  });
  afterEach(() => vi.useRealTimers());
});

describe('a link that was handed out', () => {
  afterEach(() => vi.useRealTimers());

  it('ends with the key that got it, and the one that was mailed does not', async () => {
    for (const [key, isGood] of [
      [expiring, false],
      [lasting, true],
    ] as const) {
      const tenant = await newTenant();
      const input = {
        email: email(),
        roleIdentifier: { name: 'view' },
        tenantIdentifier: { id: tenant.id },
        handOutLink: true,
      };
      const { user, invitationLink } = await succeed('addTenantUser', 'user { id email } invitationLink', input, key);
      const shared = invitationLink.split('#token=')[1];
      // The password is refused only behind a good link.
      const statusOf = async (token: string) =>
        (await step('accept-invitation', { token, password: user.email })).status;
      vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(EXPIRES_AT) - 1 });
      expect(await statusOf(shared)).toBe(400);
      vi.setSystemTime(Date.parse(EXPIRES_AT));
      expect(await statusOf(shared)).toBe(isGood ? 400 : 401);
      expect(await statusOf(mailedToken(user.email))).toBe(400);
      vi.useRealTimers();
    }
  });

  it('ends with the key that got the last of them', async () => {
    const { id, email: address } = await newTeamMember();
    const linkBy = async (key: string) => {
      const input = { userIdentifier: { id }, handOutLink: true };
      const { invitationLink } = await succeed('inviteUser', 'invitationLink', input, key);
      return invitationLink.split('#token=')[1];
    };
    await linkBy(expiring);
    const shared = await linkBy(lasting);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.parse(EXPIRES_AT) });
    expect((await step('accept-invitation', { token: shared, password: address })).status).toBe(400);
  });
});

describe('a key that is made by one that expires', () => {
  const made = (input: object, key: string) =>
    mutate(
      'createApiKey',
      'apiKey { expiresAt } secret',
      { name: 'k', permissions: PERMISSIONS, reach: 'ORGANIZATION', ...input },
      key,
    );

  it('ends with it, or before, through any number of keys', async () => {
    let key = expiring;
    for (const _ of [1, 2, 3]) {
      const { apiKey, secret } = await made({}, key);
      expect(apiKey).toEqual({ expiresAt: EXPIRES_AT });
      key = secret;
    }
    expect((await made({ expiresAt: EXPIRES_AT }, key)).apiKey).toEqual({ expiresAt: EXPIRES_AT });
    const before = await dump();
    for (const expiresAt of [inHours(2), '2999-01-01T00:00:00Z', new Date(Date.parse(EXPIRES_AT) + 1).toISOString()]) {
      const { issues } = await made({ expiresAt }, key);
      expect(issues).toMatchObject([{ path: 'expiresAt', kind: 'INVALID' }]);
    }
    expect(await dump()).toBe(before);
    expect((await made({}, lasting)).apiKey).toEqual({ expiresAt: null });
  });
});

describe('trust in an issuer, by a key that expires', () => {
  const change = (id: string, input: object) =>
    mutate('updateTrustedIssuer', 'trustedIssuer { id }', { id, ...input }, expiring);

  it.each(['STANDARD', 'EMBEDDED'])(
    'is neither set up nor widened, and is narrowed and ended, of the kind %s',
    async (kind) => {
      const isNamed = kind === 'STANDARD';
      const named = isNamed ? {} : { kind, issuer: undefined, audience: undefined };
      const [customer, other] = [await newCustomer(), await newCustomer()];
      const { id, issuer } = await newTrustedIssuer(customer.id, {
        ...named,
        customerIdentifiers: [{ id: customer.id }, { id: other.id }],
      });
      const wider: Record<string, object> = {
        ...(isNamed && { issuer: { issuer: unique('issuer') }, audience: { audience: 'https://other.example' } }),
        keys: { keys: [{ ...PUBLIC_KEY, kid: 'other' }] },
        jwksUrl: { jwksUrl: 'https://keys.example.com/jwks.json' },
        createsUsers: { createsUsers: true },
        'another role': { roleIdentifiers: [{ name: 'member' }, { name: 'admin' }] },
        'another customer': { customerIdentifiers: [{ id: customer.id }, { id: (await newCustomer()).id }] },
      };
      const before = await dump();
      for (const [what, input] of Object.entries(wider)) {
        expect(await change(id, input), what).toMatchObject(REFUSAL);
      }
      expect(await dump()).toBe(before);
      for (const input of [
        ...(isNamed ? [{ issuer }] : []),
        { name: unique('I') },
        { createsUsers: false },
        { customerIdentifiers: [{ id: customer.id }] },
      ]) {
        expect(await change(id, input)).toMatchObject({ __typename: 'UpdateTrustedIssuerPayload' });
      }
      await succeed('deleteTrustedIssuer', 'trustedIssuer { id }', { id }, expiring);
    },
  );
});
