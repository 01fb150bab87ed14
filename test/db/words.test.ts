import { env } from 'cloudflare:workers';
import { SQL } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import { customers } from '../../src/db/schema/customers.ts';
import { namedAs } from '../../src/directory/kernel/derived-columns.ts';
import { indexedWords, WORD_SIGNS } from '../../src/directory/kernel/folding.ts';
import { newCustomer, rawId, succeed } from '../shared/fixtures.ts';

const stored = (id: string) =>
  env.DB.prepare('SELECT name_words AS words, version FROM customer WHERE id = ?').bind(rawId(id)).first();

describe('the words of a text', () => {
  for (const name of ['Acme Trading', 'Ærø 東京 Łódź', '\u{f8000}own sign', '!']) {
    it(`are stored as they are searched: ${JSON.stringify(name)}`, async () => {
      const { id } = await newCustomer();
      await succeed('updateCustomer', 'customer { id }', { id, name });
      const { nameWords } = namedAs(name);
      expect(await stored(id)).toEqual({ words: nameWords, version: 2 });
      await succeed('updateCustomer', 'customer { id }', { id, name });
      expect(await stored(id), 'the same name is no change').toEqual({ words: nameWords, version: 2 });
    });
  }

  it('are sent without their sign, whichever it is', () => {
    for (const sign of Object.values(WORD_SIGNS)) {
      expect(customers.nameWords.mapToDriverValue(indexedWords('two words', sign))).toBeInstanceOf(SQL);
    }
  });

  it('are sent with their sign where they have the character that stands for it', () => {
    const { nameWords } = namedAs('control\u0001character');
    expect(customers.nameWords.mapToDriverValue(nameWords)).toBe(nameWords);
  });
});
