import { expect } from 'vitest';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import {
  allBut,
  newKey,
  newPipeline,
  newPixel,
  newTenant,
  newTenantUser,
  type Result,
  rawId,
  succeed,
  unique,
} from '../../shared/fixtures.ts';
import { type Answer, PUBLIC_URL, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';

/** Asks the hub, as a client of its document does. */
export const hub = (
  query: string,
  variables: Variables = {},
  token: string | null = ROOT_KEY,
  overrides: Partial<Environment> = {},
): Promise<Answer> =>
  send(
    new Request(`${PUBLIC_URL}/hub/graphql/`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(token !== null && { authorization: `Bearer ${token}` }) },
      body: JSON.stringify({ query, variables }),
    }),
    overrides,
  );

type Fields = Record<string, string>;

export const formOf = (fields: Fields): FormData => {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) form.set(name, value);
  return form;
};

export const clientOf = (id: string, secret: string): Fields => ({
  client_id: id,
  client_secret: secret,
  grant_type: 'client_credentials',
});

/** Asks for a token, by either kind of form. */
export const askToken = (body: FormData | URLSearchParams | string, overrides: Partial<Environment> = {}) =>
  send(new Request(`${PUBLIC_URL}/clients/token`, { method: 'POST', body }), overrides);

/** The token of a key, got as the document has it. */
export async function tokenFor(id: string, secret: string): Promise<string> {
  const { text } = await askToken(formOf(clientOf(id, secret)));
  return JSON.parse(text).token;
}

export type Json = Record<string, unknown>;

/** The answer to what must be answered without an error. */
export async function asked(document: string, variables: Variables = {}, key: string = ROOT_KEY): Promise<Answer> {
  const answer = await hub(document, variables, key);
  expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
  return answer;
}

/** A tenant with a user and traffic, so that nothing in an answer is empty. */
export async function livelyTenant(): Promise<Result> {
  const tenant = await newTenant();
  await newTenantUser(tenant.id, { roleIdentifier: { name: 'manage' } });
  const pixel = await newPixel(tenant.id);
  await newPipeline(tenant.id);
  await succeed('recordTraffic', 'entries { outcome }', {
    entries: [{ entryId: unique('e'), pixelId: pixel.id, at: new Date().toISOString(), events: 5, publishErrors: 1 }],
  });
  return tenant;
}

export const CREATE = `mutation($input: CreateTenantInput!) { tenantMutations { createTenant(input: $input) { tenant { id } } } }`;
export const UPDATE = `mutation($input: UpdateTenantInput!) { tenantMutations { updateTenant(input: $input) {
  tenant { id name status canPartnerManage } } } }`;
export const DELETE = 'mutation($tenantId: String!) { tenantMutations { deleteTenant(tenantId: $tenantId) } }';
export const ADD = `mutation($input: AddUserWithRoleInput!) { userMutations { addUserWithRole(input: $input) {
  userAlreadyExist invitationLink user { id email status roles { name displayName tenantName } } } } }`;
export const CHANGE = `mutation($input: ChangeRoleForUserInput!) { userMutations { changeRoleForUser(input: $input) {
  user { id roles { name } } } } }`;
export const INVITE = 'mutation($input: SendInvitationInput!) { userMutations { sendInvitation(input: $input) } }';
export const TENANT = 'query($tenantId: String!) { tenant(tenantId: $tenantId) { id } }';
export const USAGE = 'query($tenantId: String!) { tenantUsage(tenantId: $tenantId) { totalPixels } }';

export const none = '01900000-0000-7000-8000-000000000000';
export const email = () => `${unique('hub')}@x.example`;
export const advertiser = (role: string, tenant: Result) => `advertiser-${role}-${rawId(tenant.id)}`;

/** The secret of a key that lacks one permission. */
export const without = (permission: Permission) => async () =>
  (await newKey({ permissions: allBut(permission) })).secret;

const USERS = `query($tenantId: String!) { tenant(tenantId: $tenantId) { users {
  id email status roles { name displayName tenantName } tenants { id } isSelf canBeDeleted defaultTenantId userExpiry } } }`;

/** The users of a tenant, by id. */
export async function usersOf(tenant: Result, key?: string): Promise<Map<string, Result>> {
  const { data } = await asked(USERS, { tenantId: rawId(tenant.id) }, key);
  return new Map(data.tenant.users.map((user: Result) => [user.id, user]));
}
