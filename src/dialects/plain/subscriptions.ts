import type { EventType } from '../../directory/kernel/event-types.ts';

interface Subscription {
  /** What happened, as the feed calls it. A type of the feed is in no other subscription. */
  of: readonly EventType[];
  description: string;
}

/**
 * What a webhook target of Plain can hear of. A customer who is restored is told as a new one, because it was told that it is
 * deleted; one who is erased, as deleted. Memberships are told by none of them: their customers have no tenants in deliveries.
 */
export const SUBSCRIPTIONS = {
  'customer.customer_created': {
    of: ['customer.created', 'customer.restored'],
    description: 'A customer was created, or restored.',
  },
  'customer.customer_updated': { of: ['customer.updated'], description: 'A customer was changed.' },
  'customer.customer_deleted': {
    of: ['customer.deleted', 'customer.erased'],
    description: 'A customer was deleted, or erased.',
  },
} as const satisfies Record<string, Subscription>;

/** What a delivery says that happened. */
export type PlainEventType = keyof typeof SUBSCRIPTIONS;

/** The types that a target can name. */
export const PLAIN_EVENT_TYPES = Object.keys(SUBSCRIPTIONS) as [PlainEventType, ...PlainEventType[]];

const isOf = (type: PlainEventType, eventType: string): boolean =>
  SUBSCRIPTIONS[type].of.some((own: string) => own === eventType);

/** Returns what Plain calls an event of the feed; null if it has no word for it. */
export const plainEventType = (eventType: string): PlainEventType | null =>
  PLAIN_EVENT_TYPES.find((type) => isOf(type, eventType)) ?? null;

/** Returns the types of the feed that these stand for. */
export const eventTypesOf = (types: readonly PlainEventType[]): EventType[] => [
  ...new Set(types.flatMap((type): readonly EventType[] => SUBSCRIPTIONS[type].of)),
];

/** Returns the types that stand for these of the feed. */
export const plainEventTypesOf = (eventTypes: readonly string[]): PlainEventType[] =>
  PLAIN_EVENT_TYPES.filter((type) => eventTypes.some((eventType) => isOf(type, eventType)));

/** The versions of deliveries that a target can ask for, the latest first. */
export const VERSIONS = ['2026-02-27'] as const;
