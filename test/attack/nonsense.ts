import { newId } from '../../src/directory/kernel/ids.ts';

/*
 * Values that no field was made for. Each list is open: whatever is added is tried at every field of every API.
 */

const HUGE_CHARACTERS = 20_000;
const DEEP_LEVELS = 300;
const MANY_ITEMS = 200;

const nested = (wrap: (value: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < DEEP_LEVELS; level += 1) value = wrap(value);
  return value;
};

const base64 = (text: string): string => btoa(text);

/** Strings that are nothing in particular: empty, huge, unusual Unicode, or written in another language. */
const STRINGS: readonly string[] = [
  '',
  ' ',
  '\n\t',
  'abc',
  'x'.repeat(HUGE_CHARACTERS),
  '😀'.repeat(HUGE_CHARACTERS / 2),
  `e${'\u0301'.repeat(500)}`,
  '\u0301',
  '\ud800',
  'a\udc00b',
  '\udc00\ud800',
  'a\u0000b',
  '\u0000',
  '\u001b[31m',
  '\u202Eabc\u202C',
  '\u200b',
  '\ufeffabc',
  '\uffff',
  '\u{10ffff}',
  '𝒶𝒷𝒸',
  'ﬁ',
  'İ',
  'ẞ',
  '\u2028',
  "'",
  `'"\``,
  "'; DROP TABLE user; --",
  '" OR 1=1 --',
  '%',
  '_%*?[]',
  '" AND NEAR(',
  'a" OR "b*',
  '\\',
  '\\u0000',
  '{{7*7}}',
  '<script>',
  'a\r\nBcc: b@x.example',
  '../../etc/passwd',
  '%00',
  '%E0%A4%A',
  'null',
  'undefined',
  'true',
  'NaN',
  '-Infinity',
  '-0',
  '1e999',
  '0x1F',
  '9007199254740993',
  '{}',
  '[',
  '__proto__',
  'constructor',
];

/** What is almost an e-mail address, a URL, a date or an id, or is one that nothing can be done with. */
const ALMOST: readonly string[] = [
  '@',
  'a@',
  'a@b@c.example',
  '"a b"@x.example',
  'ü@ü.example',
  `${'a'.repeat(64)}@${'b.'.repeat(100)}example`,
  'http://',
  'https://',
  'https:abc',
  'https://[',
  'https://[::1',
  'https://%',
  'https://a b',
  'https://x:99999/',
  'https://x.example:-1/',
  'https://\ud800.example/',
  'https://xn--/',
  'https://..',
  '//x.example',
  'javascript:alert(1)',
  'data:,x',
  'file:///etc/passwd',
  '2026',
  '2026-02-30T00:00:00Z',
  '2026-13-45T99:99:99Z',
  '0000-00-00T00:00:00Z',
  '0000-01-01T00:00:00Z',
  '9999-12-31T23:59:59.999Z',
  '9999-12-31T23:59:59-23:59',
  '+275760-09-13T00:00:00.001Z',
  '-000001-01-01T00:00:00Z',
  '2026-01-01T00:00:60Z',
  '2026-01-01T00:00:00.999999999999999999999Z',
  newId(),
  '00000000-0000-0000-0000-000000000000',
  'ffffffff-ffff-ffff-ffff-ffffffffffff',
  `t_${newId()}`,
  'c_01',
  '!!!!',
  '====',
  'VXNlcg',
  base64(''),
  base64(':'),
  base64('User:'),
  base64('User:abc'),
  base64(`User:${newId()}`),
  base64(`Tenant:${newId()}`),
  base64(`tenant:${newId()}`),
  base64('Tenant:\x00\xff'),
  base64(`Tenant:${'9'.repeat(5000)}`),
  base64('__proto__:1'),
  base64('[]'),
  base64('{}'),
  base64('null'),
  base64('{"id":null}'),
  base64('["a","b","c","d"]'),
  base64('[null,1e999]'),
  base64('[9007199254740993,{}]'),
  base64('OffsetConnection:1e9'),
  'agency-',
  'advertiser--',
  `advertiser-view-${newId().toUpperCase()}`,
];

const MAX_SHORT_CHARACTERS = 1000;

/** The texts among it of which many fit into one document or header. */
export const SHORT_TEXTS: readonly string[] = [...STRINGS, ...ALMOST].filter(
  ({ length }) => length <= MAX_SHORT_CHARACTERS,
);

const NUMBERS: readonly number[] = [
  0,
  -0,
  1,
  -1,
  1.5,
  -1e-9,
  2 ** 31 - 1,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  -(2 ** 53),
  1e21,
  1e308,
  -1e308,
  8.64e15 + 1,
];

const OTHERS: readonly unknown[] = [
  null,
  true,
  false,
  [],
  {},
  [null],
  [[]],
  [{}],
  ['abc', 'abc'],
  Array.from({ length: MANY_ITEMS }, () => 'abc'),
  Array.from({ length: MANY_ITEMS }, () => null),
  { abc: 1 },
  { id: null },
  { id: 'abc', externalId: 'abc', name: 'abc', email: 'abc' },
  { toString: 1, valueOf: null, length: -1 },
  { constructor: { prototype: {} } },
  JSON.parse('{"__proto__": {"x": 1}}'),
  { '': { '': '' } },
  Object.fromEntries(Array.from({ length: MANY_ITEMS }, (_, index) => [`x${index}`, index])),
  nested((value) => [value]),
  nested((value) => ({ and: value })),
  nested((value) => ({ or: [value] })),
];

/** What a field takes, as far as nonsense is chosen by it. */
export type Taken = 'text' | 'number' | 'other';

/** The kinds of nonsense that get furthest at a field that takes this, and all others behind them. */
const BY_TAKEN: Record<Taken, readonly (readonly unknown[])[]> = {
  text: [
    [...STRINGS, ...ALMOST],
    [...NUMBERS, ...OTHERS],
  ],
  number: [NUMBERS, [...OTHERS, ...STRINGS, ...ALMOST]],
  other: [OTHERS, [...NUMBERS, ...STRINGS, ...ALMOST]],
};

/** How many kinds of nonsense there are. */
export const KINDS = STRINGS.length + ALMOST.length + NUMBERS.length + OTHERS.length;

/** Of four that are tried at a field, so many are of the kinds that get furthest. */
const FURTHEST_OF_FOUR = 3;

/**
 * Returns `count` kinds of nonsense for a field that takes this. They go on where those of the field before it ended
 * (`turn` counts the fields), so that however few are tried, all of them are.
 */
export function nonsenseFor(taken: Taken, count: number, turn: number): unknown[] {
  const [near = [], far = []] = BY_TAKEN[taken];
  if (count >= KINDS) return [...near, ...far];
  const nearCount = Math.min(near.length, Math.ceil((count * FURTHEST_OF_FOUR) / 4));
  const from = (kinds: readonly unknown[], many: number) =>
    Array.from({ length: Math.min(many, kinds.length) }, (_, index) => kinds[(turn * many + index) % kinds.length]);
  return [...from(near, nearCount), ...from(far, count - nearCount)];
}

/** A value where only text can stand. */
export const asText = (value: unknown): string =>
  typeof value === 'string' ? value : (JSON.stringify(value) ?? 'undefined');

/** A value as a test names it: short. */
export const named = (value: unknown): string => (JSON.stringify(value) ?? 'undefined').slice(0, 60);
