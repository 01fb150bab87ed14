import { v7 as uuidv7 } from 'uuid';

/** Returns a new UUIDv7. Its first 48 bits are the time in milliseconds, so ids sort in the order of their creation. */
export const newId = (): string => uuidv7();

/** Returns when an id was made. Records store it as their time of creation, so that the two never disagree. */
export const creationTime = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));

const LARGEST_48_BITS = 2 ** 48 - 1;

/** Returns a prefix of ids that sorts after every id made before this time, and before every other id. */
export function smallestIdAt(time: Date): string {
  const milliseconds = Math.min(Math.max(0, time.getTime()), LARGEST_48_BITS);
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
