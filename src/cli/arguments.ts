import { parseArgs } from 'node:util';
import type { LocalDatabase } from './local-database.ts';

/** Options of wrangler that choose the database. */
const SHARED = {
  'persist-to': { type: 'string' },
  config: { type: 'string', short: 'c' },
  env: { type: 'string', short: 'e' },
} as const;

/** The arguments of `npm start`, by who gets them. */
export interface Arguments {
  /** Whether only to say what there is to say. */
  help: boolean;
  demo: boolean;
  /** The database that is served. */
  local: LocalDatabase;
  /** The arguments of `wrangler dev`: all that `npm start` does not know itself. */
  dev: string[];
}

/** Splits the arguments of `npm start`. It accepts unknown options, because they may be wrangler's. */
export function shareOut(args: string[]): Arguments {
  const { values, tokens } = parseArgs({
    args,
    options: {
      ...SHARED,
      'no-demo': { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
      remote: { type: 'boolean', short: 'r' },
    },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options = tokens.filter((token) => token.kind === 'option');
  const ours = options.filter(({ name }) => name === 'no-demo').map(({ index }) => index);
  return {
    help: values.help === true,
    // Never into a database on the network, however empty it is.
    demo: ours.length === 0 && values.remote !== true,
    dev: args.filter((_, index) => !ours.includes(index)),
    local: { config: text(values.config), env: text(values.env), persistTo: text(values['persist-to']) },
  };
}

// In its lenient mode, the parser returns true for an option without its value. wrangler reports that.
const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);

/**
 * Reads the arguments of `npm run search:rebuild`: what to do, and the database, by default the local one.
 * @throws TypeError for an unknown argument.
 */
export function indexArguments(args: string[]): { drop: boolean; database: string[] } {
  const { values } = parseArgs({
    args,
    options: { ...SHARED, remote: { type: 'boolean' }, drop: { type: 'boolean' } },
  });
  const { drop = false, remote = false, ...shared } = values;
  const database = Object.entries(shared).map(([name, value]) => `--${name}=${value}`);
  return { drop, database: [remote ? '--remote' : '--local', ...database] };
}

/**
 * Reads the arguments of `npm run keys` and `npm run db:reset`: the database, by default the local one.
 * @throws TypeError for an unknown argument.
 */
export function keysArguments(args: string[]): { remote: boolean; database: LocalDatabase } {
  const { values } = parseArgs({ args, options: { ...SHARED, remote: { type: 'boolean' } } });
  const { remote = false, config, env, 'persist-to': persistTo } = values;
  return { remote, database: { config, env, persistTo } };
}
