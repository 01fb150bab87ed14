import { expect } from 'vitest';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import type { Environment } from '../../../src/http/shared/environment.ts';
import { newCustomer, type Result, rawId, unique } from '../../shared/fixtures.ts';
import { ROOT_KEY, send, type Variables } from '../../shared/gateway.ts';
import { posted } from '../../walks/dialects/table.ts';
import { mutation, PATH } from './table.ts';

export const tenantId = (tenant: Result) => toPlainId('Tenant', rawId(tenant.id));
export const customerId = (customer: Result) => toPlainId('Customer', rawId(customer.id));

export const call = (query: string, variables: Variables = {}, key = ROOT_KEY, overrides: Partial<Environment> = {}) =>
  send(posted(PATH, query, variables, key), overrides);

/** What a query answers that must be answered. */
export async function read(query: string, variables: Variables = {}, key?: string) {
  const answer = await call(query, variables, key);
  expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
  return answer.data;
}

/** What a mutation answers, error or not. */
export async function change(name: string, payload: string, input: Variables, key?: string) {
  const answer = await call(mutation(name, payload), { input }, key);
  expect([answer.status, answer.errors], answer.text).toEqual([200, []]);
  return answer.data[name];
}

export const email = () => `${unique('jane')}@aol.example`;
export const newPerson = (input: Variables = {}) =>
  newCustomer({ kind: 'PERSON', email: { address: email() }, ...input });
