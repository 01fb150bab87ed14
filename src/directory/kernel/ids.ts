import { v7 as uuidv7 } from 'uuid';

/** Ids are UUIDv7: in the order of their creation, the first 48 bits are its time in milliseconds. */
export const newId = (): string => uuidv7();

/** When the record with this id was created: to be stored with it, so that the two never disagree. */
export const creationTime = (id: string): Date => new Date(Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16));

const LARGEST_48_BITS = 2 ** 48 - 1;

/** Comes before every id that was made at this time or later, and after every earlier one. */
export function smallestIdAt(time: Date): string {
  const milliseconds = Math.min(Math.max(0, time.getTime()), LARGEST_48_BITS);
  const hex = milliseconds.toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}`;
}
