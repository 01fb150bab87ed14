/*
 * Identity: the forms of texts that are stored beside them and compared in their place. By them records are looked up and kept
 * unique. Shown is what was given. `KEY_VERSION` goes up with every change of a rule: records of before are given new keys then.
 */

/** By which of the rules the keys of a record were made: `key_version` in each table that has such keys. */
export const KEY_VERSION = 2;

/** What joins letters or keeps them apart without being seen. Names are shown with it and compared without. */
const JOINERS = /[\u200c\u200d]/g;
const WHITE_SPACE = /\s+/g;

/**
 * Returns the form in which names are compared: without case, however their characters are composed (NFC), each run of white
 * space as one space. The three sigmas are one. ß is not ss, and a² is not a2.
 */
export function keyOfName(name: string): string {
  const composed = name.replace(JOINERS, '').trim().replace(WHITE_SPACE, ' ').normalize('NFC');
  return composed.toLowerCase().replaceAll('ς', 'σ').normalize('NFC');
}

/** Returns the form in which labels are compared: that of names. */
export const keyOfLabel = keyOfName;

/**
 * Returns the form in which external ids are compared: to the letter, however their characters are composed (NFC). Ids that differ
 * in case are two ids in many systems.
 */
export const keyOfExternalId = (externalId: string): string => externalId.trim().normalize('NFC');

/** Returns the key that version 1 made of a name, an e-mail address or an external id. */
export const formerKey = (text: string): string => text.trim().normalize('NFKC').toLowerCase();
