import type { Actor } from '../../directory/access/actor.ts';
import { deliverable } from '../../directory/kernel/email-address.ts';
import { creationTime } from '../../directory/kernel/ids.ts';
import type { CustomerAuthors } from '../../directory/webhooks/customer-authors.ts';
import { spelledUuid, toPlainId } from './ids.ts';
import { plainEventType } from './subscriptions.ts';

/** What a customer looked like, as the feed keeps it. */
type Snapshot = Record<string, unknown>;

/** An event about a customer, as the feed shows it, with ids as tables have them. */
export interface HeardEvent {
  eventId: number;
  type: string;
  customerId: string;
  actor: Actor;
  at: Date;
  before: Snapshot | null;
  after: Snapshot | null;
}

/** Who, as deliveries say it. */
function authorOf(actor: Actor | null): Record<string, string> {
  if (actor === null) return { actorType: 'UNKNOWN' };
  if (actor.type === 'USER') return { actorType: 'user', userId: toPlainId('User', actor.id) };
  if (actor.type === 'API_KEY') return { actorType: 'machineUser', machineUserId: toPlainId('ApiKey', actor.id) };
  return { actorType: 'system', system: actor.type.toLowerCase() };
}

const LABEL = '[a-zA-Z0-9-]+';
/** The domains that the schema of deliveries has: of ASCII, and with letters at their end. */
const FITTING_DOMAIN = new RegExp(`^${LABEL}(\\.${LABEL})*\\.[a-zA-Z]{2,}$`);

const fits = (address: string): boolean => FITTING_DOMAIN.test(address.slice(address.lastIndexOf('@') + 1));

/**
 * Returns the e-mail address of a customer as the schema of deliveries lets it pass: with its domain in ASCII, if it is not.
 * Where there is none, something stands for it that nobody can send to.
 */
export function fittingAddress(address: string | null, customerId: string): string {
  const fitting = address === null ? undefined : [address, deliverable(address)].find(fits);
  if (fitting !== undefined) return fitting;
  return `${toPlainId('Customer', customerId).toLowerCase()}@without-address.invalid`;
}

interface Authored {
  createdBy: Actor | null;
  updatedBy: Actor | null;
  updatedAt: Date;
}

const textOr = <Other>(value: unknown, other: Other): string | Other => (typeof value === 'string' ? value : other);

function shownCustomer(customerId: string, snapshot: Snapshot, { createdBy, updatedBy, updatedAt }: Authored) {
  const email = (snapshot.email ?? null) as { address: string; isVerified: boolean } | null;
  return {
    id: toPlainId('Customer', customerId),
    email: {
      email: fittingAddress(email?.address ?? null, customerId),
      isVerified: email?.isVerified ?? false,
      verifiedAt: null,
    },
    externalId: textOr(snapshot.externalId, null),
    fullName: textOr(snapshot.name, ''),
    shortName: textOr(snapshot.shortName, null),
    markedAsSpamAt: null,
    markedAsSpamBy: null,
    customerGroupMemberships: [],
    createdAt: creationTime(customerId).toISOString(),
    createdBy: authorOf(createdBy),
    updatedAt: updatedAt.toISOString(),
    updatedBy: authorOf(updatedBy),
  };
}

/** Of a customer who was erased, all that is told is which one it was. */
const NOTHING: Snapshot = {};

/** Returns what a delivery says of an event; null if that is erased, or nothing that Plain has a word for. */
export function payloadOf(event: HeardEvent, authors: CustomerAuthors) {
  const { type, customerId, actor, at, before, after } = event;
  const eventType = plainEventType(type);
  const { createdBy } = authors;
  const createdAt = creationTime(customerId);
  const now = { createdBy, updatedBy: actor, updatedAt: type === 'customer.created' ? createdAt : at };
  const earlier = {
    createdBy,
    updatedBy: authors.before?.by ?? createdBy,
    updatedAt: authors.before?.at ?? createdAt,
  };
  const previously = type === 'customer.erased' ? NOTHING : before;
  const customer = after && shownCustomer(customerId, after, now);
  const previousCustomer = previously && shownCustomer(customerId, previously, earlier);
  if (eventType === 'customer.customer_created') return customer && { eventType, customer };
  if (eventType === 'customer.customer_updated')
    return customer && previousCustomer && { eventType, customer, previousCustomer };
  if (eventType === 'customer.customer_deleted') return previousCustomer && { eventType, previousCustomer };
  return null;
}

/** The id of an event as deliveries have it: the same at every try, and in the order of the times. */
export function plainEventId({ eventId, at }: Pick<HeardEvent, 'eventId' | 'at'>): string {
  const time = at.getTime().toString(16).padStart(12, '0');
  return toPlainId('Event', spelledUuid(`${time}${eventId.toString(16).padStart(20, '0')}`));
}
