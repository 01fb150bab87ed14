import { Column, getTableName, Name, Param, SQL, type SQLWrapper, StringChunk, Table } from 'drizzle-orm';
import { sql } from './sql.ts';

/** The text of a statement as SQLite takes it, with what is bound to its question marks, in their order or by their numbers. */
export interface Rendered {
  readonly text: string;
  readonly bound: readonly unknown[];
}

/** D1 binds at most 100 parameters to a statement. */
export const MAX_BOUND = 100;

/**
 * Renders a statement. It comes to what Drizzle renders, and takes a fraction of the work: Drizzle asks each part of a
 * statement a dozen times what it is, and copies what is bound at every level. A text that stands in a statement several times,
 * such as the id of a command, is bound once, and any other value where D1 would not take all of them.
 */
export function rendered(statement: SQL): Rendered {
  const whole = renderedWith(statement, isText);
  return whole.bound.length > MAX_BOUND ? renderedWith(statement, () => true) : whole;
}

const isText = (value: unknown): boolean => typeof value === 'string';

/** Binds a value, and returns what stands for it in the text. */
type Bind = (value: unknown) => string;

/** Renders a part of a statement. What is bound once is named by its number where it comes again. */
function renderedWith(part: SQL, isBoundOnce: (value: unknown) => boolean): Rendered {
  const bound: unknown[] = [];
  const bind: Bind = (value) => {
    const known = isBoundOnce(value) ? bound.indexOf(value) : -1;
    if (known >= 0) return `?${known + 1}`;
    bound.push(value);
    return '?';
  };
  return { text: textOf(part, bind), bound };
}

/** Renders a part with a question mark for everything that is bound, as often as it comes. */
const renderedAlone = (part: SQL): Rendered => renderedWith(part, () => false);

/** Returns SQL that means the same. If it binds nothing, it is rendered now, and not again by each statement that has it. */
export function renderedOnce(part: SQL): SQL {
  const { text, bound } = renderedAlone(part);
  return bound.length === 0 ? sql.raw(text) : part;
}

class InAdvance implements SQLWrapper {
  readonly #part: SQL;
  /** The text before, between and behind what is bound. */
  readonly #pieces: readonly string[];
  readonly bound: readonly unknown[];

  constructor(part: SQL) {
    this.#part = part;
    const { text, bound } = renderedAlone(part);
    this.#pieces = text.split('?');
    this.bound = bound;
    if (this.#pieces.length !== bound.length + 1) {
      throw new Error('A question mark stands for something that is bound');
    }
  }

  getSQL() {
    return this.#part;
  }

  textWith(bind: Bind): string {
    return this.#pieces.reduce((text, piece, at) => text + bind(this.bound[at - 1]) + piece);
  }
}

/**
 * Renders a part of several statements once for all of them. It may bind values, unlike with `renderedOnce`: `boundCount` different
 * ones, which is the most that it can add to what D1 binds to a statement.
 */
export function inAdvance(part: SQL): { part: SQL; boundCount: number } {
  const known = new InAdvance(part);
  return { part: sql`${known}`, boundCount: new Set(known.bound).size };
}

function textOf(part: unknown, bind: Bind): string {
  if (part instanceof StringChunk) return part.value.join('');
  if (part instanceof InAdvance) return part.textWith(bind);
  if (part instanceof SQL) {
    let text = '';
    for (const chunk of part.queryChunks) text += textOf(chunk, bind);
    return text;
  }
  if (part === null || typeof part === 'string' || typeof part === 'number') return bind(part);
  if (part instanceof Param) return textOfParam(part, bind);
  if (part instanceof Name || part instanceof Column || part instanceof Table) return nameOf(part);
  if (part === undefined) return '';
  if (typeof part === 'boolean') return bind(part);
  throw new Error(`Nothing of this kind is rendered: ${typeof part}`);
}

/** What a column encodes its values to can be SQL itself. */
function textOfParam({ value, encoder }: Param, bind: Bind): string {
  const encoded = value === null ? null : encoder.mapToDriverValue(value);
  return encoded instanceof SQL ? textOf(encoded, bind) : bind(encoded);
}

const names = new WeakMap<Column | Table, string>();

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

/** Names of tables and columns never change, those of aliases included. */
function nameOf(part: Name | Column | Table): string {
  if (part instanceof Name) return quoted(part.value);
  const known = names.get(part);
  if (known !== undefined) return known;
  const name =
    part instanceof Column ? `${quoted(getTableName(part.table))}.${quoted(part.name)}` : quoted(getTableName(part));
  names.set(part, name);
  return name;
}
