import { Database } from '../../db/client.ts';
import {
  EVENTS_AT_ONCE,
  readWork,
  type SendingWebhook,
  type Work,
  writeRound,
} from '../../directory/webhooks/sending.ts';
import { toGlobalId } from '../../graphql/shared/ids.ts';
import type { Environment } from '../shared/environment.ts';
import { eventsAgain, eventsBehind, type FeedEvent } from './feed.ts';
import { tellDisabled } from './notices.ts';
import { givenUp, sendSome, trySending } from './trying.ts';
import { wakeWebhooks } from './waking.ts';
import { wireOf } from './wires.ts';

/**
 * After so many rounds a sender is woken anew: on the free plan, one invocation may make 50 requests, and a round makes one for each
 * of its events and a few to D1.
 */
const MAX_ROUNDS = 2;

/**
 * Sends a webhook all that it is to hear by now, a round of events after the other. Returns when it is to be woken for the next
 * try; null if nothing is waiting.
 */
export async function sendRounds(env: Environment, webhookId: string): Promise<Date | null> {
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const db = new Database(env.DB);
    const work = await readWork(db, webhookId, new Date());
    if (work === null) return null;
    const { due, newest, webhook, nextTryAt } = work;
    if (due.length === 0 && newest <= webhook.position) return nextTryAt;
    await sendRound(env, db, work);
  }
  return new Date();
}

/** Of an event that was to be tried again and that the webhook is not shown any more. */
const LOST = 'The event is gone, or out of reach by now.';

async function sendRound(env: Environment, db: Database, work: Work): Promise<void> {
  const { webhook, due, newest, beginning } = work;
  const triesBefore = new Map(due.map(({ eventId, tries }) => [eventId, tries]));
  const again = await eventsAgain(db, webhook, [...triesBefore.keys()]);
  const room = EVENTS_AT_ONCE - due.length;
  const behind = newest > webhook.position ? await eventsBehind(db, from(webhook, beginning), room) : [];
  const own = toGlobalId('Webhook', webhook.id);
  // A test of the webhook is due by itself.
  const isNew = ({ eventId, event }: FeedEvent) =>
    !triesBefore.has(eventId) && !(event.type === 'webhook.tested' && event.subjectId === own);
  const fresh = behind.filter(isNew);
  const all = [...again, ...fresh];
  const wire = await wireOf(db, webhook, all);
  const tried = await sendSome(all, (event) => trySending(webhook, wire, event, triesBefore.get(event.eventId) ?? 0));
  // What there was no time for comes next: it is still due, or behind.
  const firstLeft = fresh[Math.max(0, tried.length - again.length)];
  const shown = new Set(again.map(({ eventId }) => eventId));
  const lost = due
    .filter(({ eventId }) => !shown.has(eventId))
    .map(({ eventId, tries }) => givenUp(eventId, tries, LOST));
  const last = behind.at(-1)?.eventId ?? newest;
  const end = behind.length < room ? Math.max(newest, last) : last;
  const because = await writeRound(
    db,
    work,
    {
      tries: [...tried.map((one) => one.tried), ...lost],
      position: firstLeft ? firstLeft.eventId - 1 : end,
      disabledBecause: tried.some(({ isGone }) => isGone) ? 'GONE' : null,
    },
    new Date(),
  );
  if (because === null) return;
  // Others hear of that, too.
  await wakeWebhooks(env);
  await tellDisabled(env, db, webhook.id, because === 'GONE');
}

/** A webhook that fell behind what is kept goes on from the beginning of that. */
const from = (webhook: SendingWebhook, beginning: number): SendingWebhook => ({
  ...webhook,
  position: Math.max(webhook.position, beginning),
});
