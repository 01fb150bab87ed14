import type { FeedEvent } from './feed.ts';

/** What is posted at one try. */
export interface Letter {
  headers: Record<string, string>;
  body: string;
}

/** How events are sent to a webhook. */
export interface Wire {
  /** How long is waited after each try that failed. */
  pauses: readonly number[];
  /** Writes what is posted of an event at a try, the first of which is 1. Null if what it was about is erased. */
  write(event: FeedEvent, tryNumber: number, at: Date): Letter | null;
}
