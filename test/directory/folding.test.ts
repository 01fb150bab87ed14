import { describe, expect, it } from 'vitest';
import { folded, indexedWords, WORD_SIGNS, wordBeginnings } from '../../src/directory/kernel/folding.ts';
import { keyOfName } from '../../src/directory/kernel/keys.ts';
import { Dice } from '../shared/dice.ts';

/** Every character that there is, but for ideographs and the like that are themselves in every form. */
const CHARACTERS = [
  [0x00, 0xd7ff],
  [0xe000, 0x1ffff],
  [0x2f800, 0x2fa1f],
  [0xe0000, 0xe01ef],
  [0xf0000, 0xf0010],
  [0xf7ff0, 0xf8010],
]
  .flatMap(([first = 0, last = 0]) =>
    Array.from({ length: last - first + 1 }, (_, at) => String.fromCodePoint(first + at)),
  )
  .filter((character) => !/[\p{Cn}\p{Lo}\p{Co}]/u.test(character) || character.normalize('NFKD') !== character);

/** By its code points: nobody could read what fails. */
const points = (text: string) => [...text].map((character) => character.codePointAt(0)?.toString(16)).join(' ');

/** What is not as it must be of a folded text, whatever text it was. */
function problems(text: string): string[] {
  const form = folded(text);
  const key = keyOfName(text);
  const claims = {
    'folds again to another': folded(form) === form,
    'folds otherwise than its key': folded(key) === form,
    'has a key of another key': keyOfName(key) === key,
    'folds to nothing': (form === '') === (key === ''),
    'has white space at an end, twice or other than a space': !/^\s|\s$|\s\s|[^\S ]/.test(form),
    'has a sign of the index': !/[\u{f0000}-\u{fffff}]/u.test(form),
    'folds otherwise in lower case': folded(text.toLowerCase()) === form,
    'folds otherwise decomposed': folded(text.normalize('NFD')) === form,
  };
  return Object.entries(claims).flatMap(([problem, holds]) => (holds ? [] : [`${points(text)} ${problem}`]));
}

describe('what texts are folded to', () => {
  it('is the same for all that is one, and stays, for each character by itself and within a word', () => {
    const alone = CHARACTERS.filter((character) => !/[가-힣]/.test(character));
    expect(alone.length).toBeGreaterThan(15_000);
    expect(alone.flatMap((character) => [...problems(character), ...problems(`ß${character}\u0301 İ`)])).toEqual([]);
  });

  it('is so for texts made by chance of what folding changes', () => {
    const changed = CHARACTERS.filter((character) => folded(character) !== character || /\p{M}/u.test(character));
    const dice = new Dice(18);
    const texts = Array.from({ length: 10_000 }, () =>
      Array.from({ length: 2 + dice.below(5) }, () => dice.one(changed)).join(''),
    );
    expect(texts.flatMap(problems)).toEqual([]);
  });

  it.each([
    ['  Café\t\u00a0\u3000Müller ', 'cafe muller'],
    ['Cafe\u0301', 'cafe'],
    ['STRASSE Straße STRAẞE', 'strasse strasse strasse'],
    ['İIıi I\u0307', 'iiii i'],
    ['ΣΊΣΥΦΟΣ ς ϲ', 'σισυφοσ σ σ'],
    ['ﬃ ﬆ ĳ ŉ ſ', 'ffi st ij ʼn s'],
    ['a² ½ № ㎏ ™ Ⅷ', 'a2 1⁄2 no kg tm viii'],
    ['ＷＩＤＥ ｶﾞｷﾞ', 'wide ガギ'],
    ['가 \u1112\u1161\u11ab ᄒ', '가 한 ᄒ'],
    ['が ハ\u3099', 'が バ'],
    ['می\u200cخواهم', 'میخواهم'],
    ['ශ\u0dca\u200dරී', 'ශ්රී'],
    ['葛\u{e0100} 🛰\ufe0f 👩\u200d🚀', '葛 🛰 👩🚀'],
    ['й Ё ї', 'и е і'],
    ['أ क़ שׁ', 'أ क़ שׁ'],
    ['ł đ ø æ œ þ', 'ł đ ø æ œ þ'],
    ['¨ ´', '¨ ´'],
    ['\u0301', '\u0301'],
    ['a\u{f8000}\u{f0000}b', 'a\ufffd\ufffdb'],
    ['%_"*\\', '%_"*\\'],
    ['', ''],
  ])('of %j is %j', (text, form) => {
    expect(folded(text)).toBe(form.normalize('NFC'));
  });
});

describe('the words of a folded text', () => {
  it.each([
    ['acme north-west a', ['ac', 'no', '-w', 'we', 'a']],
    ["o'neil & 3m", ["o'", "'n", 'ne', '&', '3m']],
    ['acme acre', ['ac']],
    ['株式 会', ['株式', '式', '会']],
    ['ab株c', ['ab', '株c', 'c']],
    ['ไทย', ['ไท', 'ทย', 'ย']],
    ['हिन्दी', ['हि']],
    ['한글', ['한글']],
    ['😀x', ['😀x', 'x']],
    ['', []],
  ])('of %j begin with %j', (text, beginnings) => {
    expect(wordBeginnings(text)).toEqual(beginnings);
    const signs = WORD_SIGNS.NAME.repeat(2);
    expect(indexedWords(text, WORD_SIGNS.NAME)).toBe(beginnings.map((beginning) => signs + beginning).join(''));
  });
});
