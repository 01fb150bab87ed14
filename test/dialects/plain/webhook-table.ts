import { env } from 'cloudflare:workers';
import { toPlainId } from '../../../src/dialects/plain/ids.ts';
import type { Permission } from '../../../src/directory/kernel/permission-names.ts';
import { globalId, mutationDocument, rawId, unique } from '../../shared/fixtures.ts';
import type { Variables } from '../../shared/gateway.ts';
import type { World } from '../../shared/world.ts';
import { type DialectOperation, posted } from '../../walks/dialects/table.ts';
import { AUTHORED, ERROR, mutation, PAGE, PATH, reading } from './ways.ts';

const TARGET = `id url description eventSubscriptions { eventType } version isEnabled ${AUTHORED}`;

/** The id of the webhook target of a world: the UUID of its tenant. */
export const targetIdOf = ({ tenant }: World): string => toPlainId('Webhook', rawId(tenant.id));

/** Puts the webhook target of a world there, and the secret of all. It is not enabled. */
export async function prepareTarget({ tenant }: World): Promise<void> {
  await env.DB.batch([
    env.DB.prepare(
      `INSERT INTO webhook (id, url, event_types, reach, enabled, secret, position, created_at, updated_at, wire, wire_version)
       VALUES (?, 'https://receiver.example/hook', '["customer.created"]', 'ORGANIZATION', 0, '', 0, 1, 1, 'PLAIN', '2026-02-27')`,
    ).bind(rawId(tenant.id)),
    env.DB.prepare(
      `INSERT OR IGNORE INTO workspace_hmac (id, secret, created_at, created_by_type, updated_at, updated_by_type)
       SELECT id, 'secret', 1, 'ROOT', 1, 'ROOT' FROM organization`,
    ),
  ]);
}

const READS: readonly Permission[] = ['webhook:read'];
const EDITS: readonly Permission[] = ['webhook:edit', 'event:read', 'customer:read'];

const details = () => ({
  url: 'https://receiver.example/hook',
  description: unique('Target'),
  isEnabled: false,
  eventSubscriptions: [{ eventType: 'customer.customer_created' }],
});

interface Editing {
  name: string;
  payload?: string;
  input: (world: World) => Variables;
  /** The mutation of /graphql that does the same, or does as much. */
  own: DialectOperation['own'];
}

const editing = ({ name, payload = '', input, own }: Editing): DialectOperation => ({
  name,
  permissions: EDITS,
  writes: true,
  request: (world, key) => posted(PATH, mutation(name, payload), { input: input(world) }, key),
  own,
});

const renamed = () => ({
  query: mutationDocument('updateOrganization', 'organization { id }'),
  variables: { input: { name: unique('Organization') } },
});

/** The operations of webhook targets, as the walks send them. */
export const WEBHOOK_OPERATIONS: readonly DialectOperation[] = [
  reading({
    name: 'webhookTarget',
    permissions: READS,
    query: `query($id: ID!) { webhookTarget(webhookTargetId: $id) { ${TARGET} } }`,
    variables: (world) => ({ id: targetIdOf(world) }),
    own: ({ tenant }) => ({
      query: 'query($id: ID!) { node(id: $id) { ... on Webhook { id url } } }',
      variables: { id: globalId('Webhook', rawId(tenant.id)) },
    }),
  }),
  reading({
    name: 'webhookTargets',
    permissions: READS,
    query: `{ webhookTargets(last: 3) { edges { cursor node { ${TARGET} } } ${PAGE} } }`,
    variables: () => ({}),
    own: () => ({ query: '{ webhooks(last: 3) { nodes { id url } } }', variables: {} }),
  }),
  reading({
    name: 'webhookVersions',
    permissions: [],
    query: `{ webhookVersions(last: 3) { edges { cursor node { version isDeprecated isLatest } } ${PAGE} } }`,
    variables: () => ({}),
    own: () => ({ query: '{ viewer { permissions } }', variables: {} }),
  }),
  reading({
    name: 'subscriptionEventTypes',
    permissions: [],
    query: '{ subscriptionEventTypes { eventType description } }',
    variables: () => ({}),
    own: () => ({ query: '{ viewer { permissions } }', variables: {} }),
  }),
  reading({
    name: 'workspaceHmac',
    permissions: READS,
    query: `{ workspaceHmac { hmacSecret ${AUTHORED} } }`,
    variables: () => ({}),
    own: () => ({ query: '{ organization { id } }', variables: {} }),
  }),
  editing({
    name: 'createWebhookTarget',
    payload: `webhookTarget { ${TARGET} }`,
    input: details,
    own: () => ({
      query: mutationDocument('createWebhook', 'webhook { id url }'),
      variables: { input: { url: 'https://receiver.example/hook', reach: 'ORGANIZATION' } },
    }),
  }),
  editing({
    name: 'updateWebhookTarget',
    payload: `webhookTarget { ${TARGET} }`,
    input: (world) => ({ webhookTargetId: targetIdOf(world), description: { value: unique('Target') } }),
    own: renamed,
  }),
  editing({
    name: 'deleteWebhookTarget',
    input: (world) => ({ webhookTargetId: targetIdOf(world) }),
    own: ({ tenant }) => ({
      query: mutationDocument('deleteWebhook', 'webhook { id }'),
      variables: { input: { id: globalId('Webhook', rawId(tenant.id)) } },
    }),
  }),
  {
    name: 'regenerateWorkspaceHmac',
    permissions: EDITS,
    writes: true,
    request: (_, key) =>
      posted(
        PATH,
        `mutation { regenerateWorkspaceHmac { workspaceHmac { hmacSecret ${AUTHORED} } ${ERROR} } }`,
        {},
        key,
      ),
    own: renamed,
  },
];
