import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePort } from '../node/shared/started.ts';

let directory: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
});

afterAll(async () => {
  await rm(directory, { recursive: true, force: true });
});

/** The tour of the README, on a port and in a folder of its own. What it installs is there. */
async function tour(): Promise<string> {
  const readme = await readFile(new URL('../../README.md', import.meta.url), 'utf8');
  const [, script = ''] = /## A first tour\n[\s\S]*?```sh\n([\s\S]*?)```/.exec(readme) ?? [];
  const places: [string, string][] = [
    ['npm ci\n', ''],
    ['8788', String(await freePort())],
    ['.wrangler/tour', join(directory, 'state')],
    ['tour.log', join(directory, 'log')],
  ];
  return places.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replaceAll(from, to);
  }, script);
}

it('the tour of the README, pasted from top to bottom, ends with somebody who sees her own tenant alone', async () => {
  const { stdout } = await promisify(execFile)('bash', ['-c', await tour()]);
  const answers = [...stdout.matchAll(/^\{"data":.*$/gm)].map(([json]) => JSON.parse(json).data);
  const seenBy = (names: readonly string[]) => ({ tenants: { nodes: names.map((name) => ({ name })) } });
  expect(answers.at(-2)).toEqual({ viewer: { user: { name: 'Ada' } }, ...seenBy(['Acme']) });
  expect(answers.at(-1)).toEqual(seenBy(['Brightwater', 'Acme']));
});
