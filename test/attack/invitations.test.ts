import { env } from 'cloudflare:workers';
import { beforeAll, describe, expect, it } from 'vitest';
import { credentialName } from '../../src/directory/access/actor.ts';
import { invitationLimit, MAX_INVITATIONS_PER_HOUR } from '../../src/directory/access/rate-limits.ts';
import { ADD, advertiser, INVITE } from '../dialects/capig/hub.ts';
import { CUSTOMER_MEMBER } from '../dialects/prismatic/api.ts';
import { changes, countChanges } from '../shared/changes.ts';
import { actorOf, countOf, setCount } from '../shared/counters.ts';
import {
  codeOf,
  eventsAbout,
  type Key,
  mutationDocument,
  newCustomer,
  newKey,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../shared/fixtures.ts';
import { type Answer, graphqlRequest, mailbox, send, type Variables } from '../shared/gateway.ts';
import { enter, mailedToken, PASSWORD, step } from '../shared/people.ts';
import { posted } from '../walks/dialects/table.ts';
import { sized } from './size.ts';

const HOUR_MILLISECONDS = 60 * 60 * 1000;

const email = () => `${unique('invited')}@x.example`;

const dueInvitations = async (): Promise<number> =>
  (await env.DB.prepare(
    "SELECT count(*) AS n FROM mailed_link WHERE purpose = 'INVITATION' AND due_at IS NOT NULL",
  ).first('n')) ?? 0;

/** How many invitations have been mailed or wait to be. */
const invitations = async (): Promise<number> => mailbox.length + (await dueInvitations());

let key: Key;
let tenant: Result;
let customer: Result;
const limit = () => invitationLimit(credentialName(actorOf(key)));

beforeAll(countChanges);
beforeAll(async () => {
  key = await newKey();
  tenant = await newTenant();
  customer = await newCustomer();
});

const PAYLOADS: Record<string, string> = { importUsers: 'rows { outcome errors { code } }' };

const asked = (command: string, input: Variables): Request =>
  graphqlRequest(
    mutationDocument(command, PAYLOADS[command] ?? (command.endsWith('Tenant') ? 'tenant { id }' : 'user { id }')),
    { input },
    key.secret,
  );

const inTenant = () => ({ roleIdentifier: { name: 'view' }, tenantIdentifier: { id: tenant.id } });
const joined = async (): Promise<Result> => {
  const user = await newTenantUser(tenant.id);
  await enter(user);
  return user;
};
const lapsed = async (): Promise<Result> => {
  const user = await newTeamMember();
  await env.DB.prepare('DELETE FROM mailed_link WHERE user_id = ?').bind(rawId(user.id)).run();
  return user;
};

/** What leads to mails, and how many, if not to one. */
const WAYS: Record<string, { ask: () => Promise<Request> | Request; mails?: number; status?: number }> = {
  createOrganizationUser: {
    ask: () => asked('createOrganizationUser', { email: email(), roleIdentifier: { name: 'viewer' } }),
  },
  createCustomerUser: {
    ask: () =>
      asked('createCustomerUser', {
        email: email(),
        roleIdentifier: { name: 'member' },
        customerIdentifier: { id: customer.id },
      }),
  },
  createTenantUser: { ask: () => asked('createTenantUser', { email: email(), ...inTenant(), handOutLink: true }) },
  'addTenantUser, who is new': { ask: () => asked('addTenantUser', { email: email(), ...inTenant() }) },
  'addTenantUser, who has no invitation': {
    ask: async () => asked('addTenantUser', { email: (await lapsed()).email, ...inTenant() }),
  },
  'createTenant with an admin': {
    ask: () => asked('createTenant', { name: unique('T'), partnerManaged: false, adminEmail: email() }),
  },
  'upsertTenant of a new one with an admin': {
    ask: () => asked('upsertTenant', { identifier: { externalId: unique('t') }, name: 'T', adminEmail: email() }),
  },
  inviteUser: {
    ask: async () => asked('inviteUser', { userIdentifier: { id: (await newTenantUser(tenant.id)).id } }),
  },
  'updateUser to another address': {
    ask: async () => asked('updateUser', { id: (await joined()).id, email: email() }),
  },
  'updateUser who is let in again, at another address': {
    ask: async () => {
      const { id } = await joined();
      await succeed('updateUser', 'user { id }', { id, status: 'DEACTIVATED' });
      return asked('updateUser', { id, status: 'ACTIVE', email: email() });
    },
  },
  'importUsers to other addresses': {
    mails: 2,
    ask: async () => {
      const externalIds = [unique('u'), unique('u')];
      for (const externalId of externalIds) await newTenantUser(tenant.id, { externalId });
      return asked('importUsers', { rows: externalIds.map((externalId) => ({ externalId, email: email() })) });
    },
  },
  'createCustomerUser of Prismatic': {
    ask: () =>
      posted(
        '/api',
        'mutation($input: CreateCustomerUserInput!) { createCustomerUser(input: $input) { user { id } errors { field messages } } }',
        { input: { email: email(), role: CUSTOMER_MEMBER, customer: customer.id } },
        key.secret,
      ),
  },
  'addUserWithRole of the hub': {
    ask: () =>
      posted('/hub/graphql/', ADD, { input: { email: email(), roleName: advertiser('view', tenant) } }, key.secret),
  },
  'sendInvitation of the hub': {
    ask: async () =>
      posted(
        '/hub/graphql/',
        INVITE,
        {
          input: {
            email: (await newTenantUser(tenant.id)).email,
            tenantId: rawId(tenant.id),
            userType: 'ADVERTISER',
          },
        },
        key.secret,
      ),
  },
};

/** What leads to no mail. */
const NO_MAILS: Record<string, () => Promise<Request> | Request> = {
  'createTenant without an admin': () => asked('createTenant', { name: unique('T') }),
  'createTenant with an admin who has joined': async () =>
    asked('createTenant', { name: unique('T'), adminEmail: (await joined()).email }),
  'upsertTenant of one that is there': () =>
    asked('upsertTenant', { identifier: { id: tenant.id }, name: unique('T'), adminEmail: email() }),
  'addTenantUser, who has joined': async () => {
    const user = await newTeamMember();
    await enter(user);
    return asked('addTenantUser', { email: user.email, ...inTenant() });
  },
  'addTenantUser, who has an invitation': async () =>
    asked('addTenantUser', { email: (await newTeamMember()).email, ...inTenant() }),
  'updateUser to another name': async () => asked('updateUser', { id: (await joined()).id, name: unique('U') }),
  'updateUser to the same address': async () => {
    const { id, email: address } = await joined();
    return asked('updateUser', { id, email: address.toUpperCase() });
  },
  'importUsers of new ones': () =>
    asked('importUsers', { rows: [{ email: email(), roleIdentifier: { name: 'viewer' } }] }),
};

const isDone = ({ status, data, errors, text }: Answer): boolean =>
  status === 200 && data !== null && errors.length === 0 && !/"code":"|"messages":\[/.test(text);

describe('the invitations that one credential may cause in an hour', () => {
  it('are as many as are mailed, and no more, in whatever way and at whichever API it asks', async () => {
    for (const [way, { ask, mails = 1 }] of Object.entries(WAYS)) {
      await setCount(limit(), MAX_INVITATIONS_PER_HOUR - mails, HOUR_MILLISECONDS / 2);
      const [first, second, third] = [await ask(), await ask(), await ask()];
      const mailed = await invitations();
      const last = await send(first);
      expect(isDone(last), `${way}: ${last.text}`).toBe(true);
      expect(await countOf(limit()), way).toBe(MAX_INVITATIONS_PER_HOUR);
      expect(await invitations(), way).toBe(mailed + mails);

      const before = await changes();
      const refused = await send(second);
      expect([refused.status, codeOf(refused)], `${way}: ${refused.text}`).toEqual([429, 'TOO_MANY_REQUESTS']);
      const wait = Number(refused.headers.get('retry-after'));
      expect(wait * 1000, way).toBeGreaterThan(HOUR_MILLISECONDS / 2 - 60_000);
      expect(wait * 1000, way).toBeLessThanOrEqual(HOUR_MILLISECONDS / 2);
      expect(await changes(), `${way}: a refusal changes nothing`).toBe(before);
      expect(await invitations(), way).toBe(mailed + mails);
      expect(await countOf(limit()), way).toBe(MAX_INVITATIONS_PER_HOUR);

      await setCount(limit(), MAX_INVITATIONS_PER_HOUR, HOUR_MILLISECONDS);
      expect(isDone(await send(third)), `${way}, an hour later`).toBe(true);
      expect(await countOf(limit()), way).toBe(mails);
    }
  });

  it('are not counted, nor refused, where nothing is mailed', async () => {
    await setCount(limit(), MAX_INVITATIONS_PER_HOUR);
    for (const [way, ask] of Object.entries(NO_MAILS)) {
      const request = await ask();
      const mailed = await invitations();
      const answer = await send(request);
      expect(isDone(answer), `${way}: ${answer.text}`).toBe(true);
      expect(await invitations(), way).toBe(mailed);
      expect(await countOf(limit()), way).toBe(MAX_INVITATIONS_PER_HOUR);
    }
  });

  it('are refused behind everything else that can be wrong, and what is refused is not counted', async () => {
    await setCount(limit(), MAX_INVITATIONS_PER_HOUR);
    const { id } = await joined();
    const answer = await send(asked('inviteUser', { userIdentifier: { id } }));
    expect(answer.data.inviteUser, answer.text).toMatchObject({ code: 'validation_failed' });
    await setCount(limit(), 0);
    await send(asked('inviteUser', { userIdentifier: { id } }));
    expect(await countOf(limit())).toBe(0);
  });

  it('let an import in whole or not at all', async () => {
    const externalIds = [unique('u'), unique('u')];
    for (const externalId of externalIds) await newTenantUser(tenant.id, { externalId });
    const rows = [
      ...externalIds.map((externalId) => ({ externalId, email: email() })),
      { email: email(), roleIdentifier: { name: 'viewer' } },
    ];
    await setCount(limit(), MAX_INVITATIONS_PER_HOUR - 1);
    const before = await changes();
    const answer = await send(asked('importUsers', { rows, errorPolicy: 'SKIP_FAILED' }));
    expect([answer.status, codeOf(answer), answer.data]).toEqual([429, 'TOO_MANY_REQUESTS', null]);
    expect(await changes()).toBe(before);
    expect(await countOf(limit())).toBe(MAX_INVITATIONS_PER_HOUR - 1);
  });

  it('are no more for asking many times at once', async () => {
    const left = 3;
    const { createTenantUser } = WAYS;
    await setCount(limit(), MAX_INVITATIONS_PER_HOUR - left);
    const requests = await Promise.all(Array.from({ length: left + sized(40) }, () => createTenantUser?.ask()));
    const answers = await Promise.all(requests.map((request) => send(request as Request)));
    expect(answers.filter(isDone)).toHaveLength(left);
    expect(await countOf(limit())).toBe(MAX_INVITATIONS_PER_HOUR);
  });

  it('take no D1 call beyond that of the change', async () => {
    await setCount(limit(), 0);
    const input = { email: email(), roleIdentifier: { name: 'viewer' } };
    const { calls } = await send(graphqlRequest(mutationDocument('createOrganizationUser', 'user { id }'), { input }));
    expect(calls).toBe(1);
  });
});

describe('an invitation that is taken back while its links are tried', () => {
  it('lets in one person or nobody: whoever comes behind finds no link, mailed or handed out', async () => {
    for (let count = 0; count < sized(20); count += 1) {
      const input = { email: email(), ...inTenant(), handOutLink: true };
      const { user, invitationLink } = await succeed('createTenantUser', 'user { id } invitationLink', input);
      const links = [mailedToken(input.email), invitationLink.split('#token=')[1]];
      const accept = (token: string) => step('accept-invitation', { token, password: PASSWORD });
      const revoke = () => succeed('revokeInvitation', 'user { id }', { userIdentifier: { id: user.id } });
      const tries = count % 2 === 0 ? links : links.toReversed();
      const [answers] = await Promise.all([Promise.all(tries.map(accept)), revoke()]);
      const letIn = answers.filter(({ status }) => status === 200).length;
      const events = await eventsAbout(user.id);
      expect(events.slice(3)).toEqual([letIn === 1 ? 'user.joined' : 'user.invitationRevoked']);
      for (const link of links) expect((await accept(link)).status).toBe(401);
      if (letIn === 1) continue;
      await succeed('inviteUser', 'user { id }', { userIdentifier: { id: user.id } });
      for (const link of links) expect((await accept(link)).status, 'another invitation revives none').toBe(401);
    }
  });
});
