import { resolve } from 'node:path';
import { parseArgs } from 'node:util';

/** Thrown when the arguments are wrong, so that nothing is read or written. */
export class UsageError extends Error {}

/** A GraphQL API to read from or to write to, with the credential for it. */
interface Side {
  url: string;
  key: string;
}

/** The arguments of `npm run move:prismatic`. The path is absolute. */
export interface MoveArguments {
  from: Side;
  to: Side;
  /** The file that both ids of every record go to. */
  pairs: string;
}

/**
 * Reads the arguments of `npm run move:prismatic`; returns null if they ask for help. Paths are resolved against
 * `directory`.
 * @throws UsageError if the arguments are wrong.
 */
export function readArguments(args: string[], directory: string, env = process.env): MoveArguments | null {
  const values = parsed(args);
  if (values.help) return null;
  return {
    from: {
      url: new URL('/api', baseUrl(env.PRISMATIC_URL ?? 'https://app.prismatic.io')).href,
      key: credential(env, 'PRISM_ACCESS_TOKEN', 'An access token of Prismatic'),
    },
    to: { url: baseUrl(values.url), key: credential(env, 'TENANTRY_KEY', 'A key of the gateway') },
    pairs: resolve(directory, values.pairs),
  };
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        url: { type: 'string', default: 'http://localhost:8787' },
        pairs: { type: 'string', default: 'prismatic.pairs.csv' },
        help: { type: 'boolean', short: 'h' },
      },
    }).values;
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

function baseUrl(given: string): string {
  if (!/^https?:/.test(given) || !URL.canParse(given)) throw new UsageError(`This is no URL: ${given}`);
  return given.replace(/\/+$/, '');
}

function credential(env: NodeJS.ProcessEnv, name: string, what: string): string {
  const given = env[name];
  if (!given) throw new UsageError(`${what} is needed, in the environment variable ${name}.`);
  if (!/^[\x21-\x7e]+$/.test(given)) throw new UsageError(`${name} has characters that no credential has.`);
  return given;
}

/** The text of `npm run move:prismatic -- --help`. */
export const HELP = `npm run move:prismatic -- [options]

Reads the customers and users of an organization at Prismatic, and imports them. To run it again changes nothing more.

  --url <url>      the gateway; http://localhost:8787 if not given
  --pairs <path>   where both ids of every record go; prismatic.pairs.csv if not given. Each run replaces it

The environment has the credentials, which nobody else sees: PRISM_ACCESS_TOKEN to read with, as prism me:token prints it,
and TENANTRY_KEY, a key of the gateway. PRISMATIC_URL is https://app.prismatic.io if not given.
`;
