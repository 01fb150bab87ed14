import { expect, it } from 'vitest';
import page from '../../../docs/api-keys.md?raw';
import { MAX_SECRETS } from '../../../src/directory/api-keys/secret-commands.ts';
import { schema } from '../../../src/graphql/schema.ts';
import { newKey } from '../../shared/fixtures.ts';
import { ask, type Variables } from '../../shared/gateway.ts';

const DAY = 24 * 60 * 60 * 1000;
const inDays = (days: number) => new Date(Date.now() + days * DAY).toISOString();

it('the page of API keys shows the life of one by requests that work, in this order', async () => {
  const documents = [...page.matchAll(/```graphql\n(.*?)```/gs)].map(([, document]) => document ?? '');
  const variables: Variables = { ninetyDaysAgo: inDays(-90), now: inDays(0), inAMonth: inDays(30) };
  const ending = await newKey({ expiresAt: inDays(7) });
  const answers = [];
  for (const document of documents) {
    const answer = await ask(document, variables);
    expect(answer.errors, answer.text).toEqual([]);
    answers.push(answer.data);
    variables.id ??= answer.data.createApiKey?.apiKey.id;
  }
  const [made, changed, rotated, idle, soon, ended] = answers;
  const { secret, apiKey } = made.createApiKey;
  expect(apiKey).toMatchObject({ hint: expect.stringMatching(/^tenantry_.{4}….{4}$/), createdBy: { type: 'ROOT' } });
  expect(changed.updateApiKey.apiKey).toEqual({
    name: 'Warehouse sync',
    permissions: ['customer:read', 'tenant:read'],
    expiresAt: '2099-12-31T00:00:00.000Z',
  });
  expect(rotated.rotateApiKey.apiKey.secrets).toHaveLength(2);
  expect(rotated.rotateApiKey.secret).not.toBe(secret);
  expect(idle.apiKeys.nodes).toEqual([]);
  expect(soon.apiKeys.nodes.map(({ id }: { id: string }) => id)).toEqual([ending.id]);
  expect(ended.revokeApiKey.apiKey).toEqual({ revokedAt: expect.any(String), hint: null });
});

it('the page of API keys has every filter and every order, and how many secrets there may be', () => {
  const valuesOf = (name: string) => {
    const type = schema.getType(name);
    if (!type) throw new Error(`There is no ${name}`);
    if ('getFields' in type) return Object.keys(type.getFields());
    return 'getValues' in type ? type.getValues().map((value) => value.name) : [];
  };
  const rows = [...page.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
  expect(rows.sort()).toEqual(valuesOf('ApiKeyFilter').sort());
  for (const order of valuesOf('ApiKeyOrderField')) expect(page).toContain(`\`${order}\``);
  expect(page).toContain(`during a rotation up to ${MAX_SECRETS}.`);
});
