import { expect } from 'vitest';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { type Result, rawId, TENANT_FIELDS } from '../../shared/fixtures.ts';
import { ask, ROOT_KEY, send } from '../../shared/gateway.ts';

export type Headers = Record<string, string>;
export type Json = Record<string, unknown>;

export const ORIGIN = 'https://tenantry.test';
export const bearer = (token: string): Headers => ({ authorization: `Bearer ${token}` });
export const ROOT = bearer(ROOT_KEY);

export const organizationId = rawId((await ask('{ organization { id } }')).data.organization.id);
/** The document's three headers. */
export const byKey = (secret: string, type = 'write'): Headers => ({
  'X-API-KEY': secret,
  'X-API-KEY-TYPE': type,
  'X-CLIENT-ID': organizationId,
});

/** Sends a request to a path below /v1. */
export async function call(
  method: string,
  path: string,
  headers: Headers,
  body?: BodyInit | Json,
  overrides: Partial<Environment> = {},
) {
  const sent = body === undefined || typeof body === 'string' || body instanceof ReadableStream;
  const request = new Request(`${ORIGIN}/v1${path}`, {
    method,
    headers: { ...(body !== undefined && { 'content-type': 'application/json' }), ...headers },
    ...(body !== undefined && { body: sent ? body : JSON.stringify(body) }),
  });
  const answer = await send(request, overrides);
  const json: Json = answer.headers.get('content-type')?.includes('json') ? JSON.parse(answer.text) : {};
  return { ...answer, json };
}

export const get = (id: string, headers: Headers) => call('GET', `/tenants/${id}`, headers);
export const put = (id: string, headers: Headers, body: Json) => call('PUT', `/tenants/${id}`, headers, body);

export const FAILED = { success: false, error: expect.any(String), message: null, data: null };
export const DONE = { success: true, message: expect.any(String), error: null, data: null };

export async function byGraphQL(id: string): Promise<Result> {
  const { data } = await ask(`query($id: ID!) { tenant(id: $id) { ${TENANT_FIELDS} } }`, { id });
  return data.tenant;
}
