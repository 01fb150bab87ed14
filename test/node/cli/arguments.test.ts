import { expect, it } from 'vitest';
import { shareOut } from '../../../src/cli/arguments.ts';

it.each([[['--persist-to', 'data']], [['--persist-to=data']]])(
  'gives both of wrangler’s commands the database: %j',
  (args) => {
    expect(shareOut(args)).toMatchObject({ migrate: ['--persist-to=data'], dev: args });
  },
);

it('gives both the configuration and the environment, by their short names too', () => {
  const args = ['-c', 'other/wrangler.toml', '--env=stage'];
  const { migrate, dev, config, env } = shareOut(args);
  expect(migrate).toEqual(['--config=other/wrangler.toml', '--env=stage']);
  expect(dev).toEqual(args);
  expect({ config, env }).toEqual({ config: 'other/wrangler.toml', env: 'stage' });
});

it('gives everything else to the server only, and keeps its own', () => {
  const args = ['--port', '8799', '--no-demo', '--ip=0.0.0.0'];
  expect(shareOut(args)).toMatchObject({ demo: false, migrate: [], dev: ['--port', '8799', '--ip=0.0.0.0'] });
});

it.each([[['--remote']], [['-r']]])('adds no demo to a database on the network: %j', (args) => {
  expect(shareOut(args).demo).toBe(false);
  expect(shareOut([]).demo).toBe(true);
});
