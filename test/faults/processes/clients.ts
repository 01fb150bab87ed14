import { z } from 'zod';
import type { Gateway } from '../../../src/cli/shared/gateway.ts';
import type { Dice } from '../../shared/dice.ts';
import { answersOf, type Change, Chooser, type Own, type Result, resultShape } from './changes.ts';

const ANSWERING_MILLISECONDS = 60_000;

const answerShape = z.object({ data: z.object({ result: resultShape }), errors: z.never().optional() });

/** Sends a change under its key. Answers undefined if nobody can tell from the answer whether it was made. */
async function send({ url, key }: Gateway, { idempotencyKey, query, input }: Change): Promise<Result | undefined> {
  const answer = await fetch(`${url}/graphql`, {
    method: 'POST',
    headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json', 'idempotency-key': idempotencyKey },
    body: JSON.stringify({ query, variables: { input } }),
    signal: AbortSignal.timeout(ANSWERING_MILLISECONDS),
  })
    .then(async (response) => ({ status: response.status, text: await response.text() }))
    .catch(() => undefined);
  // A proxy of wrangler's may live a little longer than what it asks, and answers in its place.
  if (answer === undefined || answer.status >= 500) return undefined;
  const parsed = answerShape.safeParse(JSON.parse(answer.text));
  if (!parsed.success) throw new Error(`A change was answered with ${answer.status} ${answer.text}`);
  return parsed.data.data.result;
}

/** A change with what the gateway answered at last. */
export interface Acknowledged {
  change: Change;
  result: Result;
}

/** One that sends a change, waits for the result, and only then sends the next. */
export class Client {
  /** The records that it alone changes, by their ids, as it was told. */
  readonly own = new Map<string, Own>();
  /** Every change of which it knows the result, in their order. */
  readonly acknowledged: Acknowledged[] = [];
  /** What it has sent a second time. */
  readonly repeated = new Set<Change>();
  /** First answers that are not what the change must come to. */
  readonly wrongAnswers: string[] = [];
  /** The same of repetitions. */
  readonly wrongRepetitions: string[] = [];
  /** The change that had no answer when the gateway was killed. */
  unanswered: Change | undefined;
  readonly #chooser: Chooser;

  constructor(dice: Dice, name: string) {
    this.#chooser = new Chooser(dice, name);
  }

  /** Sends one change after the other, until one is not answered. */
  async sendUntilKilled(gateway: Gateway, onAnswer: () => void): Promise<void> {
    while (this.unanswered === undefined) {
      const change = this.#chooser.next([...this.own.values()]);
      const result = await send(gateway, change);
      if (result === undefined) {
        this.unanswered = change;
      } else {
        this.wrongAnswers.push(...this.#settle(change, result));
        onAnswer();
      }
    }
  }

  /**
   * Repeats under their keys the last change that was answered, as who lost its memory does, and then the one that was not.
   * The gateway is there again.
   */
  async repeat(gateway: Gateway): Promise<void> {
    const last = this.acknowledged.at(-1);
    if (last) {
      const again = await this.#sendAgain(gateway, last.change);
      const [before, now] = [last.result, again].map((result) => JSON.stringify(result && answersOf(result)));
      if (before !== now) this.wrongRepetitions.push(`${before} became ${now}: ${JSON.stringify(last.change.input)}`);
    }
    const change = this.unanswered;
    if (change === undefined) return;
    const result = await this.#sendAgain(gateway, change);
    this.wrongRepetitions.push(
      ...(result ? this.#settle(change, result) : [`no answer: ${JSON.stringify(change.input)}`]),
    );
    this.unanswered = undefined;
  }

  #sendAgain(gateway: Gateway, change: Change): Promise<Result | undefined> {
    this.repeated.add(change);
    return send(gateway, change);
  }

  /** Notes what a change has come to, and says what is wrong about it. */
  #settle(change: Change, result: Result): string[] {
    const answers = answersOf(result);
    const wrong: string[] = [];
    change.writes.forEach(({ before, ...write }, index) => {
      const { id, outcome } = answers[index] ?? { id: null, outcome: undefined };
      const version = (before?.version ?? 0) + 1;
      if (before) this.own.delete(before.id);
      if (id === null) {
        wrong.push('no record');
        return;
      }
      if (change.isContended) return;
      this.own.set(id, { ...write, id, version });
      if (before && id !== before.id) wrong.push(`not ${before.id}, but ${id}`);
      if (outcome !== undefined && outcome !== (before ? 'UPDATED' : 'CREATED')) wrong.push(`outcome ${outcome}`);
      const { record } = result;
      if (record && record.name !== write.name) wrong.push(`name ${record.name}`);
      if (record && record.version !== version) wrong.push(`version ${record.version}, not ${version}`);
    });
    if (wrong.length === 0) this.acknowledged.push({ change, result });
    return wrong.map((what) => `${what}: ${JSON.stringify(change.input)} was answered ${JSON.stringify(result)}`);
  }
}
