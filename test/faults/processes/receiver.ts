import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import { Webhook } from 'standardwebhooks';
import { z } from 'zod';
import type { Dice } from '../../shared/dice.ts';

const event = z.looseObject({
  id: z.string(),
  type: z.string(),
  subjectId: z.string(),
  before: z.record(z.string(), z.unknown()).nullable(),
  after: z.record(z.string(), z.unknown()).nullable(),
});
export type Heard = z.infer<typeof event>;

/** The number of an event in the feed. */
export const positionOf = ({ id }: Pick<Heard, 'id'>): number => Number(atob(id).split(':')[1]);

const MOST_MILLISECONDS_LATE = 300;

/** A server of somebody else's that webhooks post to: it fails, stalls and answers late, as chance has it, until it is mended. */
export class Receiver {
  /** What it was told, each once, by the ids of events. */
  readonly heard = new Map<string, Heard>();
  /** Deliveries of what it had heard already, and those that it answered with a failure. */
  repeats = 0;
  failures = 0;
  /** What was not signed as it should be. */
  readonly forged: string[] = [];
  secret = '';
  isMended = false;
  readonly #dice: Dice;
  readonly #server = createServer((request, response) => void this.#answer(request, response));

  constructor(dice: Dice) {
    this.#dice = dice;
  }

  /** Begins to listen, and returns where. */
  async listen(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('A TCP server has a port');
    return `http://127.0.0.1:${address.port}/`;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = Buffer.concat(chunks).toString();
    const chance = this.isMended ? 100 : this.#dice.below(100);
    if (chance < 12) {
      this.failures += 1;
      // Half of those that fail have not even looked.
      if (chance < 6) this.#hear(request, body);
      if (chance % 3 === 0) response.destroy();
      else response.writeHead(chance % 3 === 1 ? 500 : 302, { location: 'https://elsewhere.example/' }).end();
      return;
    }
    this.#hear(request, body);
    if (chance < 30) await pause(this.#dice.below(MOST_MILLISECONDS_LATE));
    response.writeHead(204).end();
  }

  #hear({ headers }: IncomingMessage, body: string): void {
    try {
      new Webhook(this.secret).verify(body, headers as Record<string, string>);
    } catch {
      this.forged.push(body);
      return;
    }
    const { data } = z.object({ data: event }).parse(JSON.parse(body));
    if (this.heard.has(data.id)) this.repeats += 1;
    this.heard.set(data.id, data);
  }
}
