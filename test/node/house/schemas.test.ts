import { globSync, readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';

const made = vi.hoisted((): string[] => []);

vi.mock('zod', async (importOriginal) => {
  const counted = ([name, value]: [string, unknown]) => {
    if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [name, value];
    const counting = (...args: unknown[]) => {
      made.push(name);
      return Reflect.apply(value, null, args);
    };
    return [name, counting];
  };
  return Object.fromEntries(Object.entries(await importOriginal<object>()).map(counted));
});

it('makes a schema when something is read by it, and none of the others', async () => {
  const sources = globSync('src/{directory,dialects,http}/**/*.ts').filter((path) =>
    /'zod'|kernel\/(permission-)?input\.ts'/.test(readFileSync(path, 'utf8')),
  );
  expect(sources.length).toBeGreaterThan(70);
  for (const source of sources) await import(pathToFileURL(source).href);
  expect(made).toEqual([]);

  const { parse } = await import('../../../src/directory/kernel/input.ts');
  const { updateOrganization } = await import('../../../src/directory/organization/commands.ts');
  for (const _ of ['once', 'twice'])
    expect(parse(updateOrganization.input, { name: ' Acme ' })).toEqual({ name: 'Acme' });
  expect(made).toEqual(['string', 'object']);
});
