import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { inBatches } from '../../../src/cli/import/batches.ts';
import type { Row } from '../../../src/cli/import/cells.ts';
import type { ImportType } from '../../../src/cli/import/columns.ts';
import { failedFile } from '../../../src/cli/import/failed-file.ts';
import { readLines } from '../../../src/cli/import/lines.ts';
import { openSource, type Source } from '../../../src/cli/import/source.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
afterAll(() => rmSync(directory, { recursive: true }));

interface Reading {
  type?: ImportType;
  encoding?: string;
  map?: [string, string][];
  /** The reason for which a row fails that could be sent; null if it does not. */
  refuse?: (row: Row) => string | null;
  /** How the bytes come in, if not all at once. */
  chunked?: (source: Source) => Source;
}

/** Reads a file as the import does: bytes, or a text in which each letter is one byte, as in what it returns as `failed`. Rows that could be sent are returned, and the others are written to a file. */
async function read(file: string | Buffer, { type = 'customers', encoding, map, refuse, chunked }: Reading = {}) {
  const [path, failedPath] = ['file.csv', 'failed.csv'].map((name) => join(directory, name)) as [string, string];
  writeFileSync(path, file, 'latin1');
  const opened = await openSource(path, encoding ?? null);
  const source = chunked ? chunked(opened) : opened;
  const { header, lines } = await readLines(source, type, map);
  const keep = failedFile(failedPath, source, header);
  const read = { rows: [] as Row[], problems: {} as Record<number, string>, failed: '', stopped: '' };
  try {
    for await (const batch of inBatches(lines, type)) {
      const tried = batch.map((entry) => {
        const problem = entry.row === null ? entry.problem : (refuse?.(entry.row) ?? null);
        if (problem !== null) read.problems[entry.line.number] = problem;
        else if (entry.row !== null) read.rows.push(JSON.parse(JSON.stringify(entry.row)));
        return { line: entry.line, problem };
      });
      keep(tried);
    }
  } catch (error) {
    read.stopped = String(error);
  }
  return { ...read, failed: existsSync(failedPath) ? readFileSync(failedPath, 'latin1') : '' };
}

const rowsOf = async (file: string | Buffer, reading?: Reading) => (await read(file, reading)).rows;

const person = (name: string, address: string) => ({ name, email: { address } });

/** How programs write what a file is in. Letters that are in Windows-1252 are in all of them. */
const ENCODINGS: Record<string, { write: (text: string) => Buffer; encoding?: string }> = {
  'UTF-8': { write: (text) => Buffer.from(text) },
  'UTF-8 with a byte order mark': { write: (text) => Buffer.from(`\uFEFF${text}`) },
  'UTF-16, little endian': { write: (text) => Buffer.from(`\uFEFF${text}`, 'utf16le') },
  'UTF-16, big endian': { write: (text) => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16() },
  'UTF-16 without a byte order mark': { write: (text) => Buffer.from(text, 'utf16le'), encoding: 'utf-16le' },
  'Windows-1252': { write: (text) => Buffer.from(text, 'latin1'), encoding: 'cp1252' },
};
const LINE_ENDS = { LF: ['\n'], CRLF: ['\r\n'], CR: ['\r'], mixed: ['\n', '\r\n', '\r'] };

/** Rows of a name, an address and a description, in all the ways in which cells are written. */
const CELLS = [
  ['Café Müller', 'a@x.example', 'plain'],
  ['"Alder, Finch; Co\tLtd"', 'b@x.example', '"says ""hello"""'],
  [' spaced ', ' "c@x.example" ', '"in\nlines\r\nof\rmany kinds"'],
  ['""""', 'd@x.example', '""'],
  ['one-line', 'e@x.example', '  "  kept  "'],
];
const MEANT = [
  { ...person('Café Müller', 'a@x.example'), description: 'plain' },
  { ...person('Alder, Finch; Co\tLtd', 'b@x.example'), description: 'says "hello"' },
  { ...person('spaced', 'c@x.example'), description: 'in\nlines\r\nof\rmany kinds' },
  person('"', 'd@x.example'),
  { ...person('one-line', 'e@x.example'), description: '  kept  ' },
];

describe.each(Object.entries(ENCODINGS))('a file in %s', (_, { write, encoding }) => {
  const reading: Reading = encoding === undefined ? {} : { encoding };
  const layouts = [',', ';', '\t'].flatMap((separator, index) =>
    Object.entries(LINE_ENDS).map(([ends, kinds], at) => {
      const firsts = ['', `sep=${separator}${kinds[0]}`, `${kinds[0]} ${kinds[0]}`];
      return { separator, ends, kinds, first: firsts[(index + at) % firsts.length] ?? '' };
    }),
  );

  it.each(layouts)('separated by $separator, in lines that end with $ends, behind $first', async (layout) => {
    const { separator, kinds, first } = layout;
    const written = [['Name', '"E-Mail"', 'DESCRIPTION'], ...CELLS].map((cells) => cells.join(separator));
    const ended = written.map((line, index) => `${line}${kinds[index % kinds.length]}`);
    const text = `${first}${ended.join('')}`;
    expect(await read(write(text), reading)).toMatchObject({ rows: MEANT, problems: {}, stopped: '' });
    // Without the end of its last line.
    expect(await rowsOf(write(text.trimEnd()), reading)).toEqual(MEANT);

    // All of them fail: then they are in the file of failed rows as they were, and that can be read.
    const { failed } = await read(write(text), { ...reading, refuse: () => '=1+1, "no"' });
    const [errorHeader, error] = ['error', '"Error: =1+1, ""no"""'];
    const lines = ended.map((line, index) => `${index === 0 ? errorHeader : error}${separator}${line}`);
    expect(failed).toBe(write(`${first}${lines.join('')}`).toString('latin1'));
    expect(await rowsOf(failed, reading)).toEqual(MEANT);
    const again = await read(failed, { ...reading, refuse: () => '=1+1, "no"' });
    expect(again.failed).toBe(failed);
  });
});

it('reads names of columns whose letters are of several bytes, wherever they lie', async () => {
  for (let length = 1; length < 24; length += 1) {
    const column = `${'x'.repeat(length)}会社名の😀`;
    const file = `${column},電話\nSony,1\n`;
    const map: [string, string][] = [
      [column, 'name'],
      ['電話', 'description'],
    ];
    expect(await rowsOf(Buffer.from(file), { map }), column).toEqual([{ name: 'Sony', description: '1' }]);
  }
});

/** A line that says nothing wrong, and one behind which it can be seen whether all before it was read rightly. */
const GOOD = 'Northwind Bikes,office@northwind.example,nb-1';
const LAST = '"Harbor, Lights",hello@harbor.example,hl-1';
const GOOD_ROWS = [
  { ...person('Northwind Bikes', 'office@northwind.example'), externalId: 'nb-1' },
  { ...person('Harbor, Lights', 'hello@harbor.example'), externalId: 'hl-1' },
];
const STRAY = 'a quote stands in a cell that does not begin with one';
const BEHIND = 'there is text behind a closing quote';
const OPEN = 'a quote is not closed';
const count = (cells: number) => `the line has ${cells} cells, and the first line names 3 columns`;

describe('one bad line', () => {
  it.each([
    ['5" Pipe & Fittings,sales@pipes.example,pf-1', STRAY],
    ['Pipes 5",sales@pipes.example,pf-1', STRAY],
    ['Pipes,sales@pipes.example,pf"1', STRAY],
    ['Pipes "5"" and more",sales@pipes.example,pf-1', STRAY],
    ['Pipes,sales@pipes.example,"pf"-1', BEHIND],
    ['"5" Pipes",sales@pipes.example,pf-1', BEHIND],
    ['"Smith "Bob", Sons",bob@smith.example,sb-1', BEHIND],
    ['"a" "b",c@x.example,d', BEHIND],
    ['"Open Road Cycles,ride@openroad.example,or-1', OPEN],
    ['"Open, Road, Cycles,ride@openroad.example,or-1', OPEN],
    ['Open Road,"ride@openroad.example,or-1', OPEN],
    ['Open Road,ride@openroad.example,"or-1', OPEN],
    ['Open Road,ride@openroad.example,or-1"', STRAY],
    ['"Open ""Road"",ride@openroad.example,or-1', OPEN],
    ['Smith, Sons & Co,office@smith.example,sm-1', count(4)],
    ['Smith,office@smith.example,sm-1,', count(4)],
    ['Smith,office@smith.example,sm-1,,,,=1+1', count(7)],
    ['Smith,office@smith.example', count(2)],
    ['Smith', count(1)],
    ['Smith;office@smith.example;sm-1', count(1)],
    [',,"sm-1",', count(4)],
    ['"a\nb","c@x.example"', count(2)],
  ])('costs itself alone: %s', async (line, problem) => {
    const lines = ['name,email,externalId', GOOD, line, LAST];
    const result = await read(`${lines.join('\r\n')}\r\n`);
    expect(result).toMatchObject({ rows: GOOD_ROWS, problems: { 3: problem }, stopped: '' });
    expect(result.failed).toBe(`error,name,email,externalId\r\n"${problem}",${line}\r\n`);
    // Imported as it is, it fails as before, and is written as before.
    const again = await read(result.failed);
    expect(again).toMatchObject({ rows: [], problems: { 2: problem }, failed: result.failed });
    // At the end of the file.
    expect(await read([lines[0], GOOD, LAST, line].join('\n'))).toMatchObject({
      rows: GOOD_ROWS,
      problems: { 4: problem },
    });
  });
});

describe('a quote whose end cannot be told', () => {
  it.each([
    ['"Open Road', 'Cycles,ride@openroad.example,or-1'],
    ['"Open Road', 'Cycles" Ltd,ride@openroad.example,or-1', '"x" y,b,c'],
    ['Open Road,"ride', '@openroad.example,or-1'],
    ['"Open "Road"', '",ride@openroad.example,or-1'],
    ['"Open" Road', 'Cycles,ride@openroad.example,or-1'],
    ['Open Road,"ride@openroad.example'],
  ])('ends the import behind all that came before: %s', async (...lines) => {
    const before = Array.from({ length: 3 }, () => [GOOD, 'Smith,office', LAST]).flat();
    const result = await read(['name,email,externalId', ...before, ...lines, LAST, ''].join('\n'));
    expect(result.rows).toEqual([GOOD_ROWS, GOOD_ROWS, GOOD_ROWS].flat());
    expect(Object.keys(result.problems)).toEqual(['3', '6', '9']);
    expect(result.stopped).toMatch(/From line 11 on nothing was read: (a quote is not closed|there is text behind)/);
  });

  it('is not looked for without end', async () => {
    const long = `"${'x'.repeat(2000)}\n`.repeat(3000);
    expect(await read(`name,email,externalId\n${GOOD}\nA,"${long}`)).toMatchObject({
      rows: GOOD_ROWS.slice(0, 1),
      stopped: expect.stringContaining('From line 3 on nothing was read'),
    });
    expect(await read(`name\nA\n${'x'.repeat(5 << 20)}\nB`)).toMatchObject({
      rows: [{ name: 'A' }],
      stopped: expect.stringContaining('From line 3 on nothing was read: the line is too long'),
    });
  });
});

describe('a file of failed rows', () => {
  it.each([
    ['=cmd|calc', 'Error: =cmd|calc'],
    ['+1', 'Error: +1'],
    ['-1', 'Error: -1'],
    ['@SUM(A1)', 'Error: @SUM(A1)'],
    ['\t=1', 'Error: =1'],
    ['\r\n=1', 'Error: =1'],
    ['\u00A0=1', 'Error: =1'],
    ['＝1', 'Error: ＝1'],
    ['"=1"', 'Error: ""=1""'],
    ["'=1", "Error: '=1"],
    ['', 'Error: '],
    ['two\nlines,\u2028and "more"\0', 'two lines, and ""more""'],
    ['lost \uFFFD', 'lost'],
    ['name is taken; =1', 'name is taken; =1'],
  ])('says %j as %j', async (problem, cell) => {
    const { failed } = await read('name\nA\n', { refuse: () => problem });
    expect(Buffer.from(failed, 'latin1').toString()).toBe(`error,name\n"${cell}",A\n`);
  });

  it('is in the encoding of the source, whatever a reason says', async () => {
    const refuse = () => 'is not Müller';
    const cp1252 = await read('name\nM\xFCller\n', { encoding: 'windows-1252', refuse });
    expect(cp1252.failed).toBe('error,name\n"is not M?ller",M\xFCller\n');
    const utf8 = await read(Buffer.from('name\nMüller\n'), { refuse });
    expect(Buffer.from(utf8.failed, 'latin1').toString()).toBe('error,name\n"is not Müller",Müller\n');
  });

  it('says of a line that has lost its error what it says when that is back', async () => {
    const { failed, problems } = await read('error,externalId,name\nalone\n');
    expect(problems).toEqual({ 2: 'the line has 1 cells, and the first line names 2 columns' });
    expect((await read(failed)).failed).toBe(failed);
  });

  it('has all that is wrong with the values of a row', async () => {
    const customers = await read('name,email,kind,Email_Verified\n ,x,robot,maybe\nA,,,no\n');
    expect(customers.problems).toEqual({
      2: 'emailVerified must be true or false; kind must be one of COMPANY, PERSON; email.address must be an e-mail address',
      3: 'emailVerified needs an email; externalId is required, unless there is an email',
    });
    const header = 'externalId,name,status,test,url,taxExempt,shippingAddressCity,isInvoicePending';
    const tenants = await read(`${header}\n,${'x'.repeat(257)},gone,si,,all,${'x'.repeat(257)},2\n`, {
      type: 'tenants',
    });
    expect(tenants.problems[2]?.split('; ').map((said) => said.split(' ')[0])).toEqual([
      'status',
      'test',
      'taxExempt',
      'isInvoicePending',
      'externalId',
      'billing.shippingAddress.city',
      'name',
    ]);
    const users = await read('email,status,tenantRoles,avatarUrl\nx@,idle,acme;=a;b=c,ftp://x\n', { type: 'users' });
    expect(users.problems[2]?.split('; ').map((said) => said.split(' ')[0])).toEqual([
      'status',
      'tenantRoles',
      'tenantRoles',
      'avatarUrl',
      'email',
    ]);
  });
});

describe('the first line', () => {
  const ROW = [{ ...person('A', 'a@x.example'), externalId: 'a-1' }];
  const named = (...map: [string, string][]): Reading => ({ map });

  it.each<[string, string, Reading?]>([
    ['Name,E-Mail,External ID', 'A,a@x.example,a-1'],
    ['NAME,e_mail,EXTERNAL-ID', 'A,a@x.example,a-1'],
    [' name ,"e mail", external id', 'A,a@x.example,a-1'],
    ['name,E\u2011Mail,External\u00A0Id', 'A,a@x.example,a-1'],
    ['"Name","E-\nMail","externalID"', 'A,a@x.example,a-1'],
    ['name;email;externalid', 'A;a@x.example;a-1'],
    ['name\temail\texternal_id', 'A\ta@x.example\ta-1'],
    ['labels;name;email;externalId', ';A;a@x.example;a-1'],
    ['name,email,externalId,', 'A,a@x.example,a-1,'],
    ['name,email,externalId,', 'A,a@x.example,a-1'],
    ['name;email;externalId; ;"";', 'A;a@x.example;a-1;;'],
    ['error,name,email,externalId', '"why, oh, why",A,a@x.example,a-1'],
    ['error;error;name;email;externalId;', 'why;oh;A;a@x.example;a-1;'],
    ['name,Error,email,externalId,error', 'A,why,a@x.example,a-1,'],
    ['Company,email,Ref. No.', 'A,a@x.example,a-1', named(['company', 'name'], ['REF. NO.', 'External ID'])],
    ['Company;a,b;Ref', 'A;a@x.example;a-1', named(['Company', 'name'], ['a,b', 'email'], ['Ref', 'externalId'])],
    ['a=b\tname\temail', 'a-1\tA\ta@x.example', named(['a=b', 'external_id'])],
    ['SEP=;\r\nname;email;externalId', 'A;a@x.example;a-1'],
    ['"sep=\t"\nname\temail\texternalId', 'A\ta@x.example\ta-1'],
    ['\n\r\n,,\n;;\nname,email,externalId', 'A,a@x.example,a-1'],
  ])('names the columns: %j', async (header, line, reading) => {
    expect(await rowsOf(Buffer.from(`${header}\n${line}\n`), reading)).toEqual(ROW);
  });

  it.each<[string, string, Reading?]>([
    ['name,mail', '"mail" (the nearest is email)'],
    ['Name;Kommentar', '"Kommentar" (the nearest is'],
    ['name,emial,lables', '"emial" (the nearest is email), "lables" (the nearest is labels)'],
    ['vor\u001bname', '"vor\\u001bname" (the nearest is'],
    ['name,ShortNames', '"ShortNames" (the nearest is shortName)'],
    ['name,mail', '--map: Unknown columns: "e mial" (the nearest is email)', named(['mail', 'e mial'])],
    ['name,email', '--map: the file has no column "Company"', named(['Company', 'externalId'])],
    ['name,Company', 'there twice: Company', named(['Company', 'name'])],
    ['E-Mail,email', 'there twice: email'],
    [',name', 'Column 1 of the file has no name'],
    ['name,"", email', 'Column 2 of the file has no name'],
    ['"name', 'a quote in it is broken'],
    ['na"me', 'a quote in it is broken'],
    ['sep=|', 'neither , nor ; nor a tab'],
    ['', 'The file is empty'],
    [' \n;;\n\n', 'The file is empty'],
  ])('is refused before anything is read behind it: %j', async (header, message, reading) => {
    await expect(read(header, reading)).rejects.toThrow(message);
  });
});

it('reads flags in the words that programs have for them', async () => {
  const words = ['true', 'YES', '1', ' yes ', 'True', 'false', 'No', '0', 'FALSE', '"no"'];
  const rows = await rowsOf(
    `email,emailVerified\n${words.map((word, index) => `${index}@x.example,${word}`).join('\n')}`,
  );
  expect(rows).toMatchObject(words.map((_, index) => ({ email: { isVerified: index < 5 } })));
  const others = ['y', 'ja', '2', '-1', 'wahr', 'on', 'truefalse', '01', 'null', 'x'];
  const wrong = await read(`email,emailVerified\n${others.map((word) => `a@x.example,${word}`).join('\n')}`);
  expect(Object.values(wrong.problems)).toEqual(others.map(() => 'emailVerified must be true or false'));
});

describe('letters', () => {
  /** A line with what each encoding has for the letters behind it. */
  it.each([
    ['windows-1252', 'Caf\xE9 \x80 \x8A', 'Café € Š'],
    ['latin1', '\x93Caf\xE9\x94', '“Café”'],
    ['iso-8859-15', '\xA4 \xA8', '€ š'],
    ['iso-8859-2', '\xA3\xF3d\xBC', 'Łódź'],
    ['windows-1251', '\xCC\xEE\xF1\xEA\xE2\xE0', 'Москва'],
    ['koi8-r', '\xED\xCF\xD3\xCB\xD7\xC1', 'Москва'],
    ['macintosh', 'M\x9Fller', 'Müller'],
    ['windows-1254', '\xDDstanbul', 'İstanbul'],
    ['shift_jis', '\x83\x5C\x95\x5C\x83\x7C', 'ソ表ポ'],
    ['gbk', '\xD6\xD0\x81\x7C', '中亅'],
    ['gb18030', '\x95\x32\x82\x36', '𠀀'],
    ['big5', '\xA5\x5C\xBB\x5C', '功蓋'],
    ['euc-kr', '\xC7\xD1\xB1\xB9', '한국'],
  ])('of %s are read, and written as they were', async (encoding, bytes, text) => {
    const file = `name;labels;description\n${bytes};a;"${bytes};\n${bytes}"\n`;
    const expected = { name: text, labels: ['a'], description: `${text};\n${text}` };
    expect(await rowsOf(file, { encoding })).toEqual([expected]);
    const { failed } = await read(file, { encoding, refuse: () => 'no' });
    expect(failed).toBe(`error;${file.replace('\n', '\n"no";')}`);
    expect(await rowsOf(failed, { encoding })).toEqual([expected]);
  });

  it.each([
    ['name\nCaf\xE9\n', 2],
    ['name\n\n\nCaf\xE9', 4],
    ['Caf\xE9\nname\n', 1],
    ['name\r\nA\r\n"B\r\nC\xFC"\r\n', 4],
    ['name\rA\rB\xFF', 3],
    ['name\nA\xC3\nB\n', 2],
    ['name\nA\xE2\x82', 2],
    ['name\nA\xC0\xAF\n', 2],
    ['name\nA\xED\xA0\x80\n', 2],
    ['name\nA\xF5\x80\x80\x80\n', 2],
    ['name\nM\xC3\xBCller\nlost \xEF\xBF\xBD\n', 3],
    [`name\n${'long\r\n'.repeat(200_000)}Caf\xE9`, 200_002],
    [`name\n${'x'.repeat((1 << 20) - 7)}\r\n\xFC\n`, 3],
    ['\xEF\xBB\xBFname\nCaf\xE9\n', 2],
  ])('that are lost stop before anything is read, and name their line: %#', async (file, line) => {
    await expect(read(file)).rejects.toThrow(`Line ${line} is not in UTF-8`);
  });

  it.each([
    ['shift_jis', 'name\n\x83', 2],
    ['gbk', 'name\nA\n\xFF\n', 3],
    ['euc-kr', 'name\n\xC7\n', 2],
    ['utf-16le', 'n\0a\0m\0e\0\n\0\x00\xD8\n\0', 2],
    ['utf-16le', 'n\0a\0m\0e\0\n\0A\0\n\0B', 3],
  ])('of %s that are lost, too', async (encoding, file, line) => {
    await expect(read(file, { encoding })).rejects.toThrow(`Line ${line} is not in ${encoding.toUpperCase()}`);
  });
});

describe('a long file', () => {
  const start = `name,email\n${'start,a@x.example\n'.repeat(4000)}`;
  const line = '"M\u00FCller \u{1F600}, ""x"" \r\n\r",b@x.example\r\n"",\r\n\r';

  it.each([1, 2, 3, 5, 7, 11, 13])('is read alike in parts of %i bytes', async (length) => {
    const file = Buffer.from(start + line.repeat(30));
    const chunked = (source: Source): Source => ({
      ...source,
      async *chunks() {
        yield file.subarray(0, start.length);
        for (let at = start.length; at < file.length; at += length) yield file.subarray(at, at + length);
      },
    });
    const whole = await read(file);
    expect(whole.rows.slice(4000)).toEqual(Array(30).fill(person('M\u00FCller \u{1F600}, "x" \r\n\r', 'b@x.example')));
    expect(await read(file, { chunked })).toEqual(whole);
  });

  it.each([0, 1, 2, 3])('in UTF-16 is read over the end of a part, %i letters on', async (shift) => {
    const letters = `${'x'.repeat(shift)}${'\u{1F600}\u00FC\u{1F600}'.repeat(20)}`;
    const text = `\uFEFFname\r\n${`${letters}\r\n`.repeat(6000)}`;
    for (const file of [Buffer.from(text, 'utf16le'), Buffer.from(text, 'utf16le').swap16()]) {
      const { rows, failed } = await read(file, { refuse: ({ name }) => (name === letters ? 'no' : null) });
      expect(rows).toEqual([]);
      expect(failed.length).toBe(file.length + 6000 * 2 * '"no",'.length + 2 * 'error,'.length);
    }
  });
});

it('sends no more tenants in one batch than the API takes', async () => {
  const tenants = Array.from({ length: 100 }, (_, index) => `t${index}`).join(';');
  const file = join(directory, 'many.csv');
  writeFileSync(file, `name,tenants\n${`A,${tenants}\n`.repeat(120)}B,${`${tenants};`.repeat(51)}\n`);
  const { lines } = await readLines(await openSource(file, null), 'customers');
  const batches = await Array.fromAsync(inBatches(lines, 'customers'));
  expect(batches.map(({ length }) => length)).toEqual([50, 50, 21]);
  expect(batches[2]?.at(-1)).toMatchObject({ row: null, problem: expect.stringContaining('tenantIdentifiers must') });
});
