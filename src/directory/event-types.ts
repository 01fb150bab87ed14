/** What can happen, in the past tense. An event is about its subject; a membership's subject is the customer. */
export const EVENT_TYPES = [
  'organization.updated',
  'tenant.created',
  'tenant.updated',
  'tenant.deleted',
  'tenant.restored',
  'customer.created',
  'customer.updated',
  'customer.deleted',
  'customer.restored',
  'membership.created',
  'membership.deleted',
  'apiKey.created',
  'apiKey.rotated',
  'apiKey.revoked',
] as const;

export type EventType = (typeof EVENT_TYPES)[number];
