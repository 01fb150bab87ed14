import { parseArgs } from 'node:util';

/** Those of wrangler's options that say which database is meant: both of its commands must be given the same. */
const SHARED = {
  'persist-to': { type: 'string' },
  config: { type: 'string', short: 'c' },
  env: { type: 'string', short: 'e' },
} as const;

export interface Arguments {
  demo: boolean;
  /** What `wrangler d1 migrations apply` is given. */
  migrate: string[];
  /** What `wrangler dev` is given: everything that is not ours. */
  dev: string[];
  config: string | undefined;
  env: string | undefined;
}

/** Shares out the arguments of `npm start`. It knows few of wrangler's own, so it takes any. */
export function shareOut(args: string[]): Arguments {
  const { values, tokens } = parseArgs({
    args,
    options: { ...SHARED, 'no-demo': { type: 'boolean' }, remote: { type: 'boolean', short: 'r' } },
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const options = tokens.filter((token) => token.kind === 'option');
  const ours = options.filter(({ name }) => name === 'no-demo').map(({ index }) => index);
  return {
    // Never into a database on the network, however empty it is.
    demo: ours.length === 0 && values.remote !== true,
    migrate: options.flatMap(({ name, value }) =>
      name in SHARED && value !== undefined ? [`--${name}=${value}`] : [],
    ),
    dev: args.filter((_, index) => !ours.includes(index)),
    config: text(values.config),
    env: text(values.env),
  };
}

// In its lenient mode the parser answers true for an option that lacks its value; wrangler will complain of that.
const text = (value: string | boolean | undefined) => (typeof value === 'string' ? value : undefined);

/** The arguments of `npm run search:rebuild`: which database is meant, the local one by default. Throws at any other. */
export function indexArguments(args: string[]): { drop: boolean; database: string[] } {
  const { values } = parseArgs({
    args,
    options: { ...SHARED, remote: { type: 'boolean' }, drop: { type: 'boolean' } },
  });
  const { drop = false, remote = false, ...shared } = values;
  const database = Object.entries(shared).map(([name, value]) => `--${name}=${value}`);
  return { drop, database: [remote ? '--remote' : '--local', ...database] };
}
