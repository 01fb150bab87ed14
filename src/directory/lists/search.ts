import type { Column, SQL } from 'drizzle-orm';
import type { Records } from '../../db/source.ts';
import { sql } from '../../db/sql.ts';
import { allOf, anyOf, inList, jsonList } from '../../db/statement.ts';
import type { Reach } from '../access/reach.ts';
import { keyOfEmail } from '../kernel/email-address.ts';
import { folded, WORD_SIGNS, type WordSign } from '../kernel/folding.ts';
import { hasAnyKey, soughtExternalId } from '../kernel/sought-keys.ts';

/** A text of a record that is searched: the folded text, how its words begin, and the sign that each of these begins with. */
export interface SearchedText {
  text: SQL;
  words: SQL;
  sign: WordSign;
}

/** What a search can look through; an external id is found as a whole. */
export type Place = 'name' | 'email' | 'externalId';

/** An FTS5 index of texts. It may tell by tenants which records are in reach. */
interface SearchIndex {
  index: SQL;
  hasTenants: boolean;
}

/** What a search needs to know of the records that it looks through. */
export interface Searched {
  records: Pick<Records<unknown>, 'id' | 'from'>;
  table: Record<'externalIdKey' | 'keyVersion', Column>;
  /** The texts that are looked through, and the FTS5 index of them. */
  search: SearchIndex & { name: SearchedText; email?: SearchedText };
  isInReach: (reach: Reach, id: Column) => SQL;
}

/** Returns a text with the words that are stored of it. With keys of version 1 there are none but the beginning of the key. */
function searchedText(text: SQL, key: Column, words: Column, sign: WordSign): SearchedText {
  const signs = sql.raw(`'${sign}${sign}'`);
  return { text, words: sql`coalesce(${words}, ${signs} || substr(${key}, 1, 2))`, sign };
}

/** Returns how names are searched in these columns. */
export const searchedName = (table: Record<'nameSort' | 'nameKey' | 'nameWords', Column>): SearchedText =>
  searchedText(sql`${table.nameSort}`, table.nameKey, table.nameWords, WORD_SIGNS.NAME);

/** Returns how e-mail addresses are searched in these columns. */
export const searchedEmail = (table: Record<'emailFolded' | 'emailKey' | 'emailWords', Column>): SearchedText =>
  searchedText(
    sql`coalesce(${table.emailFolded}, ${table.emailKey})`,
    table.emailKey,
    table.emailWords,
    WORD_SIGNS.EMAIL,
  );

/** Returns how descriptions are searched in these columns. */
export const searchedDescription = (table: Record<'descriptionKey' | 'descriptionWords', Column>): SearchedText =>
  searchedText(sql`${table.descriptionKey}`, table.descriptionKey, table.descriptionWords, WORD_SIGNS.DESCRIPTION);

/** One piece of a text to look for, folded; `address` is the key of the e-mail address that it is, if that is another text. */
interface Term {
  key: string;
  address: string | null;
}

/** What to look for: all of the terms, in any order; or the text as a whole, which an external id may be. */
export interface Search {
  terms: readonly Term[];
  externalId: string;
}

/** Beyond them, words are looked for in the order in which they stand: a condition has only so many parameters. */
const MAX_TERMS = 8;

/**
 * Returns a search for the words of this text, in any order. Of more than eight words, those from the eighth on are one term,
 * in one piece. An e-mail address is looked for in either spelling of its domain.
 */
export function searchFor(text: string): Search {
  const words = folded(text).split(' ');
  const pieces = [...words.slice(0, MAX_TERMS - 1), words.slice(MAX_TERMS - 1).join(' ')];
  const terms = [...new Set(pieces)].filter((piece) => piece !== '');
  const addresses = addressesIn(text);
  return {
    terms: terms.map((key) => ({ key, address: addresses.get(key) ?? null })),
    externalId: text,
  };
}

/** Returns the term that a text is in one piece; none if nothing of it is left to look for. */
function termsOf(text: string): Term[] {
  const key = folded(text);
  return key === '' ? [] : [{ key, address: addressesIn(text).get(key) ?? null }];
}

/** The keys of the e-mail addresses in a text, by what they are folded to: folding the domain would make another one of it. */
function addressesIn(text: string): Map<string, string> {
  const words = text.split(/\s+/).filter((word) => word.includes('@'));
  const keys = words.map((word) => [folded(word), keyOfEmail(word)] as const);
  return new Map(keys.filter(([key, address]) => key !== address));
}

/** Up to so many characters find how a word begins, and more of them match anywhere. */
const MAX_BEGINNING = 2;
const isBeginning = (key: string): boolean => [...key].length <= MAX_BEGINNING;

/** One or two characters stand where a word begins, more of them anywhere. No character has a meaning of its own. */
function isIn({ text, words, sign }: SearchedText, { key, address }: Term): SQL {
  if (isBeginning(key)) return sql`instr(${words}, ${sign + sign + key}) > 0`;
  if (sign !== WORD_SIGNS.EMAIL) return sql`instr(${text}, ${key}) > 0`;
  // An address has no white space: its two spellings stand in one text, with a space between.
  const spellings = [key, ...(address === null ? [] : [address])].filter((spelling) => !spelling.includes(' '));
  return anyOf(spellings.map((spelling) => sql`instr(${text}, ${spelling}) > 0`));
}

/**
 * Returns the condition that a text has another in it, in one piece: one or two characters where a word begins, more of them
 * anywhere. What nothing is left of once it is folded is in no text.
 */
export const contains = (text: SearchedText, wanted: string): SQL =>
  anyOf(termsOf(wanted).map((term) => isIn(text, term)));

/**
 * Returns the condition that a record is found: each term in any of the texts, or the whole text as the external id, to the
 * letter. Looks in all places, or only in those given.
 */
export function isFound(searched: Searched, { terms, externalId }: Search, places?: readonly Place[] | null): SQL {
  const { externalIdKey, keyVersion } = searched.table;
  const texts = textsIn(searched, places);
  const hasTerms = terms.map((term) => anyOf(texts.map((text) => isIn(text, term))));
  return anyOf([
    ...(texts.length > 0 && terms.length > 0 ? [allOf(hasTerms)] : []),
    ...(places?.includes('externalId') === false
      ? []
      : [hasAnyKey({ key: externalIdKey, version: keyVersion }, [soughtExternalId(externalId)])]),
  ]);
}

const textsIn = ({ search }: Searched, places: readonly Place[] | null | undefined): SearchedText[] => [
  ...(places?.includes('name') === false ? [] : [search.name]),
  ...(search.email === undefined || places?.includes('email') === false ? [] : [search.email]),
];

/** Returns a key that sorts behind every text that begins like this: no text has a byte of 255. */
export const behindAllWith = (beginning: string | SQL): SQL => sql`${beginning} || CAST(x'FF' AS TEXT)`;

/** Selects the `id` of the records in reach that have one of these external ids. */
export function withExternalIds(
  { records, table, isInReach }: Searched,
  reach: Reach,
  externalIds: readonly string[],
): SQL {
  const wanted = jsonList([...new Set(externalIds.flatMap(soughtExternalId))]);
  return sql`SELECT ${records.id} AS id FROM json_each(${wanted}) wanted
    CROSS JOIN ${records.from} ON ${table.externalIdKey} = wanted.value WHERE ${isInReach(reach, records.id)}`;
}

/**
 * Returns a query for candidates of a search: the `id` of all records in reach that it finds, and of a few others. Returns no
 * query where the index has records beyond the reach and does not tell them apart.
 */
export function candidatesBySearch(
  searched: Searched,
  reach: Reach,
  search: Search,
  places?: readonly Place[] | null,
): SQL[] {
  const texts = textsIn(searched, places);
  const byId = places?.includes('externalId') === false ? [] : [withExternalIds(searched, reach, [search.externalId])];
  if (texts.length === 0 || search.terms.length === 0) return byId;
  const byTerms = candidatesMatching(searched, reach, searched.search, matchOf(texts, search.terms));
  return byTerms.map((query) => sql.join([query, ...byId], sql` UNION ALL `));
}

/** Returns the same for those of whom one text `contains` another. The index is that of searches, or of this text alone. */
export const candidatesContaining = (
  searched: Searched,
  reach: Reach,
  text: SearchedText,
  wanted: string,
  index: SearchIndex = searched.search,
): SQL[] => termsOf(wanted).flatMap((term) => candidatesMatching(searched, reach, index, matchOf([text], [term])));

/** More would hardly leave fewer records, which are compared in full then. */
const MAX_TRIGRAMS = 32;

const quoted = (trigram: string): string => `"${trigram.replaceAll('"', '""')}"`;

/**
 * Returns what is asked of an index: all trigrams of each term. One or two characters make one, behind the sign of the words of
 * each text. Many terms share in how many trigrams there may be.
 */
function matchOf(texts: readonly SearchedText[], terms: readonly Term[]): string {
  const alternatives = terms.map(({ key, address }) => [key, ...(address === null ? [] : [address])]);
  const most = Math.floor(MAX_TRIGRAMS / alternatives.flat().length);
  const trigramsOf = (key: string): string => {
    const characters = [...key];
    const trigrams = characters.slice(2).map((_, start) => characters.slice(start, start + 3).join(''));
    return `(${[...new Set(trigrams)].slice(0, most).map(quoted).join(' AND ')})`;
  };
  return alternatives
    .map((keys) => {
      const each = keys.flatMap((key) => (isBeginning(key) ? beginnings(texts, key) : [trigramsOf(key)]));
      return `(${each.join(' OR ')})`;
    })
    .join(' AND ');
}

const beginnings = (texts: readonly SearchedText[], key: string): string[] =>
  texts.map(({ sign }) => quoted([...sign, ...sign, ...key].slice(-MAX_BEGINNING - 1).join('')));

function candidatesMatching(
  { records }: Searched,
  reach: Reach,
  { index, hasTenants }: SearchIndex,
  match: string,
): SQL[] {
  const indexed = sql`${index} CROSS JOIN ${records.from} ON ${records.from}.rowid = ${index}.rowid`;
  if (reach.kind === 'ORGANIZATION') {
    return [sql`SELECT ${records.id} AS id FROM ${indexed} WHERE ${index} MATCH ${match}`];
  }
  if (reach.kind !== 'TENANTS' || !hasTenants) return [];
  const tenantTokens = sql`SELECT group_concat('"' || token || '"', ' OR ') AS tokens FROM tenant_search_token
    WHERE ${inList(sql`tenant_id`, reach.tenantIds)} HAVING count(*) > 0`;
  return [
    sql`SELECT ${records.id} AS id FROM (${tenantTokens}) reached CROSS JOIN ${indexed}
      WHERE ${index} MATCH ${match} || ' AND (' || reached.tokens || ')'`,
  ];
}
