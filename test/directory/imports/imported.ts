import { expect } from 'vitest';
import { unique } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

const ROW = `path outcome id changes errors { __typename code message
  ... on ValidationError { issues { path message kind } } ... on NotFoundError { references { path } }
  ... on AlreadyExistsError { path existing { id } } ... on ForbiddenError { missingPermissions } }`;

export interface Imported {
  path: string;
  outcome: string;
  id: string | null;
  changes: string[];
  // biome-ignore lint/suspicious/noExplicitAny: which errors they are, is what a test is about
  errors: any[];
  /** The first of them. */
  // biome-ignore lint/suspicious/noExplicitAny: which error it is, is what a test is about
  error: any;
}

export type Kind = 'Customers' | 'Tenants' | 'Users';

export const document = (kind: Kind) => `mutation($input: Import${kind}Input!) { import${kind}(input: $input) {
  ... on Import${kind}Payload { rows { ${ROW} } } ... on MutationError { code message } } }`;

const withFirst = (row: Omit<Imported, 'error'>): Imported => ({ ...row, error: row.errors[0] ?? null });

export async function imported(kind: Kind, rows: Variables[], errorPolicy?: string, key?: string, dryRun?: boolean) {
  const answer = await ask(document(kind), { input: { rows, errorPolicy, dryRun } }, key);
  expect(answer.errors, answer.text).toEqual([]);
  const result = answer.data[`import${kind}`];
  expect(result.rows, answer.text).toBeDefined();
  return { rows: (result.rows as Imported[]).map(withFirst), calls: answer.calls, rowsRead: answer.rowsRead };
}

export const outcomes = (rows: readonly Imported[]) => rows.map(({ outcome }) => outcome);
export const email = () => `${unique('mail')}@x.example`;
