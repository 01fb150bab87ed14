import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './house.ts';

const SCHEMA = readFileSync(new URL('../../../schema.sql', import.meta.url), 'utf8');

/** Which command keeps the index of search need not be known: whatever writes a record does. */
const triggers = [...SCHEMA.matchAll(/^CREATE TRIGGER (\w+)/gm)]
  .map(([, name]) => name ?? '')
  .filter((name) => !/_search_/.test(name));

const comments = sourceFiles()
  .filter(({ path }) => path.startsWith('directory/'))
  .flatMap(({ text }) => text.match(/\/\*\*.*?\*\//gs) ?? []);

describe('a trigger', () => {
  it.each(triggers)('%s is named in the doc comment of what sets it off', (name) => {
    expect(comments.filter((comment) => comment.includes(`\`${name}\``))).not.toEqual([]);
  });

  it('that is named somewhere is one that the migrations make', () => {
    const named = comments.flatMap((comment) => [...comment.matchAll(/triggers? `(\w+)`/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !triggers.includes(name ?? ''))).toEqual([]);
  });
});
