import { keyOfEmail } from './email-address.ts';
import { folded, indexedWords, WORD_SIGNS } from './folding.ts';
import { keyOfExternalId, keyOfLabel, keyOfName } from './keys.ts';

/*
 * What is stored beside a value, to compare, search and sort by. Whoever writes the one writes the others: there is no other way
 * to write a name, an address, an external id, a description or labels.
 */

/** The text that each derived column is made of. Both are called as in code. */
export const DERIVED_FROM: Readonly<Record<string, string>> = {
  nameKey: 'name',
  nameFolded: 'name',
  nameWords: 'name',
  emailKey: 'email',
  emailFolded: 'email',
  emailWords: 'email',
  externalIdKey: 'externalId',
  descriptionKey: 'description',
  descriptionWords: 'description',
  descriptionSort: 'description',
  labelKeys: 'labels',
};

/** Returns the columns of a name; those of a user without a name for null, who sorts first. */
export function namedAs<N extends string | null | undefined>(name: N) {
  const nameFolded = folded(name ?? '');
  return {
    name,
    nameKey: keyOfName(name ?? ''),
    nameFolded,
    nameWords: indexedWords(nameFolded, WORD_SIGNS.NAME),
  };
}

type AddressKey = 'emailKey' | 'emailFolded' | 'emailWords';
type Addressed<E> = { email: E } & Record<AddressKey, E extends string ? string : null>;

/** Returns the columns of an e-mail address, or of none. It is searched as it was given and as mail servers know it. */
export function addressedAs<E extends string | null>(email: E): Addressed<E> {
  return (email === null ? WITHOUT_ADDRESS : columnsOfAddress(email)) as Addressed<E>;
}

const WITHOUT_ADDRESS = { email: null, emailKey: null, emailFolded: null, emailWords: null };

function columnsOfAddress(email: string) {
  const emailKey = keyOfEmail(email);
  const spelled = folded(email);
  const emailFolded = spelled === emailKey ? emailKey : `${spelled} ${emailKey}`;
  return { email, emailKey, emailFolded, emailWords: indexedWords(emailFolded, WORD_SIGNS.EMAIL) };
}

/** Returns the columns of an external id, or of none. */
export const identifiedAs = <I extends string | null | undefined>(externalId: I) => ({
  externalId,
  externalIdKey: externalId == null ? null : keyOfExternalId(externalId),
});

/** By how many characters of their descriptions customers are sorted. */
export const MAX_DESCRIPTION_SORT = 64;

/** Returns the columns of a description, or of none. */
export function describedAs(description: string | null) {
  if (description === null) return { description, descriptionKey: null, descriptionWords: null, descriptionSort: '' };
  const descriptionKey = folded(description);
  const descriptionWords = indexedWords(descriptionKey, WORD_SIGNS.DESCRIPTION);
  const descriptionSort = [...descriptionKey].slice(0, MAX_DESCRIPTION_SORT).join('');
  return { description, descriptionKey, descriptionWords, descriptionSort };
}

/** Returns the columns of labels. Of those that are compared as one, the first is kept. */
export function labelledAs(given: readonly string[]) {
  const byKey = new Map<string, string>();
  for (const label of given) if (!byKey.has(keyOfLabel(label))) byKey.set(keyOfLabel(label), label);
  return { labels: [...byKey.values()], labelKeys: [...byKey.keys()] };
}

/** A record's texts as they are stored. It has those that its kind of record has. */
interface StoredTexts {
  name?: unknown;
  email?: unknown;
  external_id?: unknown;
  description?: unknown;
  labels?: unknown;
}

const textOf = (stored: unknown): string | null => (typeof stored === 'string' ? stored : null);

/** Returns the columns that are made of a record's texts, by the rules of now, all of them as they are stored. */
export function derivedOf(record: StoredTexts): Record<string, string | null> {
  const derived = {
    ...('name' in record && namedAs(textOf(record.name))),
    ...('email' in record && addressedAs(textOf(record.email))),
    ...('external_id' in record && identifiedAs(textOf(record.external_id))),
    ...('description' in record && describedAs(textOf(record.description))),
    ...('labels' in record && labelledAs(JSON.parse(textOf(record.labels) ?? '[]'))),
  };
  return Object.fromEntries(
    Object.entries(derived).flatMap(([key, value]): [string, string | null][] =>
      key in DERIVED_FROM ? [[inSnakeCase(key), Array.isArray(value) ? JSON.stringify(value) : value]] : [],
    ),
  );
}

const inSnakeCase = (key: string): string => key.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
