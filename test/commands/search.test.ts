import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { indexArguments } from '../../src/cli/arguments.ts';
import { ask, type Gateway } from '../../src/cli/shared/gateway.ts';
import { migrate } from '../node/shared/migrated.ts';
import { serveMigrated, stopAll } from '../node/shared/started.ts';

let database: string;

beforeAll(async () => {
  database = await mkdtemp(join(tmpdir(), 'tenantry-'));
  migrate(database);
});

afterAll(async () => {
  await stopAll();
  await rm(database, { recursive: true, force: true });
});

const npmRun = (script: string) => promisify(execFile)('npm', ['run', script, '--', '--persist-to', database]);

const found = async (gateway: Gateway, search = 'PADDLE') => {
  const shape = z.object({ customers: z.object({ nodes: z.array(z.object({ name: z.string() })) }) });
  const document =
    'query($search: String!) { customers(filter: { search: $search }, orderBy: { field: NAME }) { nodes { name } } }';
  return (await ask(gateway, document, { search }, shape)).customers.nodes.map(({ name }) => name);
};

describe('npm run search:drop', () => {
  it('leaves a gateway that can do everything but search, and search:rebuild one that finds what it found, and more', async () => {
    const gateway = await serveMigrated(database);
    const document = 'mutation($name: String!) { createCustomer(input: { name: $name }) { __typename } }';
    await ask(gateway, document, { name: 'Driftline Paddle Sports' }, z.unknown());
    expect(await found(gateway)).toEqual(['Driftline Paddle Sports']);

    expect((await npmRun('search:drop')).stdout).toContain('The search index was dropped.');
    await expect(found(gateway)).rejects.toThrow();
    const created = await ask(gateway, document, { name: 'Another paddle' }, z.unknown());
    expect(created).toEqual({ createCustomer: { __typename: 'CreateCustomerPayload' } });

    expect((await npmRun('search:rebuild')).stdout).toContain('The search index was rebuilt.');
    expect(await found(gateway)).toEqual(['Another paddle', 'Driftline Paddle Sports']);
    expect(await found(gateway, 'sp paddle')).toEqual(['Driftline Paddle Sports']);
    await gateway.stop();
  });
});

describe('the arguments of npm run search:rebuild', () => {
  it('say which database is meant: the local one, unless they say otherwise', () => {
    expect(indexArguments([])).toEqual({ drop: false, database: ['--local'] });
    expect(indexArguments(['--persist-to', 'data', '--drop'])).toEqual({
      drop: true,
      database: ['--local', '--persist-to=data'],
    });
    expect(indexArguments(['-e', 'stage', '--remote', '-c=x.toml']).database).toEqual(
      expect.arrayContaining(['--remote', '--env=stage']),
    );
    expect(() => indexArguments(['--remotely'])).toThrow('--remotely');
  });
});
