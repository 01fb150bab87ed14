import { Column, getTableName, Name, Param, SQL, type SQLWrapper, StringChunk, sql, Table } from 'drizzle-orm';

/** The text of a statement as SQLite takes it, with what is bound to its question marks, in their order or by their numbers. */
export interface Rendered {
  readonly text: string;
  readonly bound: readonly unknown[];
}

/**
 * Renders a statement. It comes to what Drizzle renders, and takes a fraction of the work: Drizzle asks each part of a
 * statement a dozen times what it is, and copies what is bound at every level.
 */
export function rendered(statement: SQL): Rendered {
  const whole = asItIs(statement);
  return whole.bound.length > MAX_BOUND ? bindingEachOnce(whole) : whole;
}

function asItIs(statement: SQL): Rendered {
  const bound: unknown[] = [];
  return { text: textOf(statement, bound), bound };
}

/** D1 binds at most 100 parameters to a statement. */
export const MAX_BOUND = 100;

/** Returns the statement with each value bound once, and numbered. A filter stands in a statement several times. */
function bindingEachOnce({ text, bound }: Rendered): Rendered {
  const pieces = text.split('?');
  if (pieces.length !== bound.length + 1) throw new Error('A question mark stands for something that is bound');
  const numbers = new Map([...new Set(bound)].map((value, index) => [value, index + 1]));
  const numbered = pieces.map((piece, at) => (at === 0 ? piece : `?${numbers.get(bound[at - 1])}${piece}`));
  return { text: numbered.join(''), bound: [...numbers.keys()] };
}

/** Returns SQL that means the same. If it binds nothing, it is rendered now, and not again by each statement that has it. */
export function renderedOnce(part: SQL): SQL {
  const { text, bound } = asItIs(part);
  return bound.length === 0 ? sql.raw(text) : part;
}

class InAdvance implements SQLWrapper {
  readonly #part: SQL;
  readonly rendered: Rendered;

  constructor(part: SQL) {
    this.#part = part;
    this.rendered = asItIs(part);
  }

  getSQL() {
    return this.#part;
  }
}

/** Renders a part of several statements once for all of them. It may bind values, unlike with `renderedOnce`. */
export function inAdvance(part: SQL): { part: SQL; boundCount: number } {
  const known = new InAdvance(part);
  return { part: sql`${known}`, boundCount: known.rendered.bound.length };
}

function textOf(part: unknown, bound: unknown[]): string {
  if (part instanceof StringChunk) return part.value.join('');
  if (part instanceof InAdvance) {
    bound.push(...part.rendered.bound);
    return part.rendered.text;
  }
  if (part instanceof SQL) {
    let text = '';
    for (const chunk of part.queryChunks) text += textOf(chunk, bound);
    return text;
  }
  if (part === null || typeof part === 'string' || typeof part === 'number') return bind(part, bound);
  if (part instanceof Param) return textOfParam(part, bound);
  if (part instanceof Name || part instanceof Column || part instanceof Table) return nameOf(part);
  if (part === undefined) return '';
  if (typeof part === 'boolean') return bind(part, bound);
  throw new Error(`Nothing of this kind is rendered: ${typeof part}`);
}

function bind(value: unknown, bound: unknown[]): string {
  bound.push(value);
  return '?';
}

/** What a column encodes its values to can be SQL itself. */
function textOfParam({ value, encoder }: Param, bound: unknown[]): string {
  const encoded = value === null ? null : encoder.mapToDriverValue(value);
  return encoded instanceof SQL ? textOf(encoded, bound) : bind(encoded, bound);
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
