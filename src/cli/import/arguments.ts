import { basename, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { IMPORT_TYPES, IMPORTABLES, type ImportType } from './columns.ts';

/** Thrown when the arguments or the header of the file are wrong, so that nothing can be imported. */
export class UsageError extends Error {}

/** The arguments of `npm run import`. Paths are absolute. */
export interface ImportArguments {
  file: string;
  type: ImportType;
  url: string;
  key: string;
  /** The file that failed rows are written to. */
  failed: string;
  /** The encoding that the file is said to be in; null if nothing is said. */
  encoding: string | null;
  /** The columns that are meant by names in the file: `[name, column]`. */
  map: [string, string][];
  /** The file that says what would happen to each line; null if it is to happen. */
  dryRun: string | null;
}

/**
 * Reads the arguments of `npm run import`; returns null if they ask for help. Paths are resolved against `directory`.
 * @throws UsageError if the arguments are wrong.
 */
export function readArguments(args: string[], directory: string, { TENANTRY_KEY } = process.env) {
  const { values, positionals } = parsed(args);
  if (values.help) return null;
  const [given, ...more] = positionals;
  if (given === undefined || more.length > 0) throw new UsageError('Name one file.');
  const key = values.key ?? TENANTRY_KEY;
  if (!key) throw new UsageError('A key is needed: --key, or the environment variable TENANTRY_KEY.');
  if (!/^[\x21-\x7e]+$/.test(key)) throw new UsageError('The key has characters that no key has.');
  const file = resolve(directory, given);
  const named = given.replace(/\.csv$/i, '');
  const failed = resolve(directory, values.failed ?? `${named}.failed.csv`);
  if (failed === file) throw new UsageError('The failed rows need a file of their own.');
  const type = values.type === undefined ? typeByName(file) : IMPORT_TYPES.find((name) => name === values.type);
  if (!type) throw new UsageError(`Say what the rows are: --type ${IMPORT_TYPES.join('|')}.`);
  const encoding = values.encoding === undefined ? null : encodingOf(values.encoding);
  const map = (values.map ?? []).map(mapped);
  const dryRun = values['dry-run'] ? resolve(directory, `${named}.dry-run.csv`) : null;
  return { file, type, url: gatewayUrl(values.url), key, failed, encoding, map, dryRun } satisfies ImportArguments;
}

function parsed(args: string[]) {
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: {
        type: { type: 'string' },
        url: { type: 'string', default: 'http://localhost:8787' },
        key: { type: 'string' },
        failed: { type: 'string' },
        encoding: { type: 'string' },
        map: { type: 'string', multiple: true },
        'dry-run': { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Returns the type that the file's name contains; undefined unless it is exactly one. */
function typeByName(file: string): ImportType | undefined {
  const name = basename(file).toLowerCase();
  const [type, ...others] = IMPORT_TYPES.filter((candidate) => name.includes(candidate));
  return others.length === 0 ? type : undefined;
}

function gatewayUrl(given: string): string {
  if (!/^https?:/.test(given) || !URL.canParse(given)) throw new UsageError(`This is no URL of a gateway: ${given}`);
  return given.replace(/\/+$/, '').replace(/\/graphql$/, '');
}

/** Encodings in which a separator may be part of another letter, or that a file cannot be in. */
const NOT_READABLE = ['iso-2022-jp', 'x-user-defined'];

function encodingOf(given: string): string {
  try {
    const { encoding } = new TextDecoder(given, { fatal: true });
    if (!NOT_READABLE.includes(encoding)) return encoding;
  } catch {
    // It is said below.
  }
  throw new UsageError(`This encoding cannot be read: ${given}. Save the file in UTF-8.`);
}

function mapped(given: string): [string, string] {
  const [, name, column] = /^(.+)=([^=]+)$/s.exec(given) ?? [];
  if (!name?.trim() || !column) throw new UsageError(`--map takes a name of the file and a column, not ${given}`);
  return [name, column];
}

const columnsHelp = IMPORT_TYPES.map((type) => {
  const lines = Object.entries(IMPORTABLES[type].columns).map(([name, about]) => `  ${name.padEnd(26)} ${about}`);
  return `Columns of ${type}:\n${lines.join('\n')}`;
});

/** The text of `npm run import -- --help`. */
export const HELP = `npm run import -- <file.csv> [options]

Creates or updates what the lines of the file name. To run it again changes nothing more.

  --type <type>    ${IMPORT_TYPES.join(', ')}; if not given, by the name of the file
  --url <url>      the gateway; http://localhost:8787 if not given
  --key <key>      a key of the gateway; if not given, the environment variable TENANTRY_KEY, which nobody else sees
  --failed <path>  where failed rows go, with their errors; <file>.failed.csv if not given. Each run replaces it
  --encoding <name> what the file is in, such as windows-1252; if not given, UTF-8, or what its byte order mark says
  --map <name=column>  reads the column of that name in the file as one of those below; may be given for several
  --dry-run        writes nothing but <file>.dry-run.csv, which says of each line what would happen

The first line names the columns, in any order, in upper or lower case, with spaces, _ and - or without. Cells are separated
by commas, semicolons or tabs. true and false may be yes and no, or 1 and 0. An empty cell is not given: it clears nothing.
A column "error" is passed over, so that a file of failed rows can be corrected and imported.

${columnsHelp.join('\n\n')}
`;
