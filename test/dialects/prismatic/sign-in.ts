import { expect } from 'vitest';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { type Answer, ask, PUBLIC_URL, send } from '../../shared/gateway.ts';
import { api } from './api.ts';

type Fields = Record<string, unknown>;
export type Overrides = Partial<Environment>;

export const formOf = (fields: Fields) =>
  new URLSearchParams(Object.entries(fields).map(([name, value]): [string, string] => [name, String(value)]));

export const request = (path: string, body: BodyInit, type?: string): Request =>
  new Request(`${PUBLIC_URL}${path}`, { method: 'POST', body, ...(type && { headers: { 'content-type': type } }) });

export const json = (path: string, fields: unknown, overrides?: Overrides) =>
  send(request(path, JSON.stringify(fields), 'application/json'), overrides);

/** How a program asks for a token: the command line with a form, and scripts with JSON. */
export const WAYS: Record<string, (fields: Fields, overrides?: Overrides) => Promise<Answer>> = {
  'POST /oauth/token': (fields, overrides) =>
    send(request('/oauth/token', formOf({ grant_type: 'refresh_token', client_id: 'tenantry', ...fields })), overrides),
  'POST /auth/refresh': (fields, overrides) => json('/auth/refresh', fields, overrides),
};

export async function tokenFor(secret: string): Promise<string> {
  const { status, text } = await json('/auth/refresh', { refresh_token: secret });
  expect(status, text).toBe(200);
  return JSON.parse(text).access_token;
}

export const CUSTOMERS = '{ customers { nodes { id } } }';
export const statusWith = async (token: string) => (await api(CUSTOMERS, {}, token)).status;
export const organizationId = async (): Promise<string> => (await ask('{ organization { id } }')).data.organization.id;

/** An answer that says no, as its clients read it. */
export function expectRefusal(
  { status, text, data, errors }: Answer,
  expected: [status: number, error: string],
): string {
  const { error, error_description: reason, ...rest } = JSON.parse(text);
  expect([status, error], text).toEqual(expected);
  expect([rest, data, errors]).toEqual([{}, null, []]);
  expect(reason).toEqual(expect.any(String));
  return reason;
}
