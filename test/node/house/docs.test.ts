import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { roomOf, type SourceFile, sourceFile, sourceFiles } from './house.ts';

const IMPORT = /^(?:import|export) (?:type )?\{([^}]*)\} from '(\.[^']+)'/gms;
const EXPORT =
  /(\/\*\*(?:(?!\*\/)[\s\S])*\*\/\n)?^export (?:async |abstract )*(?:const|function|class|interface|type) (\w+)/gm;

/** A comment that begins like this points to the line above, and cannot be read alone. */
const POINTS_BACK =
  /^(?:the same\b|likewise|as well|none\b|same\b|those\b|these\b|them\b|so does|it\b|they\b|of (?:it|them|these)\b)/i;

/** The names in a file that a file of another room imports. */
function namesUsedElsewhere(files: readonly SourceFile[]): ReadonlySet<string> {
  const used = files.flatMap(({ path, room, text }) =>
    [...text.matchAll(IMPORT)].flatMap(([, names = '', from = '']) => {
      const target = join(path, '..', from);
      if (roomOf(target) === room) return [];
      return names.split(',').map(
        (name) =>
          `${target} ${name
            .trim()
            .replace(/^type /, '')
            .replace(/ as .*/, '')}`,
      );
    }),
  );
  return new Set(used);
}

interface Documented {
  name: string;
  /** The text of its doc comment, without the stars; empty if it has none. */
  comment: string;
}

/** The exports that another room uses, each with its doc comment. */
function sharedExports(files: readonly SourceFile[]): Documented[] {
  const used = namesUsedElsewhere(files);
  return files.flatMap(({ path, text }) =>
    [...text.matchAll(EXPORT)]
      .map(([, comment = '', name = '']) => ({
        name: `${path} ${name}`,
        comment: comment.replaceAll(/^\s*(?:\/\*\*|\*\/|\*)|\*\/$/gm, '').trim(),
      }))
      .filter(({ name }) => used.has(name)),
  );
}

const undocumented = (exports: readonly Documented[]) => exports.filter(({ comment }) => comment === '');
const pointingBack = (exports: readonly Documented[]) => exports.filter(({ comment }) => POINTS_BACK.test(comment));
const namesOf = (exports: readonly Documented[]) => exports.map(({ name }) => name);

describe('what one room uses of another', () => {
  const exports = sharedExports(sourceFiles());

  it('has a doc comment', () => {
    expect(exports.length).toBeGreaterThan(400);
    expect(namesOf(undocumented(exports))).toEqual([]);
  });

  it('is described by a sentence that can be read alone', () => expect(namesOf(pointingBack(exports))).toEqual([]));

  it('would be found without one, or with one that points back', () => {
    const user = sourceFile('directory/access/a.ts', "import { one, other, type Third } from '../kernel/k.ts';\n");
    const source = [
      '/** The same for one. */\nexport const one = 1;\n',
      'export function other() {}\n',
      '/** A third, which is described. */\nexport interface Third {}\n',
      'export const unused = 1;\n',
    ].join('\n');
    const found = sharedExports([user, sourceFile('directory/kernel/k.ts', source)]);
    expect(namesOf(undocumented(found))).toEqual(['directory/kernel/k.ts other']);
    expect(namesOf(pointingBack(found))).toEqual(['directory/kernel/k.ts one']);
    expect(found).toHaveLength(3);
  });
});
