import { globSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { expect, it, vi } from 'vitest';

const made = vi.hoisted((): string[] => []);

vi.mock('zod', async (importOriginal) => {
  const counting = ([name, value]: [string, unknown]): [string, unknown] => {
    if (name === 'iso' || name === 'coerce') return [name, counted(Object(value))];
    if (typeof value !== 'function' || !/^[a-z]/.test(name)) return [name, value];
    const make = (...args: unknown[]): unknown => {
      made.push(name);
      return Reflect.apply(value, null, args);
    };
    return [name, make];
  };
  const counted = (names: object): object => Object.fromEntries(Object.entries(names).map(counting));
  return counted(await importOriginal<object>());
});

it('makes a schema when something is read by it, and none of the others', async () => {
  // Without those that build a schema of GraphQL, which tests in Node cannot.
  const exclude = ['**/{schema,schemas,read-schema,printed}.ts'];
  const sources = globSync('src/{directory,dialects,graphql,http/auth}/**/*.ts', { exclude });
  expect(sources.length).toBeGreaterThan(300);
  for (const source of sources) await import(pathToFileURL(source).href);
  expect(made).toEqual([]);

  const { parse } = await import('../../../src/directory/kernel/input.ts');
  const { updateOrganization } = await import('../../../src/directory/organization/commands.ts');
  const read = () => parse(updateOrganization.input, { name: ' Acme ' });
  expect(read()).toEqual({ name: 'Acme' });
  const { length } = made;
  expect(length).toBeGreaterThan(0);
  expect(read()).toEqual({ name: 'Acme' });
  expect(made.length).toBe(length);
});
