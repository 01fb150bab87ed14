const INVISIBLE = /[^\p{L}\p{N}\p{P}\p{S}]/u;

/** Returns how a character is named to people: by itself, or by its code point, such as U+200B, if nobody can see it. */
export const nameOfCharacter = (character: string): string =>
  INVISIBLE.test(character) ? `U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')}` : character;

/** Zero-width characters, soft hyphens and marks of direction. */
const UNSEEN = /[\u00ad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff]/;
/** What joins letters or keeps them apart, as Persian and Sinhala are spelled. It stands between two of them. */
const JOINER_AT_END = /^[\u200c\u200d]|[\u200c\u200d]$/;

/** Returns the first character that nobody can see, by which a name would look like another one; undefined if it has none. */
export const unseenIn = (text: string): string | undefined => (UNSEEN.exec(text) ?? JOINER_AT_END.exec(text))?.[0];
