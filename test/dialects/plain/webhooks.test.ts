import { describe, expect, it } from 'vitest';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import { globalId, mutate, newKey, newTenant, type Result, rawId, succeed } from '../../shared/fixtures.ts';
import { ask } from '../../shared/gateway.ts';
import { call, change, read } from './asked.ts';
import { ERROR } from './table.ts';
import { details, newTarget, secretOf, subscriptions, TARGET, TYPES, useReceivers, uuidOf } from './targets.ts';

useReceivers();

describe('a webhook target', () => {
  it('is created, shown, changed by what is given, and deleted', async () => {
    const given = details();
    const target = await newTarget(given);
    expect(target).toMatchObject({ ...given, version: '2026-02-27', createdBy: { __typename: 'SystemActor' } });
    expect(target.id).toMatch(/^whTarget_[0-9A-HJKMNP-TV-Z]{26}$/);
    const one = `query($id: ID!) { webhookTarget(webhookTargetId: $id) { ${TARGET} } }`;
    expect((await read(one, { id: target.id })).webhookTarget).toEqual(target);
    expect((await read(one, { id: uuidOf(target) })).webhookTarget).toEqual(target);
    const list = await read(`{ webhookTargets(last: 5) { edges { node { ${TARGET} } } } }`);
    expect(list.webhookTargets.edges).toEqual([{ node: target }]);
    const changed = await change('updateWebhookTarget', `webhookTarget { ${TARGET} }`, {
      webhookTargetId: target.id,
      description: { value: '' },
      isEnabled: { value: false },
      eventSubscriptions: subscriptions([TYPES[1] as string]),
    });
    expect(changed).toEqual({
      error: null,
      webhookTarget: {
        ...target,
        description: '',
        isEnabled: false,
        eventSubscriptions: subscriptions([TYPES[1] as string]),
        updatedAt: expect.anything(),
      },
    });
    await change('deleteWebhookTarget', '', { webhookTargetId: target.id });
    expect((await read(one, { id: target.id })).webhookTarget).toBeNull();
  });

  const bad: [what: string, input: object, field: string, type: string][] = [
    ['http', { url: 'http://receiver.example' }, 'url', 'VALIDATION'],
    ['no URL', { url: 'receiver.example' }, 'url', 'VALIDATION'],
    ['an empty URL', { url: '' }, 'url', 'VALIDATION'],
    ['a private address', { url: 'https://10.0.0.1/' }, 'url', 'VALIDATION'],
    ['an address in hexadecimal', { url: 'https://0x7f.1/' }, 'url', 'VALIDATION'],
    ['localhost', { url: 'https://localhost/' }, 'url', 'VALIDATION'],
    ['a loopback of IPv6', { url: 'https://[::1]/' }, 'url', 'VALIDATION'],
    ['a user in the URL', { url: 'https://me:secret@receiver.example/' }, 'url', 'VALIDATION'],
    ['a long description', { description: 'x'.repeat(4097) }, 'description', 'VALIDATION'],
    [
      'a type that is not here',
      { eventSubscriptions: subscriptions([TYPES[0] as string, 'thread.thread_created']) },
      'eventSubscriptions.1.eventType',
      'VALIDATION',
    ],
    [
      'a type of /graphql',
      { eventSubscriptions: subscriptions(['customer.created']) },
      'eventSubscriptions.0.eventType',
      'VALIDATION',
    ],
    ['another version', { version: '2024-09-18' }, 'version', 'VALIDATION'],
  ];

  it.each(bad)(
    'is refused for %s, when it is created and when it is changed, and nothing is changed',
    async (_, input, field, type) => {
      const created = await change('createWebhookTarget', 'webhookTarget { id }', { ...details(), ...input });
      const refused = { type: 'VALIDATION', code: 'input_validation', fields: [{ field, type }] };
      expect(created).toMatchObject({ webhookTarget: null, error: refused });
      const target = await newTarget();
      const wrapped = Object.entries(input).map(([name, value]) => [name, Array.isArray(value) ? value : { value }]);
      const changed = await change('updateWebhookTarget', 'webhookTarget { id }', {
        webhookTargetId: target.id,
        ...Object.fromEntries(wrapped),
      });
      const place = Array.isArray(Object.values(input)[0]) ? field : `${field}.value`;
      expect(changed).toMatchObject({ webhookTarget: null, error: { ...refused, fields: [{ field: place, type }] } });
      const one = `query($id: ID!) { webhookTarget(webhookTargetId: $id) { ${TARGET} } }`;
      expect((await read(one, { id: target.id })).webhookTarget).toEqual(target);
    },
  );

  it('hears of something: none is created without a type', async () => {
    const { error } = await change('createWebhookTarget', '', { ...details(), eventSubscriptions: [] });
    expect(error).toMatchObject({ code: 'input_validation', fields: [{ field: 'eventSubscriptions' }] });
  });

  it('is one of 25 at most', async () => {
    for (let count = 0; count < 25; count += 1) await newTarget();
    const { webhookTarget, error } = await change('createWebhookTarget', 'webhookTarget { id }', details());
    expect(webhookTarget).toBeNull();
    expect(error).toMatchObject({
      type: 'VALIDATION',
      code: 'input_validation',
      message: expect.stringContaining('25'),
    });
    const { webhook } = await succeed('createWebhook', 'webhook { id }', { url: details().url, reach: 'ORGANIZATION' });
    await succeed('deleteWebhook', 'webhook { id }', { id: webhook.id });
  });

  it('is for those who reach the whole organization: all else is told what a missing permission is', async () => {
    const target = await newTarget();
    const { secret } = await newKey({ tenants: [(await newTenant()).id] });
    for (const query of [
      '{ webhookTargets { edges { node { id } } } }',
      `{ webhookTarget(webhookTargetId: "${target.id}") { id } }`,
      '{ workspaceHmac { hmacSecret } }',
    ]) {
      const { status, errors } = await call(query, {}, secret);
      expect([status, errors[0].extensions.code], query).toEqual([403, 'FORBIDDEN']);
    }
    const forbidden = { type: 'FORBIDDEN', code: 'forbidden' };
    for (const [name, input] of [
      ['createWebhookTarget', details()],
      ['updateWebhookTarget', { webhookTargetId: target.id, isEnabled: { value: false } }],
      ['deleteWebhookTarget', { webhookTargetId: target.id }],
    ] as const) {
      expect((await change(name, '', input, secret)).error, name).toMatchObject(forbidden);
    }
    const { data } = await call(
      `mutation { regenerateWorkspaceHmac { workspaceHmac { hmacSecret } ${ERROR} } }`,
      {},
      secret,
    );
    expect(data.regenerateWorkspaceHmac).toMatchObject({ workspaceHmac: null, error: forbidden });
  });

  it('is neither made nor changed by a key that expires, which is not shown the secret either', async () => {
    const target = await newTarget();
    const { secret } = await newKey({ expiresAt: new Date(Date.now() + 3_600_000).toISOString() });
    const forbidden = { type: 'FORBIDDEN', code: 'forbidden' };
    expect((await change('createWebhookTarget', '', details(), secret)).error).toMatchObject(forbidden);
    const changed = { webhookTargetId: target.id, url: { value: details().url } };
    expect((await change('updateWebhookTarget', '', changed, secret)).error).toMatchObject(forbidden);
    const { data } = await call(`mutation { regenerateWorkspaceHmac { ${ERROR} } }`, {}, secret);
    expect(data.regenerateWorkspaceHmac.error).toMatchObject(forbidden);
    expect((await read('{ workspaceHmac { hmacSecret } }', {}, secret)).workspaceHmac.hmacSecret).toBeNull();
  });

  it('is shown at /graphql with its wire, where it can be deleted, and neither changed nor tested', async () => {
    const target = await newTarget();
    const id = globalId('Webhook', uuidOf(target));
    const { data } = await ask(
      'query($id: ID!) { node(id: $id) { ... on Webhook { wire url } } webhooks(last: 1) { nodes { id wire } } }',
      { id },
    );
    expect(data).toEqual({ node: { wire: 'PLAIN', url: target.url }, webhooks: { nodes: [{ id, wire: 'PLAIN' }] } });
    for (const name of ['updateWebhook', 'rotateWebhookSecret', 'testWebhook']) {
      const refused = await mutate(name, '__typename', { id });
      expect(refused, name).toMatchObject({ code: 'validation_failed', issues: [{ path: 'id' }] });
    }
    await succeed('deleteWebhook', 'webhook { id }', { id });
    expect((await read('{ webhookTargets { edges { node { id } } } }')).webhookTargets.edges).toEqual([]);
  });

  it('is none of the webhooks of /graphql', async () => {
    const { webhook } = await succeed('createWebhook', 'webhook { id wire }', {
      url: details().url,
      reach: 'ORGANIZATION',
    });
    expect(webhook.wire).toBe('STANDARD');
    const webhookTargetId = toPlainId('Webhook', rawId(webhook.id));
    const { webhookTarget } = await read('query($id: ID!) { webhookTarget(webhookTargetId: $id) { id } }', {
      id: webhookTargetId,
    });
    expect(webhookTarget).toBeNull();
    const missing = { code: 'not_found', fields: [{ field: 'webhookTargetId', type: 'NOT_FOUND' }] };
    const changed = await change('updateWebhookTarget', '', { webhookTargetId, isEnabled: { value: false } });
    expect(changed.error).toMatchObject(missing);
    expect((await change('deleteWebhookTarget', '', { webhookTargetId })).error).toMatchObject(missing);
    await succeed('deleteWebhook', 'webhook { id }', { id: webhook.id });
  });
});

describe('the secret of the workspace', () => {
  const HMAC =
    'workspaceHmac { hmacSecret createdAt { iso8601 } updatedAt { iso8601 } createdBy { __typename } updatedBy { __typename } }';

  it('comes with the first target, stays with others, and is another once it is regenerated', async () => {
    await newTarget();
    const first = await secretOf();
    expect(first).toMatch(/^[0-9a-f]{64}$/);
    await newTarget();
    expect(await secretOf()).toBe(first);
    const { data, text } = await call(`mutation { regenerateWorkspaceHmac { ${HMAC} ${ERROR} } }`);
    expect(data.regenerateWorkspaceHmac.error, text).toBeNull();
    const second = data.regenerateWorkspaceHmac.workspaceHmac.hmacSecret;
    expect(second).not.toBe(first);
    expect((await read(`{ ${HMAC} }`)).workspaceHmac).toEqual(data.regenerateWorkspaceHmac.workspaceHmac);
    const events = await ask('{ events(last: 1) { nodes { type before after } } }');
    expect(events.data.events.nodes).toEqual([
      { type: 'organization.webhookSecretRegenerated', before: null, after: null },
    ]);
  });

  it('is shown to who could regenerate it, and null to others', async () => {
    await newTarget();
    const shownTo = async (options: Parameters<typeof newKey>[0]) =>
      (await read('{ workspaceHmac { hmacSecret } }', {}, (await newKey(options)).secret)).workspaceHmac.hmacSecret;
    expect(await shownTo({ permissions: ['webhook:read'] })).toBeNull();
    expect(await shownTo({ access: 'READ' })).toBeNull();
    expect(await shownTo({ permissions: ['webhook:read', 'webhook:edit'] })).toBe(await secretOf());
  });
});

describe('what is the same for every target', () => {
  it('are the types to hear of, and the versions, page by page', async () => {
    const { subscriptionEventTypes } = await read('{ subscriptionEventTypes { eventType description } }');
    expect(subscriptionEventTypes.map(({ eventType }: Result) => eventType)).toEqual(TYPES);
    const version = { version: '2026-02-27', isDeprecated: false, isLatest: true };
    const document = `query($first: Int, $after: String, $last: Int, $before: String) {
      webhookVersions(first: $first, after: $after, last: $last, before: $before) { edges { cursor node { version isDeprecated isLatest } } pageInfo { hasNextPage hasPreviousPage } } }`;
    const { webhookVersions: page } = await read(document);
    expect(page.edges).toEqual([{ cursor: expect.any(String), node: version }]);
    expect(page.pageInfo).toEqual({ hasNextPage: false, hasPreviousPage: false });
    const [{ cursor }] = page.edges;
    expect((await read(document, { after: cursor })).webhookVersions.edges).toEqual([]);
    expect((await read(document, { before: cursor })).webhookVersions.edges).toEqual([]);
    expect((await read(document, { last: 1 })).webhookVersions.edges).toEqual(page.edges);
    expect((await call(document, { first: 101 })).status).toBe(400);
  });
});
