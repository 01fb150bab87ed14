import { keyOfEmail } from './email-address.ts';
import { folded, indexedWords, WORD_SIGNS } from './folding.ts';
import { keyOfExternalId, keyOfName } from './keys.ts';

/*
 * What is stored beside a value, to compare, search and sort by. Whoever writes the one writes the others: there is no other way
 * to write a name, an address or an external id of a tenant, a customer or a user.
 */

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

/** Returns the columns of an e-mail address, or of none. It is searched as it was given and as mail servers know it. */
export function addressedAs(email: string): { email: string } & Record<AddressKey, string>;
export function addressedAs(email: string | null): { email: string | null } & Record<AddressKey, string | null>;
export function addressedAs(email: string | null) {
  if (email === null) return { email, emailKey: null, emailFolded: null, emailWords: null };
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
