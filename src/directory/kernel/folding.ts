import { keyOfName } from './keys.ts';

/*
 * Finding and order: what a text is reduced to so that people find it as they spell it. Two texts of one identity fold to the
 * same; texts of several may.
 */

/** Accents and what else stands above, below or through a letter; and what is not seen, such as the choice of a variant. */
const MARKS = /[\u0300-\u036f\p{Default_Ignorable_Code_Point}]/gu;
/** What the search index uses for its own signs. */
const OWN_SIGNS = /[\u{f0000}-\u{fffff}]/gu;
const WHITE_SPACE = /\s+/g;

const withoutMarks = (text: string): string => text.normalize('NFKD').replace(MARKS, '');

/**
 * Returns the form of a text in which it is searched and sorted: in compatibility characters (NFKC), without marks, without case
 * (ß is ss, and every i is one, with a dot or without). Never empty for a text that is not.
 */
export function folded(text: string): string {
  const key = keyOfName(text);
  // Upper case first: it is what ß, dotless i and the long s have in common with other letters.
  const letters = withoutMarks(withoutMarks(key).toUpperCase().toLowerCase()).replaceAll('ς', 'σ');
  const form = letters.replace(WHITE_SPACE, ' ').trim().normalize('NFC');
  return (form || key).replace(OWN_SIGNS, '\ufffd');
}

const IN_A_WORD = /[\p{L}\p{M}\p{N}]/u;
/** Scripts that are written without spaces: a word may begin at any character. */
const SCRIPTS_WITHOUT_SPACES = [
  ...['Han', 'Hiragana', 'Katakana', 'Bopomofo', 'Yi', 'Tangut', 'Nushu', 'Khitan_Small_Script'],
  ...['Thai', 'Lao', 'Khmer', 'Myanmar', 'Tai_Le', 'New_Tai_Lue', 'Tai_Tham', 'Tai_Viet', 'Javanese', 'Balinese'],
  ...['Egyptian_Hieroglyphs', 'Cuneiform'],
];
let withoutSpaces: RegExp | undefined;

/** Whether a character is of such a script. What knows them takes long to make, and most isolates never need it. */
function isWithoutSpaces(character: string): boolean {
  withoutSpaces ??= new RegExp(`[${SCRIPTS_WITHOUT_SPACES.map((script) => `\\p{scx=${script}}`).join('')}]`, 'u');
  return withoutSpaces.test(character);
}

/** Returns the first two characters of each word of a folded text, each once. What is neither letter nor digit is a word, too. */
export function wordBeginnings(foldedText: string): string[] {
  const characters = [...foldedText];
  const beginnings = characters.flatMap((character, at) => {
    if (character === ' ' || !beginsWord(characters[at - 1], character)) return [];
    const next = characters[at + 1];
    return next === undefined || next === ' ' ? [character] : [character + next];
  });
  return [...new Set(beginnings)];
}

const beginsWord = (before: string | undefined, character: string): boolean =>
  before === undefined || !goesOn(before) || !goesOn(character);

/** Whether a word goes on with a character, and behind it. */
const goesOn = (character: string): boolean =>
  isAscii(character) ? ASCII_IN_A_WORD.test(character) : IN_A_WORD.test(character) && !isWithoutSpaces(character);

/** Most are. What is known of all other characters takes ten times as long to ask. */
const isAscii = (character: string): boolean => character < '\u0080';
const ASCII_IN_A_WORD = /[A-Za-z0-9]/;

/**
 * What stands before the words of a name, of an e-mail address and of a description, in their columns and in the search index.
 * No folded text has it.
 */
export const WORD_SIGNS = { NAME: '\u{f8000}', EMAIL: '\u{f8001}', DESCRIPTION: '\u{f8002}' } as const;
/** One of these signs. */
export type WordSign = (typeof WORD_SIGNS)[keyof typeof WORD_SIGNS];

/**
 * Returns the words of a text for the search index: behind two signs each, so that the trigrams of the index hold the sign twice
 * with the first character, and once with the first two.
 */
export const indexedWords = (foldedText: string, sign: WordSign): string =>
  wordBeginnings(foldedText)
    .map((beginning) => sign + sign + beginning)
    .join('');
