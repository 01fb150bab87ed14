import { expect } from 'vitest';
import { globalId, type Result } from '../../shared/fixtures.ts';
import { ask, ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';

/** Asks `/api`, as a client of its document does. */
export const api = (query: string, variables: Variables = {}, key: string = ROOT_KEY) =>
  send(posted('/api', query, variables, key));

export const byGraphQL = async (id: string): Promise<Result> => {
  const { data } = await ask('query($id: ID!) { customer(id: $id) { kind name description externalId labels } }', {
    id,
  });
  return data.customer;
};

/** Built-in roles, which everybody who may give any can name. */
export const TEAM_VIEWER = globalId('Role', '00000000-0000-7000-8000-000000000104');
export const CUSTOMER_ADMIN = globalId('Role', '00000000-0000-7000-8000-000000000201');
export const CUSTOMER_MEMBER = globalId('Role', '00000000-0000-7000-8000-000000000202');
export const nobody = (type: string) => globalId(type, '01900000-0000-7000-8000-00000000dead');

/** The errors in the answer of a mutation, which has a record exactly if there are none. */
export const errorsOf = async (name: string, input: Variables, key?: string) => {
  const type = `${name.charAt(0).toUpperCase()}${name.slice(1)}Input`;
  const record = name.endsWith('Customer') ? 'customer' : 'user';
  const { status, data, errors, text } = await api(
    `mutation($input: ${type}!) { ${name}(input: $input) { ${record} { id } errors { field messages } } }`,
    { input },
    key,
  );
  expect([status, errors], text).toEqual([200, []]);
  const answered = data[name];
  expect(answered[record] === null, text).toBe(answered.errors.length > 0);
  return answered.errors;
};

/** The statuses of a failed request, beside 200 and, through our own fault, 500. */
export const STATUSES = [400, 401, 404, 405, 413, 415, 429, 503] as const;
