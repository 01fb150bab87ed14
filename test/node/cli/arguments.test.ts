import { expect, it } from 'vitest';
import { shareOut } from '../../../src/cli/arguments.ts';

it.each([[['--persist-to', 'data']], [['--persist-to=data']]])('names the same database to all: %j', (args) => {
  expect(shareOut(args)).toMatchObject({
    local: { persistTo: 'data' },
    dev: args,
  });
});

it('gives all the configuration and the environment, by their short names too', () => {
  const args = ['-c', 'other/wrangler.toml', '--env=stage'];
  const { dev, local } = shareOut(args);
  expect(dev).toEqual(args);
  expect(local).toMatchObject({ config: 'other/wrangler.toml', env: 'stage' });
});

it('gives everything else to the server only, and keeps its own', () => {
  const args = ['--port', '8799', '--no-demo', '--ip=0.0.0.0'];
  expect(shareOut(args)).toMatchObject({ demo: false, dev: ['--port', '8799', '--ip=0.0.0.0'] });
});

it.each([[['--remote']], [['-r']]])('adds no demo to a database on the network: %j', (args) => {
  expect(shareOut(args).demo).toBe(false);
  expect(shareOut([]).demo).toBe(true);
});
