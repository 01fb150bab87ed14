import { env } from 'cloudflare:workers';
import { type GraphQLSchema, getOperationAST, isObjectType, parse, printType } from 'graphql';
import { beforeAll, describe, expect, it, vi } from 'vitest';
import readme from '../../../README.md?raw';
import { MAX_LISTED, MAX_LISTED_IN_ALL } from '../../../src/dialects/capig/lists.ts';
import { schema } from '../../../src/dialects/capig/schema.ts';
import { CLIENT_TOKEN_SECONDS } from '../../../src/directory/api-keys/client-tokens.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { DEFAULT_WINDOW_HOURS } from '../../../src/directory/usage/traffic-hours.ts';
import { schema as own } from '../../../src/graphql/schema.ts';
import { costOf } from '../../../src/http/graphql/cost.ts';
import { changes, countChanges } from '../../shared/changes.ts';
import {
  allBut,
  assign,
  eventsAbout,
  type Key,
  newCustomer,
  newCustomerUser,
  newKey,
  newPipeline,
  newPixel,
  newRole,
  newTeamMember,
  newTenant,
  newTenantUser,
  type Result,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { type Answer, ask, mailbox, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { enter, mailedToken, step } from '../../shared/people.ts';
import { operationsOf } from '../../walks/dialects/table.ts';
import createAnswer from './create-tenant.answer.txt?raw';
import createExample from './create-tenant.example.txt?raw';
import createFull from './create-tenant.full.txt?raw';
import createInput from './create-tenant.input.txt?raw';
import createVariables from './create-tenant.variables.txt?raw';
import deleteAnswer from './delete-tenant.answer.txt?raw';
import deleteExample from './delete-tenant.example.txt?raw';
import deleteFull from './delete-tenant.full.txt?raw';
import deleteVariables from './delete-tenant.variables.txt?raw';
import { askToken, clientOf, hub, uuidOf } from './hub.ts';
import { capig } from './table.ts';
import tenantAnswer from './tenant.answer.txt?raw';
import tenantExample from './tenant.example.txt?raw';
import tenantFull from './tenant.full.txt?raw';
import tenantVariables from './tenant.variables.txt?raw';
import usageAnswer from './tenant-usage.answer.txt?raw';
import usageExample from './tenant-usage.example.txt?raw';
import usageFull from './tenant-usage.full.txt?raw';
import updateAnswer from './update-tenant.answer.txt?raw';
import updateExample from './update-tenant.example.txt?raw';
import updateFull from './update-tenant.full.txt?raw';
import updateInput from './update-tenant.input.txt?raw';
import updateVariables from './update-tenant.variables.txt?raw';

type Json = Record<string, unknown>;

beforeAll(countChanges);

const isObject = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A sample of the document, in which commas may be missing. */
const sampleOf = (text: string): Json => JSON.parse(text.replaceAll(/(true|false|\d|")\n(?=")/g, '$1,\n'));

/** The variables of the document, with the id of a tenant of ours. */
const withTenant = (text: string, tenantId: string): Variables => {
  const variables: Json = JSON.parse(text);
  const inInput = isObject(variables.input) && 'tenantId' in variables.input;
  return inInput ? { input: { ...(variables.input as Json), tenantId } } : { ...variables, tenantId };
};

/** What a value looks like: the types of what it has, of a list those of its records. */
function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf).slice(0, 1);
  if (!isObject(value)) return value === null ? 'null' : typeof value;
  return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, shapeOf(part)]));
}

async function asked(document: string, variables: Variables = {}, key: string = ROOT_KEY): Promise<Answer> {
  const answer = await hub(document, variables, key);
  expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
  return answer;
}

/** A tenant with a user and traffic, so that nothing in an answer is empty. */
async function livelyTenant(): Promise<Result> {
  const tenant = await newTenant();
  await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
  const pixel = await newPixel(tenant.id);
  await newPipeline(tenant.id);
  await succeed('recordTraffic', 'entries { outcome }', {
    entries: [{ entryId: unique('e'), pixelId: pixel.id, at: new Date().toISOString(), events: 5, publishErrors: 1 }],
  });
  return tenant;
}

const USER_SHAPE = {
  id: 'string',
  email: 'string',
  roles: [{ name: 'string', displayName: 'string' }],
  tenants: [
    {
      id: 'string',
      name: 'string',
      status: 'number',
      canPartnerManage: 'boolean',
      availableRoles: [{ name: 'string', displayName: 'string' }],
    },
  ],
  isSelf: 'boolean',
  canBeDeleted: 'boolean',
  defaultTenantId: 'string',
};

const TENANT_SHAPE = {
  id: 'string',
  name: 'string',
  status: 'number',
  canPartnerManage: 'boolean',
  users: [USER_SHAPE],
  availableRoles: [{ name: 'string', displayName: 'string' }],
  tenantUsage: {
    totalActivePixels: 'number',
    totalInactivePixels: 'number',
    totalPixels: 'number',
    tenantUsageByTraffic: {
      totalEventsReceived: 'number',
      totalPixelsWithTraffic: 'number',
      publishError: 'boolean',
      durationInHours: 'number',
      lastUpdatedAt: 'string',
    },
  },
  canEditTenantSettingsInUI: 'boolean',
  canViewTenantInUI: 'boolean',
};

describe('the documents, to the letter', () => {
  it('create a tenant', async () => {
    const { data } = await asked(createExample, JSON.parse(createVariables));
    const { tenant } = data.tenantMutations.createTenant;
    const { id, ...sample } = (sampleOf(createAnswer) as typeof data).data.tenantMutations.createTenant.tenant;
    expect(tenant).toEqual({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      name: sample.name,
      status: sample.status,
      canPartnerManage: sample.canPartnerManage,
    });

    const admin = `${unique('admin')}@x.example`;
    const input = { name: unique('T'), canPartnerManage: false, adminEmail: admin, eventEnrichment: true };
    const full = (await asked(createFull, { input })).data.tenantMutations.createTenant.tenant;
    const { tenantUsage, ...shape } = TENANT_SHAPE;
    expect(shapeOf(full)).toMatchObject({ ...shape, canEditTenantUsersInUI: 'boolean' });
    expect(Object.keys(full).sort()).toEqual([...Object.keys(TENANT_SHAPE), 'canEditTenantUsersInUI'].sort());
    expect(full.tenantUsage.tenantUsageByTraffic.lastUpdatedAt).toBeNull();
    for (const name of Object.keys(sample)) expect(typeof full[name], name).toBe(typeof sample[name]);
    expect(full.users[0]).toMatchObject({ email: admin, canBeDeleted: false, defaultTenantId: full.id });
    const events = (
      await ask('query($id: ID!) { tenant(id: $id) { eventEnrichment partnerManaged } }', { id: full.id })
    ).data.tenant;
    expect(events).toEqual({ eventEnrichment: true, partnerManaged: false });
  });

  it('read a tenant', async () => {
    const tenant = await livelyTenant();
    const { data } = await asked(tenantExample, withTenant(tenantVariables, uuidOf(tenant)));
    expect(shapeOf(data)).toEqual(shapeOf(sampleOf(tenantAnswer).data));
    expect(data.tenant.users[0].roles).toEqual([
      { name: `advertiser-manage-${uuidOf(tenant)}`, displayName: 'manage' },
    ]);
    const full = await asked(tenantFull, withTenant(tenantVariables, uuidOf(tenant)));
    expect(shapeOf(full.data.tenant)).toEqual(TENANT_SHAPE);
  });

  it('change a tenant', async () => {
    const tenant = await livelyTenant();
    const variables = withTenant(updateVariables, uuidOf(tenant));
    const { data } = await asked(updateExample, variables);
    const sample = (sampleOf(updateAnswer) as typeof data).data;
    sample.tenantMutations.updateTenant.tenant.id = uuidOf(tenant);
    expect(data).toEqual(sample);
    const full = (await asked(updateFull, variables)).data.tenantMutations.updateTenant.tenant;
    expect(shapeOf(full)).toEqual(TENANT_SHAPE);
  });

  it('delete a tenant', async () => {
    for (const document of [deleteExample, deleteFull]) {
      const tenant = await newTenant();
      const { data } = await asked(document, withTenant(deleteVariables, uuidOf(tenant)));
      expect(data).toEqual(sampleOf(deleteAnswer).data);
      expect((await ask('query($id: ID!) { tenant(id: $id) { id } }', { id: tenant.id })).data.tenant).toBeNull();
    }
  });

  it('read the usage of a tenant', async () => {
    const tenant = await livelyTenant();
    const named = usageExample.replace('IaoreXfj', uuidOf(tenant));
    const { data } = await asked(named);
    expect(shapeOf(data)).toMatchObject(shapeOf(sampleOf(usageAnswer).data) as Json);
    const full = (await asked(usageFull, { tenantId: uuidOf(tenant) })).data.tenantUsage;
    expect(full).toEqual({
      totalActivePipeline: 1,
      totalInactivePixels: 0,
      totalPixels: 1,
      totalPipelines: 1,
      tenantUsageByTraffic: { totalEventsReceived: 5, totalPixelsWithTraffic: 1 },
    });
  });

  it('have the inputs that the schema has', () => {
    const fieldsOf = (text: string) => [...text.matchAll(/^\s*(\w+: \w+!?)$/gm)].map(([, field]) => field).sort();
    for (const text of [createInput, updateInput]) {
      const [, name = ''] = /^input (\w+)/.exec(text) ?? [];
      const type = schema.getType(name);
      expect(type, name).toBeDefined();
      if (type) expect(fieldsOf(printType(type).replaceAll(/"""[\s\S]*?"""/g, ''))).toEqual(fieldsOf(text));
    }
  });

  it('are answered with and without the last slash, and by POST only', async () => {
    const { id } = await newTenant();
    const request = (path: string, method = 'POST') =>
      send(
        new Request(`${PUBLIC_URL}${path}`, {
          method,
          headers: { authorization: `Bearer ${ROOT_KEY}`, 'content-type': 'application/json' },
          ...(method === 'POST' && {
            body: JSON.stringify({ query: tenantExample, variables: { tenantId: uuidOf({ id }) } }),
          }),
        }),
      );
    for (const path of ['/hub/graphql', '/hub/graphql/']) expect((await request(path)).status).toBe(200);
    const statuses = [await request('/hub/graphql/', 'GET'), await request('/hub/else'), await request('/clients')];
    expect(statuses.map(({ status, errors }) => [status, errors[0].extensions.status])).toEqual([
      [405, 405],
      [404, 404],
      [404, 404],
    ]);
  });
});

const CREATE = `mutation($input: CreateTenantInput!) { tenantMutations { createTenant(input: $input) { tenant { id } } } }`;
const UPDATE = `mutation($input: UpdateTenantInput!) { tenantMutations { updateTenant(input: $input) {
  tenant { id name status canPartnerManage } } } }`;
const DELETE = 'mutation($tenantId: String!) { tenantMutations { deleteTenant(tenantId: $tenantId) } }';
const ADD = `mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) {
  userAlreadyExist invitationLink user { id email status roles { name displayName tenantName } } } } }`;
const CHANGE = `mutation($input: ChangeRoleForUserInput!) { userMutations { changeRoleForUser(input: $input) {
  user { id roles { name } } } } }`;
const INVITE = 'mutation($input: SendInvitationInput!) { userMutations { sendInvitation(input: $input) } }';
const TENANT = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { id } }';
const USAGE = 'query($tenantId: String!) { tenantUsage(tenantId: $tenantId) { totalPixels } }';

const none = '01900000-0000-7000-8000-000000000000';
const email = () => `${unique('hub')}@x.example`;
const advertiser = (role: string, tenant: Result) => `advertiser-${role}-${uuidOf(tenant)}`;

const added = async (input: Json, key?: string) =>
  (await asked(ADD, { input }, key)).data.userMutations.addUserWithRole;
const changed = async (input: Json): Promise<string[]> =>
  (await asked(CHANGE, { input })).data.userMutations.changeRoleForUser.user.roles.map(({ name }: Result) => name);

interface Refused {
  key: Key;
  tenant: Result;
  admin: Result;
  joined: Result;
  waiting: Result;
  member: Result;
}

/** What is refused, as what, by whom. */
type Condition = [
  what: string,
  document: string,
  variables: (world: Refused) => Variables,
  status: number,
  code: string,
  key?: () => Promise<string>,
];

const without = (permission: Permission) => async () => (await newKey({ permissions: allBut(permission) })).secret;
const reading = async () => (await newKey({ access: 'READ' })).secret;
const ofOneTenant = async () => (await newKey({ tenants: [(await newTenant()).id] })).secret;

const CONDITIONS: Condition[] = [
  ['a document that is none', '{', () => ({}), 400, 'GRAPHQL_PARSE_FAILED'],
  ['a field that is not there', '{ tenant(tenantId: "x") { invoices } }', () => ({}), 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['an operation that is not there', '{ tenants { id } }', () => ({}), 400, 'GRAPHQL_VALIDATION_FAILED'],
  ['a variable that is missing', TENANT, () => ({}), 400, 'BAD_USER_INPUT'],
  ['a variable of another type', UPDATE, () => ({ input: { tenantId: none, status: 'x' } }), 400, 'BAD_USER_INPUT'],
  [
    'a tenant without a name',
    CREATE,
    () => ({ input: { name: ' ', canPartnerManage: true, eventEnrichment: true } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a tenant that nobody manages',
    CREATE,
    () => ({ input: { name: 'x', canPartnerManage: false, eventEnrichment: true } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'creating without the permission',
    CREATE,
    () => ({ input: { name: 'x', canPartnerManage: true, eventEnrichment: true } }),
    401,
    'FORBIDDEN',
    without('tenant:create'),
  ],
  [
    'creating with a key that reads',
    CREATE,
    () => ({ input: { name: 'x', canPartnerManage: true, eventEnrichment: true } }),
    401,
    'FORBIDDEN',
    reading,
  ],
  [
    'creating with a key of one tenant',
    CREATE,
    () => ({ input: { name: 'x', canPartnerManage: true, eventEnrichment: true } }),
    401,
    'FORBIDDEN',
    ofOneTenant,
  ],
  [
    'a status that is none',
    UPDATE,
    ({ tenant }) => ({ input: { tenantId: uuidOf(tenant), status: 3 } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a negative status',
    UPDATE,
    ({ tenant }) => ({ input: { tenantId: uuidOf(tenant), status: -1 } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a name that is too long',
    UPDATE,
    ({ tenant }) => ({ input: { tenantId: uuidOf(tenant), name: 'x'.repeat(257) } }),
    400,
    'BAD_USER_INPUT',
  ],
  ['changing what is not there', UPDATE, () => ({ input: { tenantId: none, name: 'x' } }), 404, 'NOT_FOUND'],
  ['changing what cannot be', UPDATE, () => ({ input: { tenantId: 'hU2koC34', name: 'x' } }), 404, 'NOT_FOUND'],
  [
    'changing what is out of reach',
    UPDATE,
    ({ tenant }) => ({ input: { tenantId: uuidOf(tenant), name: 'x' } }),
    404,
    'NOT_FOUND',
    ofOneTenant,
  ],
  [
    'changing without the permission',
    UPDATE,
    ({ tenant }) => ({ input: { tenantId: uuidOf(tenant) } }),
    401,
    'FORBIDDEN',
    without('tenant:edit'),
  ],
  ['deleting what is not there', DELETE, () => ({ tenantId: none }), 404, 'NOT_FOUND'],
  [
    'deleting without the permission',
    DELETE,
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('tenant:delete'),
  ],
  ['reading what is not there', TENANT, () => ({ tenantId: none }), 404, 'NOT_FOUND'],
  ['reading what cannot be', TENANT, () => ({ tenantId: '\u0000' }), 404, 'NOT_FOUND'],
  [
    'reading what is out of reach',
    TENANT,
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    404,
    'NOT_FOUND',
    ofOneTenant,
  ],
  [
    'reading without the permission',
    TENANT,
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('tenant:read'),
  ],
  ['the usage of what is not there', USAGE, () => ({ tenantId: none }), 404, 'NOT_FOUND'],
  [
    'the usage of what is out of reach',
    USAGE,
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    404,
    'NOT_FOUND',
    ofOneTenant,
  ],
  [
    'usage without the permission',
    USAGE,
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('usage:read'),
  ],
  [
    'usage of a tenant, likewise',
    'query($tenantId: String!) { tenant(tenantId: $tenantId) { name tenantUsage { totalPixels } } }',
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('usage:read'),
  ],
  [
    'users without the permission',
    'query($tenantId: String!) { tenant(tenantId: $tenantId) { name users { id } } }',
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('user:read'),
  ],
  [
    'roles without the permission',
    'query($tenantId: String!) { tenant(tenantId: $tenantId) { availableRoles { name } } }',
    ({ tenant }) => ({ tenantId: uuidOf(tenant) }),
    401,
    'FORBIDDEN',
    without('role:read'),
  ],
  [
    'an e-mail address that is none',
    ADD,
    ({ tenant }) => ({ input: { email: 'x', roleName: advertiser('view', tenant) } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a role that is not there',
    ADD,
    ({ tenant }) => ({ input: { email: email(), roleName: advertiser('nobody', tenant) } }),
    404,
    'NOT_FOUND',
  ],
  ['a role that cannot be', ADD, () => ({ input: { email: email(), roleName: 'admin' } }), 404, 'NOT_FOUND'],
  ['a role of the other kind', ADD, () => ({ input: { email: email(), roleName: 'agency-manage' } }), 404, 'NOT_FOUND'],
  [
    'a role by a name of JavaScript',
    ADD,
    () => ({ input: { email: email(), roleName: 'agency-constructor' } }),
    404,
    'NOT_FOUND',
  ],
  [
    'a role in a tenant that is not there',
    ADD,
    () => ({ input: { email: email(), roleName: `advertiser-view-${none}` } }),
    404,
    'NOT_FOUND',
  ],
  [
    'a user who is in the tenant',
    ADD,
    ({ tenant, joined }) => ({ input: { email: joined.email, roleName: advertiser('user', tenant) } }),
    409,
    'CONFLICT',
  ],
  [
    'a user who is there, for the agency',
    ADD,
    ({ joined }) => ({ input: { email: joined.email, roleName: 'agency-view' } }),
    409,
    'CONFLICT',
  ],
  [
    'a user who is out of reach',
    ADD,
    ({ member }) => ({ input: { email: member.email, roleName: `advertiser-view-${none}` } }),
    404,
    'NOT_FOUND',
    ofOneTenant,
  ],
  [
    'adding without the permission',
    ADD,
    ({ tenant }) => ({ input: { email: email(), roleName: advertiser('view', tenant) } }),
    401,
    'FORBIDDEN',
    without('user:edit'),
  ],
  [
    'giving more than one holds',
    ADD,
    ({ tenant }) => ({ input: { email: email(), roleName: advertiser('admin', tenant) } }),
    401,
    'FORBIDDEN',
    without('apiKey:edit'),
  ],
  ['a change of nothing', CHANGE, ({ joined }) => ({ input: { userId: uuidOf(joined) } }), 400, 'BAD_USER_INPUT'],
  [
    'a user who is not there',
    CHANGE,
    ({ tenant }) => ({ input: { userId: none, roleToAdd: advertiser('view', tenant) } }),
    404,
    'NOT_FOUND',
  ],
  [
    'a role that the user does not have',
    CHANGE,
    ({ tenant, joined }) => ({ input: { userId: uuidOf(joined), roleToRevoke: advertiser('manage', tenant) } }),
    404,
    'NOT_FOUND',
  ],
  [
    'an agency user without any role',
    CHANGE,
    ({ member }) => ({ input: { userId: uuidOf(member), roleToRevoke: 'agency-view' } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'an agency role for who is not there',
    CHANGE,
    ({ joined }) => ({ input: { userId: uuidOf(joined), roleToAdd: 'agency-view' } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a tenant without an admin',
    CHANGE,
    ({ tenant, admin }) => ({ input: { userId: uuidOf(admin), roleToRevoke: advertiser('admin', tenant) } }),
    409,
    'CONFLICT',
  ],
  [
    'an invitation of who has joined',
    INVITE,
    ({ tenant, joined }) => ({ input: { email: joined.email, tenantId: uuidOf(tenant), userType: 'ADVERTISER' } }),
    409,
    'CONFLICT',
  ],
  [
    'an invitation of nobody',
    INVITE,
    ({ tenant }) => ({ input: { email: email(), tenantId: uuidOf(tenant), userType: 'ADVERTISER' } }),
    404,
    'NOT_FOUND',
  ],
  [
    'an invitation of who is in another tenant',
    INVITE,
    ({ waiting }) => ({ input: { email: waiting.email, tenantId: none, userType: 'ADVERTISER' } }),
    404,
    'NOT_FOUND',
  ],
  [
    'an invitation of who is not in the agency',
    INVITE,
    ({ waiting }) => ({ input: { email: waiting.email, userType: 'AGENCY' } }),
    404,
    'NOT_FOUND',
  ],
  [
    'an invitation to no tenant',
    INVITE,
    ({ waiting }) => ({ input: { email: waiting.email, userType: 'ADVERTISER' } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'a kind of user that is none',
    INVITE,
    ({ waiting }) => ({ input: { email: waiting.email, userType: 'PARTNER' } }),
    400,
    'BAD_USER_INPUT',
  ],
  [
    'an invitation of who holds more',
    INVITE,
    ({ member }) => ({ input: { email: member.email, userType: 'AGENCY' } }),
    401,
    'FORBIDDEN',
    without('event:read'),
  ],
];

describe('what is refused', () => {
  let world: Refused;
  beforeAll(async () => {
    const tenant = await newTenant();
    const [admin, joined, waiting] = [
      await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }),
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
    ];
    await enter(joined);
    world = { tenant, admin, joined, waiting, member: await newTeamMember(), key: await newKey() };
  });

  for (const [what, document, variables, status, code, key] of CONDITIONS) {
    it(`${what} is ${status}, and changes nothing`, async () => {
      const token = key ? await key() : ROOT_KEY;
      const before = await changes();
      const answer = await hub(document, variables(world), token);
      expect(answer.status, answer.text).toBe(status);
      expect(answer.data).toBeNull();
      for (const { message, extensions } of answer.errors) {
        expect(extensions).toMatchObject({ code, status });
        expect(message).toMatch(status === 401 ? /^Not authorized: / : /./);
      }
      expect(answer.errors.length).toBeGreaterThan(0);
      expect(await changes()).toBe(before);
    });
  }

  it('in part is refused as a whole', async () => {
    const { secret } = await newKey({ permissions: allBut('tenant:read') });
    const document = `mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) {
      user { roles { tenantName } } } } }`;
    const input = { email: email(), roleName: advertiser('view', world.tenant) };
    const lacking = await hub(document, { input }, secret);
    expect([lacking.status, lacking.data]).toEqual([401, null]);
  });

  it('and fails on our side says nothing of why, and is logged', async () => {
    const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
    const broken = (message: string) => {
      const batch = () => Promise.reject(new Error(message));
      return { DB: Object.assign(Object.create(env.DB), { prepare: env.DB.prepare.bind(env.DB), batch }) };
    };
    const failures = { 'no such column: secret_column': 500, 'D1 DB is overloaded.': 503 };
    for (const [message, status] of Object.entries(failures)) {
      const form = new URLSearchParams(clientOf(world.key.id, world.key.secret));
      for (const asking of [
        () => hub(TENANT, { tenantId: none }, ROOT_KEY, broken(message)),
        () => hub(UPDATE, { input: { tenantId: none } }, ROOT_KEY, broken(message)),
        () => askToken(form, broken(message)),
      ]) {
        const answer = await asking();
        expect([answer.status, answer.data, answer.errors[0].extensions.status]).toEqual([status, null, status]);
        expect(answer.text).not.toContain('secret_column');
        expect(log.mock.calls.at(-1)?.[0]).toContain(answer.headers.get('x-request-id'));
      }
    }
    log.mockRestore();
  });

  it('names the input as the document does', async () => {
    const issuesOf = async (document: string, input: Json) =>
      (await hub(document, { input })).errors[0].extensions.issues.map(({ path }: { path: string }) => path);
    const userId = uuidOf(world.member);
    expect(await issuesOf(CHANGE, { userId, roleToRevoke: 'agency-view' })).toEqual(['roleToRevoke']);
    expect(await issuesOf(CHANGE, { userId })).toEqual(['roleToAdd']);
    expect(await issuesOf(CREATE, { name: 'x', canPartnerManage: false, eventEnrichment: true })).toEqual([
      'adminEmail',
    ]);
    expect(await issuesOf(UPDATE, { tenantId: none, status: 9 })).toEqual(['status']);
  });

  it('is too dear by as many mutations as at /graphql, wherever they stand', async () => {
    const costOfSome = (count: number): number => {
      const fields = Array.from({ length: count }, (_, index) => `m${index}: deleteTenant(tenantId: "${none}")`);
      const document = parse(`mutation { tenantMutations { ${fields.join(' ')} } }`);
      const operation = getOperationAST(document);
      return operation ? costOf(schema, document, operation, new Map()).cost : 0;
    };
    expect([costOfSome(1), costOfSome(20)]).toEqual([101, 2001]);
  });
});

describe('a tenant', () => {
  it('has each status as a number, both ways', async () => {
    const tenant = await newTenant();
    for (const [status, name] of ['ACTIVE', 'PENDING', 'DEACTIVATED'].entries()) {
      const { data } = await asked(UPDATE, { input: { tenantId: uuidOf(tenant), status } });
      expect(data.tenantMutations.updateTenant.tenant.status).toBe(status);
      const own = await ask('query($id: ID!) { tenant(id: $id) { status } }', { id: tenant.id });
      expect(own.data.tenant.status).toBe(name);
    }
  });

  it('stays as it is where nothing is given, or null', async () => {
    const tenant = await newTenant({ partnerManaged: false, adminEmail: email() });
    const input = { tenantId: tenant.id, name: null, status: null, canPartnerManage: null };
    const { data } = await asked(UPDATE, { input });
    expect(data.tenantMutations.updateTenant.tenant).toEqual({
      id: uuidOf(tenant),
      name: tenant.name,
      status: 0,
      canPartnerManage: false,
    });
    expect(await eventsAbout(tenant.id)).toEqual(['tenant.created']);
  });

  it('says what the caller can do in it, as /graphql does', async () => {
    const tenant = await newTenant();
    const customer = await newCustomer({ tenantIdentifiers: [{ id: tenant.id }] });
    const keys = [
      await newKey(),
      await newKey({ access: 'READ' }),
      await newKey({ permissions: ['tenant:read', 'tenant:edit'] }),
      await newKey({ permissions: ['tenant:read', 'user:edit'], tenants: [tenant.id] }),
      await newKey({ customer: customer.id }),
    ];
    const seen = new Set<string>();
    for (const { secret } of keys) {
      const here = await hub(
        'query($tenantId: String!) { tenant(tenantId: $tenantId) { canEditTenantSettingsInUI canViewTenantInUI canEditTenantUsersInUI } }',
        { tenantId: uuidOf(tenant) },
        secret,
      );
      const own = await ask(
        'query($id: ID!) { tenant(id: $id) { viewerCanEditSettings viewerCanView viewerCanEditUsers } }',
        { id: tenant.id },
        secret,
      );
      expect(Object.values(here.data.tenant)).toEqual(Object.values(own.data.tenant));
      seen.add(here.text);
    }
    expect(seen.size, 'the keys differ in what they can do').toBeGreaterThan(3);
  });

  it('has the usage that /graphql has', async () => {
    const tenant = await livelyTenant();
    const [pixel, pipeline] = [await newPixel(tenant.id), await newPipeline(tenant.id)];
    await succeed('updatePixel', 'pixel { id }', { id: pixel.id, status: 'INACTIVE' });
    await succeed('updatePipeline', 'pipeline { id }', { id: pipeline.id, status: 'INACTIVE' });
    const fields = `totalPixels totalActivePixels totalInactivePixels totalPipelines totalActivePipeline
      tenantUsageByTraffic { totalEventsReceived totalPixelsWithTraffic publishError durationInHours lastUpdatedAt }`;
    const document = `query($tenantId: String!) { tenantUsage(tenantId: $tenantId) { ${fields} }
      tenant(tenantId: $tenantId) { tenantUsage { ${fields} } } }`;
    const { data } = await asked(document, { tenantId: tenant.id });
    const { usage } = (
      await ask(
        `query($id: ID!) { tenant(id: $id) { usage { pixels { total active inactive } pipelines { total active }
          eventsReceived pixelsWithTraffic publishFailed durationInHours lastUpdatedAt } } }`,
        { id: tenant.id },
      )
    ).data.tenant;
    expect(data.tenant.tenantUsage).toEqual(data.tenantUsage);
    expect(data.tenantUsage).toEqual({
      totalPixels: usage.pixels.total,
      totalActivePixels: usage.pixels.active,
      totalInactivePixels: usage.pixels.inactive,
      totalPipelines: usage.pipelines.total,
      totalActivePipeline: usage.pipelines.active,
      tenantUsageByTraffic: {
        totalEventsReceived: usage.eventsReceived,
        totalPixelsWithTraffic: usage.pixelsWithTraffic,
        publishError: usage.publishFailed,
        durationInHours: usage.durationInHours,
        lastUpdatedAt: usage.lastUpdatedAt,
      },
    });
  });
});

const USERS = `query($tenantId: String!) { tenant(tenantId: $tenantId) { users {
  id email status roles { name displayName tenantName } tenants { id } isSelf canBeDeleted defaultTenantId userExpiry } } }`;

/** The users of a tenant, by id. */
async function usersOf(tenant: Result, key?: string): Promise<Map<string, Result>> {
  const { data } = await asked(USERS, { tenantId: uuidOf(tenant) }, key);
  return new Map(data.tenant.users.map((user: Result) => [user.id, user]));
}

describe('a user', () => {
  it('has the roles and the tenants in reach of the caller', async () => {
    const [near, far] = [await newTenant(), await newTenant()];
    const [member, guest] = [await newTeamMember(), await newTenantUser(far.id)];
    for (const { id } of [member, guest]) await assign(id, near.id, 'user');
    const gone = await newTenant();
    await assign(guest.id, gone.id, 'view');
    await succeed('deleteTenant', 'tenant { id }', { id: gone.id });
    const inNear = { name: advertiser('user', near), displayName: 'user', tenantName: near.name };
    const all = await usersOf(near);
    expect(all.get(uuidOf(member))?.roles).toEqual([
      { name: 'agency-view', displayName: 'view', tenantName: null },
      inNear,
    ]);
    expect(all.get(uuidOf(guest))?.roles.map(({ name }: Result) => name)).toEqual(
      [advertiser('user', near), advertiser('view', far)].sort((one, other) =>
        one.slice(-36) < other.slice(-36) ? -1 : 1,
      ),
    );
    const tenantsOf = (user?: Result) => user?.tenants.map(({ id }: Result) => id);
    expect(tenantsOf(all.get(uuidOf(guest)))).toEqual([uuidOf(near), uuidOf(far)]);
    expect(all.get(uuidOf(guest))?.defaultTenantId).toBe(uuidOf(far));

    const { secret } = await newKey({ tenants: [near.id] });
    const seen = await usersOf(near, secret);
    for (const { id } of [member, guest]) {
      const user = seen.get(uuidOf({ id }));
      expect(user?.roles).toEqual([inNear]);
      expect(tenantsOf(user)).toEqual([uuidOf(near)]);
      expect(user?.defaultTenantId).toBeNull();
    }
  });

  it('has a status as a number, and no expiry', async () => {
    const tenant = await newTenant();
    const [invited, active, off] = [
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
      await newTenantUser(tenant.id),
    ];
    await enter(active);
    await succeed('updateUser', 'user { id }', { id: off.id, status: 'DEACTIVATED' });
    const users = await usersOf(tenant);
    expect([off, active, invited].map((user) => users.get(uuidOf(user))?.status)).toEqual([0, 1, 2]);
    expect([...users.values()].map(({ userExpiry }) => userExpiry)).toEqual([null, null, null]);
  });

  it('can be deleted, unless it is the only admin of a tenant or the caller may not', async () => {
    const tenant = await newTenant();
    const [admin, other] = [
      await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } }),
      await newTenantUser(tenant.id),
    ];
    const deletable = async (key?: string) => {
      const users = await usersOf(tenant, key);
      return [admin, other].map((user) => users.get(uuidOf(user))?.canBeDeleted);
    };
    expect(await deletable()).toEqual([false, true]);
    expect(await deletable(await without('user:delete')())).toEqual([false, false]);
    await newTenantUser(tenant.id, { roleIdentifier: { name: 'admin' } });
    expect(await deletable()).toEqual([true, true]);
  });

  it('of a customer has no role there that would be one here', async () => {
    const [tenant, customer] = [await newTenant(), await newCustomer()];
    const user = await newCustomerUser(customer.id);
    await assign(user.id, tenant.id, 'view');
    expect((await usersOf(tenant)).get(uuidOf(user))?.roles).toHaveLength(1);
  });
});

describe('the name of a role', () => {
  it('is one by which it is given and taken, whatever the role is called', async () => {
    const tenant = await newTenant();
    const names = ['Ops team', 'a-b-c', unique('With spaces and-dashes'), none, 'Über 100% "quoted"', 'view-only'];
    for (const name of names.map((name) => `${name}`)) {
      await newRole({ name });
    }
    const { data } = await asked(
      'query($tenantId: String!) { tenant(tenantId: $tenantId) { availableRoles { name displayName tenantName } } }',
      { tenantId: uuidOf(tenant) },
    );
    const { availableRoles } = data.tenant;
    expect(availableRoles.map(({ displayName }: Result) => displayName)).toEqual(expect.arrayContaining(names));
    for (const { name, displayName, tenantName } of availableRoles) {
      expect(tenantName).toBe(tenant.name);
      const { user } = await added({ email: email(), roleName: name });
      expect(user.roles, name).toEqual([{ name, displayName, tenantName: tenant.name }]);
    }
  });

  it('of an agency is in the words of the document, and of no other role', async () => {
    const mine = await newRole({ scope: 'ORGANIZATION', name: 'User' });
    const words = { owner: 'owner', admin: 'admin', member: 'user', viewer: 'view' };
    for (const [ours, theirs] of Object.entries(words)) {
      for (const roleName of [`agency-${theirs}`, `AGENCY-${ours}`]) {
        const { user } = await added({ email: email(), roleName });
        expect(user.roles).toEqual([{ name: `agency-${theirs}`, displayName: theirs, tenantName: null }]);
      }
    }
    const member = await newTeamMember({ roleIdentifier: { id: mine.id } });
    const tenant = await newTenant();
    await assign(member.id, tenant.id, 'view');
    const [role] = (await usersOf(tenant)).get(uuidOf(member))?.roles ?? [];
    expect(role).toEqual({ name: `agency-${uuidOf(mine)}`, displayName: 'User', tenantName: null });
    expect((await added({ email: email(), roleName: role.name })).user.roles).toEqual([role]);
  });

  it('may have the tenant as /graphql shows it', async () => {
    const tenant = await newTenant();
    const { user } = await added({ email: email(), roleName: `advertiser-View-${tenant.id}` });
    expect(user.roles[0].name).toBe(advertiser('view', tenant));
  });
});

/** Whether a link lets anybody in, found out without using it: the password is refused only behind it. */
async function isGood(link: string | null, address: string): Promise<boolean> {
  const token = link?.split('#token=')[1] ?? '';
  return (await step('accept-invitation', { token, password: address })).status === 400;
}

describe('addUserWithRole', () => {
  it('makes a user, mails an invitation and answers a link that works, too', async () => {
    const tenant = await newTenant();
    for (const roleName of [advertiser('view', tenant), 'agency-view']) {
      const address = email();
      const { userAlreadyExist, invitationLink, user } = await added({ email: address, roleName });
      expect([userAlreadyExist, user.email, user.status, user.roles[0].name]).toEqual([false, address, 2, roleName]);
      expect(mailbox.filter(({ to }) => to === address)).toHaveLength(1);
      expect(await isGood(invitationLink, address)).toBe(true);
      expect(await isGood(`#token=${mailedToken(address)}`, address)).toBe(true);
    }
  });

  it('gives the role to a user who is there, with a link only to who has not joined', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const [waiting, joined] = [await newTenantUser(one.id), await newTenantUser(one.id)];
    await enter(joined);
    const links = [];
    for (const { email: address } of [waiting, joined]) {
      const { userAlreadyExist, invitationLink, user } = await added({
        email: address,
        roleName: advertiser('manage', other),
      });
      expect([userAlreadyExist, user.roles.length]).toEqual([true, 2]);
      links.push(invitationLink);
    }
    expect(await isGood(links[0], waiting.email)).toBe(true);
    expect(links[1]).toBeNull();
  });
});

describe('changeRoleForUser', () => {
  it('takes one role and gives another at once, or does one of the two', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    const user = await newTenantUser(one.id);
    const userId = user.id;
    const [view, manage, there] = [advertiser('view', one), advertiser('manage', one), advertiser('view', other)];
    expect(await changed({ userId, roleToRevoke: view, roleToAdd: manage })).toEqual([manage]);
    expect(await changed({ userId, roleToAdd: there })).toEqual([manage, there]);
    expect(await changed({ userId: uuidOf(user), roleToRevoke: manage })).toEqual([there]);
    expect(await changed({ userId, roleToRevoke: there, roleToAdd: view })).toEqual([view]);
  });

  it('changes the role of an agency user', async () => {
    const member = await newTeamMember();
    expect(await changed({ userId: member.id, roleToRevoke: 'agency-view', roleToAdd: 'agency-admin' })).toEqual([
      'agency-admin',
    ]);
    expect(await changed({ userId: member.id, roleToAdd: 'agency-user' })).toEqual(['agency-user']);
  });

  it('does neither, if one cannot be', async () => {
    const tenant = await newTenant();
    const user = await newTenantUser(tenant.id);
    const input = { userId: user.id, roleToRevoke: advertiser('view', tenant), roleToAdd: `advertiser-view-${none}` };
    expect((await hub(CHANGE, { input })).status).toBe(404);
    expect((await usersOf(tenant)).get(uuidOf(user))?.roles).toHaveLength(1);
  });
});

describe('sendInvitation', () => {
  it('mails another invitation, and answers a link that works, too', async () => {
    const tenant = await newTenant();
    const [user, member] = [await newTenantUser(tenant.id), await newTeamMember()];
    const before = [mailedToken(user.email), mailedToken(member.email)];
    const inputs = [
      { email: user.email, tenantId: uuidOf(tenant), userType: 'ADVERTISER' },
      { email: member.email, tenantId: null, userType: 'AGENCY' },
    ];
    for (const [index, input] of inputs.entries()) {
      const { data } = await asked(INVITE, { input });
      expect(await isGood(data.userMutations.sendInvitation, input.email)).toBe(true);
      expect(await isGood(`#token=${mailedToken(input.email)}`, input.email)).toBe(true);
      expect(await isGood(`#token=${before[index]}`, input.email)).toBe(false);
    }
  });
});

describe('a list', () => {
  const fill = (tenant: Result, from: number, to: number) =>
    env.DB.batch([
      env.DB.prepare(
        `INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at)
         SELECT ?1 || value, 'TENANT', ?1 || value || '@x.example', ?1 || value || '@x.example', '', 'ACTIVE', 1, 1
         FROM (WITH RECURSIVE n (value) AS (SELECT ?2 UNION ALL SELECT value + 1 FROM n WHERE value < ?3) SELECT value FROM n)`,
      ).bind(`${uuidOf(tenant)}-`, from, to),
      env.DB.prepare(
        `INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status, user_name_key, user_email_key, user_updated_at)
         SELECT ?1, id, '00000000-0000-7000-8000-000000000304', 1, deleted, status, name_key, email_key, updated_at
         FROM user WHERE id >= ?1 || '-' AND id < ?1 || '.' AND id NOT IN (SELECT user_id FROM assignment WHERE tenant_id = ?1)`,
      ).bind(uuidOf(tenant)),
    ]);
  const LIST =
    'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { id roles { name } tenants { name } } } }';

  it('has everything, beyond what a page of /graphql has', async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1250);
    const { data, calls } = await asked(LIST, { tenantId: uuidOf(tenant) });
    expect(data.tenant.users).toHaveLength(250);
    expect(new Set(data.tenant.users.map(({ id }: Result) => id))).toHaveLength(250);
    // The tenant, three pages of users, their assignments, roles and tenants.
    expect(calls).toBe(6);
  });

  it(`has ${MAX_LISTED} records at most, and is refused rather than cut off`, async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1000 + MAX_LISTED);
    const document = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { id } } }';
    const variables = { tenantId: uuidOf(tenant) };
    expect((await asked(document, variables)).data.tenant.users).toHaveLength(MAX_LISTED);
    await fill(tenant, 1001 + MAX_LISTED, 1001 + MAX_LISTED);
    const { status, data, errors } = await hub(document, variables);
    expect([status, data, errors[0].extensions.code]).toEqual([400, null, 'BAD_USER_INPUT']);
    expect(errors[0].message).toContain('/graphql');
  });

  it(`has ${MAX_LISTED_IN_ALL} records at most together with the others`, async () => {
    const tenant = await newTenant();
    await fill(tenant, 1001, 1000 + MAX_LISTED);
    const document =
      'query($tenantId: String!) { tenant(tenantId: $tenantId) { users { tenants { availableRoles { name } } } } }';
    const ask = () => hub(document, { tenantId: uuidOf(tenant) });
    expect((await ask()).status).toBe(200);
    const some = [...Array(MAX_LISTED_IN_ALL / MAX_LISTED).keys()].map((index) => `of many ${index}`);
    await env.DB.prepare(
      `INSERT INTO role (id, scope, name, name_key, level, built_in)
       SELECT value, 'TENANT', value, value, 1, 0 FROM json_each(?)`,
    )
      .bind(JSON.stringify(some))
      .run();
    const { status, errors } = await ask();
    await env.DB.prepare("DELETE FROM role WHERE id LIKE 'of many %'").run();
    expect([status, errors[0].extensions.code]).toEqual([400, 'BAD_USER_INPUT']);
  });

  it('is read once for all of its parents', async () => {
    const [one, other] = [await newTenant(), await newTenant()];
    for (let count = 0; count < 3; count += 1) await assign((await newTenantUser(one.id)).id, other.id, 'view');
    const { calls } = await asked(tenantFull, { tenantId: uuidOf(one) });
    expect(calls).toBeLessThanOrEqual(4);
  });
});

describe('the README', () => {
  const section = readme.slice(readme.indexOf('### Conversions API Gateway hub')).split('\n## ')[0] ?? '';
  const row = (heading: string) =>
    section.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const wordsOf = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');

  it('has every operation with its permissions, and no other', () => {
    const needs = ['queries', '`tenantMutations`', '`userMutations`'].flatMap((heading) =>
      [...row(heading).matchAll(/`(\w+)` needs ([^;|]*?)(?=;| \||, and hides)/g)].map(([, name = '', list = '']) => [
        heading === 'queries' ? name : `${wordsOf(heading)[0]}.${name}`,
        wordsOf(list),
      ]),
    );
    expect(needs.map(([name]) => name).sort()).toEqual(operationsOf(schema).sort());
    const held = ['tenant:read', 'customer:read', 'user:read', 'usage:read'];
    for (const [name, list] of needs) {
      const { permissions = [] } = capig.operations.find((operation) => operation.name === name) ?? {};
      const own = permissions.filter((permission) => !held.includes(permission) && permission !== 'role:read');
      if (own.length > 0) expect(list, String(name)).toEqual(own);
      else expect(permissions, String(name)).toEqual(expect.arrayContaining([...(list ?? [])]));
    }
  });

  it('has what every field below a tenant needs', async () => {
    const fields: Record<string, string> = {
      users: 'users { id }',
      'User.roles': 'users { roles { displayName } }',
      'User.tenants': 'users { tenants { id } }',
      availableRoles: 'availableRoles { name }',
      tenants: 'users { tenants { id } }',
      tenantName: 'users { roles { tenantName } }',
      defaultTenantId: 'users { defaultTenantId }',
      tenantUsage: 'tenantUsage { totalPixels }',
    };
    const tenant = await newTenant();
    await newTenantUser(tenant.id);
    const clauses = row('below a tenant').split(' | ')[1]?.split('; ') ?? [];
    const said = clauses.flatMap((clause) => {
      const words = wordsOf(clause);
      return words.slice(0, -1).map((field) => [field, words.at(-1) ?? ''] as const);
    });
    expect(new Set(said.map(([field]) => field))).toEqual(new Set(Object.keys(fields)));
    for (const [field, permission] of said) {
      const { secret } = await newKey({ permissions: allBut(permission as Permission) });
      const document = `query($tenantId: String!) { tenant(tenantId: $tenantId) { ${fields[field]} } }`;
      const { status, text } = await hub(document, { tenantId: uuidOf(tenant) }, secret);
      expect(status, `${field} without ${permission}`).toBe(401);
      expect(text).toContain(permission);
    }
  });

  it('has fields by the names that /graphql has', () => {
    const pairs = [...row('fields').matchAll(/`(\w+)`(?: is)? `(\w+)`/g)].map(([, here = '', there = '']) => [
      here,
      there,
    ]);
    expect(pairs).toHaveLength(6);
    const fieldsOf = (of: GraphQLSchema, ...types: string[]) =>
      types.flatMap((name) => {
        const type = of.getType(name);
        return isObjectType(type) ? Object.keys(type.getFields()) : [];
      });
    for (const [here, there] of pairs) {
      expect(fieldsOf(schema, 'Tenant', 'User')).toContain(here);
      expect(fieldsOf(own, 'Tenant', 'User')).toContain(there);
    }
  });

  it('has the limits that the code has, and every code that was seen above', () => {
    const number = (value: number) => value.toLocaleString('en');
    expect(row('lists')).toContain(`${number(MAX_LISTED)} records each and ${number(MAX_LISTED_IN_ALL)} in one answer`);
    expect(row('credential')).toContain(`good for ${CLIENT_TOKEN_SECONDS / 3600} hours`);
    expect(row('fields')).toContain(`the last ${DEFAULT_WINDOW_HOURS} hours`);
    for (const [, , , status, code] of CONDITIONS) {
      expect(row('errors')).toContain(String(status));
      if (!code.startsWith('GRAPHQL')) expect(row('errors')).toContain(`\`${code}\``);
    }
    for (const [number, name] of ['ACTIVE', 'PENDING', 'DEACTIVATED'].entries())
      expect(row('numbers').split('`User.status`')[0]).toContain(`\`${number}\` ${name}`);
    for (const [number, name] of ['DEACTIVATED', 'ACTIVE', 'INVITED'].entries())
      expect(row('numbers').split('`User.status`')[1]).toContain(`\`${number}\` ${name}`);
    expect(wordsOf(row('always null'))).toEqual(['userExpiry']);
  });

  it('shows requests that work', async () => {
    const [tenant, key] = [await newTenant(), await newKey()];
    const user = await newTenantUser(tenant.id);
    const values: Record<string, string> = { API_KEY_ID: key.id, API_KEY: key.secret, TENANT_ID: uuidOf(tenant) };
    const filled = section.replaceAll('\\\n', '').replaceAll(/\$([A-Z_]+)/g, (name, known) => values[known] ?? name);
    const form = new FormData();
    for (const [, name = '', value = ''] of filled.matchAll(/-F "?(\w+)=([^"\s]+)"?/g)) form.set(name, value);
    const { token } = JSON.parse((await askToken(form)).text);
    const [, body = ''] = /-d '(.*)'$/m.exec(filled) ?? [];
    const { query, variables } = JSON.parse(body.replaceAll("'", ''));
    expect((await asked(query, variables, token)).data.tenant).toEqual({
      name: tenant.name,
      users: [{ email: user.email, roles: [{ name: advertiser('view', tenant) }] }],
    });
  });
});
