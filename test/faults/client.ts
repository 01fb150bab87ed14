import { expect } from 'vitest';
import type { Tally } from '../shared/counts.ts';
import type { Dice } from '../shared/dice.ts';
import type { Key } from '../shared/fixtures.ts';
import { type Answer, send } from '../shared/gateway.ts';
import { FAILURES, FAULTS, faultyD1 } from './faulty-d1.ts';
import { eventsBy } from './feed.ts';
import { withKey } from './keys.ts';
import { Model } from './model.ts';

/** What came of a command. */
export interface Outcome {
  /** `DONE`, what an upsert or the rows of an import did, or the type of an error. */
  word: string;
  /** The ids of the records that it made or changed, as far as they are told. */
  ids: readonly string[];
}

/** A change that a client asks for. */
export interface Command {
  name: string;
  /** Whether what came of it shows only in its answer. */
  needsKey?: boolean;
  /** The same at each attempt. */
  request(secret: string): Request;
  /** What the answer says; null if it does not say all of it. */
  outcomeOf(answer: Answer): Outcome | null;
  /** What may come of it, whatever fails. */
  expected: readonly string[];
  /** Does the same to the model. */
  apply(outcome: Outcome): void;
}

/** How often a command meets with faults; after that, the database is well again. */
const FAULTY_ATTEMPTS = 4;
const FAULT_PERCENT = 15;
/** How many commands are sent without a key that makes them repeatable. */
const KEYLESS_PERCENT = 20;
/** How many attempts that nobody waits for any longer run on behind the commands that follow. */
const LATE_PERCENT = 30;

/** Of an answer that does not tell all: a part is missing, or it is to be tried again, which one API has 500 for. */
const FAILED_STATUSES = [200, 500, 503];

/** An attempt that its client does not wait for any longer. */
interface GivenUp {
  answering: Promise<Answer>;
  letGo(): void;
  command: Command;
}

const isError = (word: string): boolean => word.includes('Error');

/**
 * Somebody with a key of their own who wants to know what came of each command, whatever the database does: who repeats a
 * request with its idempotency key, or else looks at the events.
 */
export class Client {
  readonly #key: Key;
  readonly #dice: Dice;
  readonly #tally: Tally;
  #givenUp: GivenUp[] = [];
  #commands = 0;
  readonly model = new Model();

  constructor(key: Key, dice: Dice, tally: Tally) {
    this.#key = key;
    this.#dice = dice;
    this.#tally = tally;
  }

  /** Runs a command until its outcome is known, and does the same to the model. */
  async run(command: Command): Promise<void> {
    this.#commands += 1;
    this.#tally.add('commands');
    const isKeyless = !command.needsKey && this.#dice.happens(KEYLESS_PERCENT);
    const key = isKeyless ? null : `${this.#key.id} ${this.#commands}`;
    const outcome = await this.#outcome(command, key);
    expect(command.expected, command.name).toContain(outcome.word);
    // What answers an error changed nothing and is decided anew, so it must not come later than what follows.
    if (isError(outcome.word) || !this.#dice.happens(LATE_PERCENT)) await this.settle({ command, outcome });
    command.apply(outcome);
  }

  /** Lets go what stalls, and compares what it answers with what is known of its command: of the last one, the outcome. */
  async settle(last?: { command: Command; outcome: Outcome }): Promise<void> {
    const givenUp = this.#givenUp;
    this.#givenUp = [];
    for (const { letGo } of givenUp) letGo();
    for (const { answering, command } of givenUp) {
      const late = command.outcomeOf(await answering);
      if (late === null) continue;
      expect(command.expected, `${command.name}, late`).toContain(late.word);
      if (command === last?.command) expect(late.word, `${command.name}, late`).toBe(last.outcome.word);
    }
  }

  async #outcome(command: Command, key: string | null): Promise<Outcome> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#attempt(command, key, attempt <= FAULTY_ATTEMPTS);
      const outcome = answer && command.outcomeOf(answer);
      if (outcome) return outcome;
      if (attempt > FAULTY_ATTEMPTS) throw new Error(`${command.name} is not answered: ${answer?.text}`);
      if (answer) {
        expect(FAILED_STATUSES, `${command.name}: ${answer.text}`).toContain(answer.status);
        this.#tally.add(`answers ${answer.status}`);
      }
      const found = answer && key === null ? await this.#lookUp(command, answer) : null;
      if (found) return found;
      this.#tally.add('repetitions');
    }
  }

  async #attempt(command: Command, key: string | null, isFaulty: boolean): Promise<Answer | null> {
    const faults = key === null ? FAILURES : FAULTS;
    const { DB, stalled, letGo } = faultyD1(() => {
      if (!isFaulty || !this.#dice.happens(FAULT_PERCENT)) return null;
      const fault = this.#dice.one(faults);
      this.#tally.add(fault);
      return fault;
    }, this.#dice);
    const answering = send(withKey(command.request(this.#key.secret), key), { DB });
    const answer = await Promise.race([answering, stalled.then(() => null)]);
    if (answer === null) this.#givenUp.push({ answering, letGo, command });
    return answer;
  }

  /** Looks at the events for what came of a command whose answer does not tell; null if nothing did. */
  async #lookUp(command: Command, answer: Answer): Promise<Outcome | null> {
    this.#tally.add('looked up');
    const events = (await eventsBy(this.#key.id)).slice(this.model.events.length);
    if (events.length === 0) return null;
    const isInvited = answer.headers.has('retry-after');
    expect(isInvited, `${command.name} took effect, and is to be tried again: ${answer.text}`).toBe(false);
    const created = events.filter(({ type }) => /^(tenant|customer|user|role|apiKey)\.created$/.test(type));
    const [first, ...more] = command.expected.filter((word) => !isError(word));
    const upserted = created.length > 0 ? 'CREATED' : 'UPDATED';
    const about = created.length > 0 ? created : events;
    return {
      word: more.length === 0 && first ? first : upserted,
      ids: [...new Set(about.map(({ subjectId }) => subjectId))],
    };
  }
}
