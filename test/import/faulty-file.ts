import type { ImportType } from '../../src/cli/import/columns.ts';

/** What becomes of a line. */
export type Outcome = 'CREATED' | 'UPDATED' | 'NOOP' | 'FAILED';

/** A line of a file, with what an import must make of it. */
export interface Planted {
  fault: string;
  /** The line with its end, of letters that are one byte each in Windows-1252. */
  line: string;
  outcome: Outcome;
  /** What is said of it if it fails. */
  reason: RegExp | null;
  /** The line by which its record comes to be there beforehand; null if it does not. */
  before: string | null;
}

/** How a type is written: its columns, the first of which is the external id, and what stands in each. */
interface Kind {
  columns: readonly string[];
  cells: (row: Cells) => string[];
  /** The unique value that is moved, taken and given twice. */
  moved: 'email' | 'name';
  reference: string;
  choice: string;
}

interface Cells {
  id: string;
  name: string;
  email: string;
  choice: string;
  reference: string;
}

const KINDS: Record<'customers' | 'users', Kind> = {
  customers: {
    columns: ['externalId', 'name', 'email', 'kind', 'tenants'],
    cells: ({ id, name, email, choice, reference }) => [id, name, email, choice, reference],
    moved: 'name',
    reference: 'acme',
    choice: 'company',
  },
  users: {
    columns: ['externalId', 'name', 'email', 'status', 'role'],
    cells: ({ id, name, email, choice, reference }) => [id, name, email, choice, reference],
    moved: 'email',
    reference: 'viewer',
    choice: 'invited',
  },
};

/** A place among the lines that have the same fault: the `at`th of `count`. */
interface Place {
  index: number;
  at: number;
  count: number;
  /** The line of the `other`th of them. */
  lineOf: (other: number) => number;
}

type Fault = (file: FaultyFile, place: Place) => Partial<Planted> & { line?: string };

/** The largest ring that one request takes. */
const RING = 500;

/** Every fault, of which a hundredth of the lines has each. */
const FAULTS: Record<string, Fault> = {
  'quote not closed': (file, { index }) => ({
    line: file.line(index, { name: `"Open ${index}` }),
    ...failed(/^a quote is not closed$|^there is text behind a closing quote$/),
  }),
  'stray quote': (file, { index }) => ({
    line: file.line(index, { name: `5" pipe ${index}` }),
    ...failed(/^a quote stands in a cell that does not begin with one$/),
  }),
  'text behind a quote': (file, { index }) => ({
    line: file.line(index, { name: `"Jos\xE9" ${index}` }),
    ...failed(/^there is text behind a closing quote$/),
  }),
  'too few cells': (file, { index }) => ({
    line: `${file.cells(index).slice(0, 3).join(',')}\n`,
    ...failed(/^the line has 3 cells, and the first line names 5 columns$/),
  }),
  'too many cells': (file, { index }) => ({
    line: `${[...file.cells(index), 'surplus', ''].join(',')}\n`,
    ...failed(/^the line has 7 cells, and the first line names 5 columns$/),
  }),
  'unknown role or tenant': (file, { index }) => ({
    line: file.line(index, { reference: 'nobody' }),
    ...failed(/^There is no (role|tenant) .*\(not_found\)$/),
  }),
  'unknown word': (file, { index }) => ({ line: file.line(index, { choice: 'robot' }), ...failed(/ must be one of /) }),
  'too long': (file, { index }) => ({
    line: file.line(index, { name: 'x'.repeat(257) }),
    ...failed(/name must be at most 256 characters/),
  }),
  'two things wrong': (file, { index }) => ({
    line: file.line(index, { email: `no address ${index}`, name: `=${'x'.repeat(257)}` }),
    ...failed(/(?=.*name must be at most 256)(?=.*must be an e-mail address)/),
  }),
  'bad address': (file, { index }) => ({
    line: file.line(index, { email: `nobody${index}@` }),
    ...failed(/must be an e-mail address/),
  }),
  taken: (file, { index, at }) => ({
    line: file.line(index, file.valueOf(`holder ${at}`)),
    before: file.line(index, { id: `${file.prefix}-holder-${at}`, ...file.valueOf(`holder ${at}`) }),
    ...failed(/\(already_exists\)$/),
  }),
  'value of two lines': (file, { index, at, count, lineOf }) => {
    const other = count - 1 - at;
    if (other === at) return {};
    const line = file.line(index, file.valueOf(`both ${Math.min(at, other)}`));
    return { line, ...failed(new RegExp(`^${file.place} is that of line ${lineOf(other)}, too$`)) };
  },
  'id of two lines': (file, { index, at, count, lineOf }) => {
    const other = count - 1 - at;
    if (other === at) return {};
    const id = `${file.prefix}-Both-${Math.min(at, other)}`;
    const line = file.line(index, { id: at < other ? id : ` ${id} ` });
    return { line, ...failed(new RegExp(`^names the same (user|customer) as line ${lineOf(other)}$`)) };
  },
  chain: (file, { index, at, count }) => file.moving(index, 'chain', at, at + 1 < count ? at + 1 : null),
  swap: (file, { index, at, count }) => {
    const other = count - 1 - at;
    return file.moving(index, 'swap', at, other === at ? null : other);
  },
  ring: (file, { index, at, count }) => {
    const from = at - (at % RING);
    const size = Math.min(RING, count - from);
    return file.moving(index, 'ring', at, size === 1 ? null : from + ((at - from + 1) % size));
  },
  'ring that is too long': (file, { index, at, count }) => {
    if (count <= RING || at > RING) return {};
    return { ...file.moving(index, 'long', at, (at + 1) % (RING + 1)), ...failed(/in a ring of 501 lines/) };
  },
  unchanged: (file, { index }) => ({ before: file.line(index), outcome: 'NOOP' }),
  changed: (file, { index }) => ({
    before: file.line(index, file.moved === 'name' ? { email: `before-${index}@x.example` } : { name: 'Before' }),
    outcome: 'UPDATED',
  }),
  'written in other ways': (file, { index, at }) => ({
    line: file
      .line(index, { name: `"M\xFCller, S\xF8n ""${file.prefix} ${index}""\r\nand\rothers"`.replace(/[\r\n]+/g, ' ') })
      .replace('\n', ['\n', '\r\n', '\r'][at % 3] ?? ''),
  }),
};

const failed = (reason: RegExp) => ({ outcome: 'FAILED', reason }) as const;

/** Makes files of a type of which a hundredth of the lines has each fault, and says what must become of each line. */
export class FaultyFile {
  readonly prefix: string;
  readonly moved: 'email' | 'name';
  /** What an error calls the value that is moved. */
  readonly place: string;
  readonly header: string;
  readonly #kind: Kind;

  constructor(type: ImportType & keyof typeof KINDS, prefix: string) {
    this.prefix = prefix;
    this.#kind = KINDS[type];
    this.moved = this.#kind.moved;
    this.place = type === 'customers' ? 'name' : 'email';
    this.header = `${this.#kind.columns.join(',')}\n`;
  }

  /** The lines of a file, and those behind the header of the one that is to be there before it. */
  lines(count: number): { planted: Planted[]; before: string[] } {
    const names = Object.keys(FAULTS);
    const planted = Array.from({ length: count }, (_, index): Planted => {
      const fault = names[index % 100] ?? 'nothing';
      const place: Place = {
        index,
        at: Math.floor(index / 100),
        count: Math.floor((count - 1 - (index % 100)) / 100) + 1,
        lineOf: (other) => other * 100 + (index % 100) + 2,
      };
      const plain = { fault, line: this.line(index), outcome: 'CREATED', reason: null, before: null } as const;
      return { ...plain, ...FAULTS[fault]?.(this, place) };
    });
    const before = planted.flatMap((one) => (one.before === null ? [] : [one.before]));
    return { planted, before };
  }

  cells(index: number, given: Partial<Cells> = {}): string[] {
    const { prefix } = this;
    const { choice, reference } = this.#kind;
    const own = { id: `${prefix}-${index}`, name: `Jos\xE9 ${prefix} ${index}`, email: `${prefix}.${index}@x.example` };
    return this.#kind.cells({ ...own, choice, reference, ...given });
  }

  line(index: number, given?: Partial<Cells>): string {
    return `${this.cells(index, given).join(',')}\n`;
  }

  /** The value of that name which is moved, taken or given twice. */
  valueOf(name: string): Partial<Cells> {
    const word = `${this.prefix} ${name}`;
    return this.moved === 'name' ? { name: word } : { email: `${word.replaceAll(' ', '.')}@x.example` };
  }

  /** A line that takes the value of the `next`th of its kind, which is there; a new one if there is none. */
  moving(index: number, name: string, at: number, next: number | null) {
    return {
      line: this.line(index, this.valueOf(`${name} ${next ?? 'new'}`)),
      before: this.line(index, this.valueOf(`${name} ${at}`)),
      outcome: 'UPDATED',
    } as const;
  }
}
