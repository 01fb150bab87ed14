import { keyOfEmail } from '../../../src/directory/kernel/email-address.ts';
import { keyOfExternalId, keyOfName } from '../../../src/directory/kernel/keys.ts';

/** A row, or a record, as far as this directory looks at it. */
export interface Fake {
  externalId?: string;
  email?: string | { address: string };
  name?: string;
  kind?: string;
}

export interface FakeResult {
  path: string;
  outcome: string;
  id: string | null;
  changes: string[];
  errors: { code: string; message: string }[];
}

/** A row of a call, with the record that it names and what that would be. */
interface Change {
  path: string;
  id: string;
  row: Fake;
  after: Fake;
  errors: FakeResult['errors'];
}

/** What a row is named by. */
function identity(row: Fake): string {
  const address = addressOf(row);
  if (row.externalId) return `externalId ${keyOfExternalId(row.externalId)}`;
  return address === undefined ? `name ${keyOfName(row.name ?? '')}` : `email ${keyOfEmail(address)}`;
}

const addressOf = ({ email }: Fake) => (typeof email === 'object' ? email.address : email);

/**
 * Customers in memory, imported by the rules of the directory: a unique value is judged on the state after all rows of a
 * call, two rows that would end with it fail both, and a row that fails frees nothing. A name that begins with "bad" fails.
 */
export class FakeDirectory {
  readonly records = new Map<string, Fake>();
  /** How many of them there ever were. */
  #count = 0;
  /** What means which record, as long as nothing is written. */
  #known: Map<string, string> | null = null;

  /** The record that an external id, or else an address, or else a name means. */
  find(row: Fake): Fake | undefined {
    return this.records.get(this.#ids().get(identity(row)) ?? '');
  }

  import(rows: readonly Fake[], isDry: boolean): FakeResult[] {
    const ids = this.#ids();
    const changes = rows.map((row, index): Change => {
      const id = ids.get(identity(row));
      const given = Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
      const after = { kind: 'COMPANY', ...(id !== undefined && this.records.get(id)), ...given };
      const path = `rows.${index}`;
      const isBad = row.name?.startsWith('bad');
      const errors = isBad ? [{ code: 'validation_failed', message: `${path}.name must not be bad.` }] : [];
      return { path, id: id ?? `new ${path}`, row, after, errors };
    });
    this.#refuseNamedTwice(changes);
    while (this.#refuseTaken(changes));
    const results = changes.map((change) => this.#resultOf(change));
    if (!isDry) for (const change of changes) if (change.errors.length === 0) this.#write(change);
    return results;
  }

  /** The ids of records by all that may mean them. */
  #ids(): Map<string, string> {
    const meanings = ({ externalId, email, name }: Fake) => [
      ...(externalId ? [{ externalId }] : []),
      ...(email ? [{ email }] : []),
      ...(name ? [{ name }] : []),
    ];
    this.#known ??= new Map(
      [...this.records].flatMap(([id, record]) => meanings(record).map((one) => [identity(one), id])),
    );
    return this.#known;
  }

  #refuseNamedTwice(changes: readonly Change[]): void {
    const first = new Map(changes.toReversed().map((change) => [change.id, change]));
    for (const change of changes) {
      const other = first.get(change.id);
      if (other && other !== change) {
        const message = `${change.path}.externalId names the same customer as ${other.path}.`;
        change.errors.push({ code: 'validation_failed', message });
        other.errors.push({ code: 'validation_failed', message });
      }
    }
  }

  /** Fails the rows whose values others would have, and returns whether there were any. */
  #refuseTaken(changes: readonly Change[]): boolean {
    const good = changes.filter(({ errors }) => errors.length === 0);
    const after = new Map([...this.records].map(([id, record]) => [id, { record, path: '' }]));
    for (const { id, after: record, path } of good) after.set(id, { record, path });
    const holders = new Map<string, { id: string; path: string }[]>();
    for (const [id, { record, path }] of after) {
      for (const [, value] of unique(record)) holders.set(value, [...(holders.get(value) ?? []), { id, path }]);
    }
    for (const change of good) {
      const had = new Set(unique(this.records.get(change.id) ?? {}).map(([, value]) => value));
      for (const [at, value] of unique(change.after)) {
        if (had.has(value)) continue;
        const other = holders.get(value)?.find(({ id }) => id !== change.id);
        if (!other) continue;
        const where = `${change.path}.${at}`;
        const whose = other.path === '' ? 'belongs to another record' : `is that of ${other.path}, too`;
        change.errors.push({ code: 'already_exists', message: `The value given at ${where} ${whose}.` });
      }
    }
    return good.some(({ errors }) => errors.length > 0);
  }

  #resultOf({ path, id, row, errors }: Change): FakeResult {
    if (errors.length > 0) return { path, outcome: 'FAILED', id: null, changes: [], errors };
    const before = this.records.get(id);
    if (!before) return { path, outcome: 'CREATED', id: null, changes: [], errors };
    const changed = (Object.keys(row) as (keyof Fake)[]).filter(
      (name) => JSON.stringify(row[name]) !== JSON.stringify(before[name]),
    );
    return { path, outcome: changed.length > 0 ? 'UPDATED' : 'NOOP', id, changes: changed, errors };
  }

  #write({ id, after }: Change): void {
    this.#known = null;
    this.#count += 1;
    this.records.set(id.startsWith('new ') ? `record ${this.#count}` : id, after);
  }
}

const known = new WeakMap<Fake, [string, string][]>();

/** The unique values of a record, each with where it is. */
function unique(record: Fake): [string, string][] {
  const values = known.get(record) ?? uniqueIn(record);
  known.set(record, values);
  return values;
}

const KEYS: Record<string, (value: string) => string> = {
  externalId: keyOfExternalId,
  'email.address': keyOfEmail,
  name: keyOfName,
};

const uniqueIn = (record: Fake): [string, string][] =>
  [
    ['externalId', record.externalId],
    ['email.address', addressOf(record)],
    // Of what has nothing else, the name is who it is.
    ['name', record.kind === 'COMPANY' && (record.externalId || record.email) ? record.name : undefined],
  ].flatMap(([at, value]): [string, string][] => (at && value ? [[at, `${at} ${KEYS[at]?.(value)}`]] : []));
