// biome-ignore lint/style/noRestrictedImports: this is what stands in its place
import { sql as drizzled, SQL, type SQLChunk, StringChunk } from 'drizzle-orm';

/*
 * Drizzle's `sql`, with the same results. Statements are put together of a hundred parts for each request: here a template is taken
 * apart once, and parts are not asked whether they are tables, by which Drizzle would know what to forget of a cache.
 */

/** The texts of each template, between what is put into it. */
const texts = new WeakMap<TemplateStringsArray, readonly StringChunk[]>();

function textsOf(template: TemplateStringsArray): readonly StringChunk[] {
  const known = texts.get(template);
  if (known) return known;
  const taken = template.map((text) => new StringChunk(text));
  texts.set(template, taken);
  return taken;
}

/** Returns SQL with no parts so far, which Drizzle looks through as it makes it, and the list that they are to be put into. */
function begun<T>(): { made: SQL<T>; chunks: SQLChunk[] } {
  const chunks: SQLChunk[] = [];
  return { made: new SQL<T>(chunks), chunks };
}

// biome-ignore lint/suspicious/noExplicitAny: as in Drizzle's, anything can be put into a statement
function template<T>(strings: TemplateStringsArray, ...parts: any[]): SQL<T> {
  const { made, chunks } = begun<T>();
  textsOf(strings).forEach((text, at) => {
    if (at > 0) chunks.push(parts[at - 1]);
    chunks.push(text);
  });
  return made;
}

function join(parts: readonly SQLChunk[], separator?: SQLChunk): SQL {
  const { made, chunks } = begun();
  parts.forEach((part, at) => {
    if (at > 0 && separator !== undefined) chunks.push(separator);
    chunks.push(part);
  });
  return made;
}

/** Makes SQL of a template; what is put into it is bound, unless it is SQL itself, or a table or column. */
export const sql = Object.assign(template, {
  join,
  raw: drizzled.raw,
  identifier: drizzled.identifier,
  param: drizzled.param,
});
