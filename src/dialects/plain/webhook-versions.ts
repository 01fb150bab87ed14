import {
  BY_CREATION,
  encodeCursor,
  type PageArguments,
  parsePageArguments,
  toPage,
} from '../../directory/lists/page-arguments.ts';
import { ShownConnection } from '../../graphql/shared/connection.ts';
import { COVERED, PAGE_OF_VALUES, price } from '../../graphql/shared/prices.ts';
import { builder } from './builder.ts';
import { PLAIN_EVENT_TYPES, type PlainEventType, SUBSCRIPTIONS, VERSIONS } from './subscriptions.ts';

type Version = (typeof VERSIONS)[number];

const WebhookVersion = builder.objectRef<{ version: Version }>('WebhookVersion').implement({
  description: 'A version of what deliveries look like.',
  fields: (t) => ({
    version: t.exposeString('version', { description: 'The date of the version.' }),
    isDeprecated: t.boolean({ description: 'Always false: there is but one version.', resolve: () => false }),
    isLatest: t.boolean({
      description: 'Whether new targets get it that name none.',
      resolve: ({ version }) => version === VERSIONS[0],
    }),
  }),
});

const WebhookVersionConnection = builder.connectionObject(
  {
    type: WebhookVersion,
    name: 'WebhookVersionConnection',
    description: 'One page of versions.',
    ...price(PAGE_OF_VALUES),
  },
  { name: 'WebhookVersionEdge', description: 'A version at its place in a list.' },
);

const LIST = 'webhookVersions';

/** Returns a page of the versions, which stand in no table. */
function pageOfVersions(args: PageArguments) {
  const request = parsePageArguments(args, BY_CREATION, LIST);
  const versions: { version: Version }[] = VERSIONS.map((version) => ({ version }));
  const inDirection = request.backward ? versions.reverse() : versions;
  const begin = request.from === null ? 0 : inDirection.findIndex(({ version }) => version === request.from?.id) + 1;
  return new ShownConnection(
    () => toPage(request, inDirection.slice(begin)),
    () => versions.length,
    ({ version }) => encodeCursor(request, null, version),
  );
}

const SubscriptionEventType = builder.objectRef<PlainEventType>('SubscriptionEventType').implement({
  description: 'Something that a webhook target can hear of.',
  fields: (t) => ({
    eventType: t.string({ description: 'Such as `customer.customer_created`.', resolve: (type) => type }),
    description: t.string({ description: 'What happened.', resolve: (type) => SUBSCRIPTIONS[type].description }),
  }),
});

builder.queryFields((t) => ({
  webhookVersions: t.connection(
    {
      type: WebhookVersion,
      description: 'The versions that a webhook target can have, the latest first.',
      resolve: (_, page) => pageOfVersions(page),
    },
    WebhookVersionConnection,
  ),
  subscriptionEventTypes: t.field({
    type: [SubscriptionEventType],
    ...price(COVERED),
    description: 'All that a webhook target can hear of.',
    resolve: () => PLAIN_EVENT_TYPES,
  }),
}));
