import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { afterAll, expect, it } from 'vitest';
import { devVarsFile, devVarsIn } from '../../../src/cli/dev-vars.ts';
import { signingKeys } from '../../../src/cli/signing-keys.ts';
import { parseSigningKeys, signerWith } from '../../../src/directory/access/signer.ts';

const directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
afterAll(() => rmSync(directory, { recursive: true }));

const read = (file: string) => readFileSync(file, 'utf8');

it('makes all that people sign in with, in a file that nobody else may read, and finds it again', async () => {
  const file = join(directory, 'new');
  const { rootKey } = await devVarsIn(file);
  expect(rootKey).toMatch(/^[0-9a-f]{64}$/);
  const made = read(file);
  const { ROOT_KEY, SIGNING_KEYS = '', MAIL_FROM, PUBLIC_URL, OWN_MACHINE, ...others } = parseEnv(made);
  expect({ ROOT_KEY, MAIL_FROM, PUBLIC_URL, OWN_MACHINE, others }).toEqual({
    ROOT_KEY: rootKey,
    MAIL_FROM: 'Tenantry <tenantry@localhost>',
    PUBLIC_URL: '',
    OWN_MACHINE: '1',
    others: {},
  });
  expect(parseSigningKeys(SIGNING_KEYS)).toMatchObject([{ kty: 'OKP', d: expect.any(String) }]);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(await devVarsIn(file)).toEqual({ rootKey });
  expect(read(file)).toBe(made);
});

it('adds what is missing to what is in the file already', async () => {
  const file = join(directory, 'without');
  const before = '# mine\nMAIL_FROM="Acme <acme@acme.example>"\nROOT_KEY=chosen-by-hand # in a hurry';
  writeFileSync(file, before);
  expect(await devVarsIn(file)).toEqual({ rootKey: 'chosen-by-hand' });
  expect(read(file)).toMatch(/^SIGNING_KEYS='\{"keys":\[\{.*\}\]\}'$/m);
  expect(read(file).startsWith(`${before}\nSIGNING_KEYS=`)).toBe(true);
  expect(read(file).trimEnd().split('\n')).toHaveLength(6);
});

it('takes what is there as it is, even if it is empty', async () => {
  const file = join(directory, 'with');
  const text = 'ROOT_KEY=chosen-by-hand\nSIGNING_KEYS=\nMAIL_FROM=""\nPUBLIC_URL=http://localhost:1\nOWN_MACHINE=\n';
  writeFileSync(file, text);
  expect(await devVarsIn(file)).toEqual({ rootKey: 'chosen-by-hand' });
  expect(read(file)).toBe(text);
});

it('puts a new key in front of the public half of the last one, and takes nothing for no keys', async () => {
  const first = await signingKeys();
  const second = await signingKeys(first);
  const kids = (text: string) => parseSigningKeys(text).map(({ kid, d }) => `${kid} ${d ? 'signs' : 'verifies'}`);
  const kidOf = (text: string) => parseSigningKeys(text)[0]?.kid;
  expect(kids(second)).toEqual([`${kidOf(second)} signs`, `${kidOf(first)} verifies`]);
  const third = await signingKeys(second);
  expect(kids(third)).toEqual([`${kidOf(third)} signs`, `${kidOf(second)} verifies`]);
  for (const nothing of ['', '{}', '<html>']) await expect(signingKeys(nothing)).rejects.toThrow();
});

it('looks where wrangler does: beside its configuration, and for the environment first', () => {
  writeFileSync(join(directory, '.dev.vars.stage'), '');
  const config = join(directory, 'wrangler.toml');
  expect(devVarsFile(config, 'stage')).toBe(join(directory, '.dev.vars.stage'));
  expect(devVarsFile(config, 'other')).toBe(join(directory, '.dev.vars'));
});

it('signs with a new key in front of those before, of which only the public halves stay', async () => {
  const before = await signingKeys();
  const [{ d = '', ...publicHalf } = {}] = parseSigningKeys(before);
  // As they are, or as the gateway publishes them.
  const published = signerWith(parseSigningKeys(before), 'https://tenantry.test').publicKeys;
  for (const old of [before, JSON.stringify(published)]) {
    const after = await signingKeys(old);
    const [signer, ...others] = parseSigningKeys(after);
    expect(signer?.d).toBeDefined();
    expect(others).toEqual([publicHalf]);
    expect(d !== '' && after.includes(d)).toBe(false);
  }
});
