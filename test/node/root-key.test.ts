import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { rootKeyIn, secretsFile } from '../../src/cli/root-key.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
afterAll(() => rmSync(directory, { recursive: true }));

it('makes a key, in a file that nobody else may read, and finds it again', () => {
  const file = join(directory, 'new');
  const key = rootKeyIn(file);
  expect(key).toMatch(/^[0-9a-f]{64}$/);
  expect(readFileSync(file, 'utf8')).toBe(`ROOT_KEY="${key}"\n`);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(rootKeyIn(file)).toBe(key);
});

it('adds a key to what is in the file already', () => {
  const file = join(directory, 'without');
  writeFileSync(file, 'ALLOWED_ORIGINS="https://acme.example"');
  const key = rootKeyIn(file);
  expect(readFileSync(file, 'utf8')).toBe(`ALLOWED_ORIGINS="https://acme.example"\nROOT_KEY="${key}"\n`);
});

it('takes a key that is there as it is', () => {
  const file = join(directory, 'with');
  writeFileSync(file, '# mine\nROOT_KEY=chosen-by-hand # in a hurry\n');
  expect(rootKeyIn(file)).toBe('chosen-by-hand');
  expect(readFileSync(file, 'utf8')).toBe('# mine\nROOT_KEY=chosen-by-hand # in a hurry\n');
});

it('looks where wrangler does: beside its configuration, and for the environment first', () => {
  writeFileSync(join(directory, '.dev.vars.stage'), '');
  const config = join(directory, 'wrangler.toml');
  expect(secretsFile(config, 'stage')).toBe(join(directory, '.dev.vars.stage'));
  expect(secretsFile(config, 'other')).toBe(join(directory, '.dev.vars'));
});
