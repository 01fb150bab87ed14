import type { Dice } from '../../shared/dice.ts';
import { mutationDocument, type Result } from '../../shared/fixtures.ts';
import { graphqlRequest, type Variables } from '../../shared/gateway.ts';
import type { Command, Outcome } from '../client.ts';
import type { Entry, Model } from '../model.ts';

/** Built-in roles of a tenant. */
export const TENANT_ROLES = ['view', 'user'] as const;
export type TenantRole = (typeof TENANT_ROLES)[number];

/** What all clients of a sequence want to have or to change. */
export interface Shared {
  /** A customer that exists before, and is changed only by who knows its version. */
  customer: Entry;
  /** What was written over each version of it. */
  wins: { version: number; description: string }[];
  /** What at most one customer can have. */
  externalIds: readonly string[];
  /** The customers that have them. */
  wanted: Entry[];
  /** A customer that is upserted by its e-mail address, and what was done for it. */
  upserted: {
    email: string;
    name: string;
    externalId: string;
    outcomes: string[];
    ids: Set<string>;
    descriptions: string[];
  };
}

/** What a client chooses its next command from. */
export interface Scene {
  model: Model;
  dice: Dice;
  shared: Shared;
  roleIds: Record<TenantRole, string>;
  /** A value that nobody else has. */
  fresh(word: string): string;
}

/** Chooses a command of this kind; null if there is nothing that it could be done to. */
export type Choice = (scene: Scene) => Command | null;

/** A command that is one mutation of `/graphql`. */
export interface OwnCommand extends Command {
  document: string;
  input: Variables;
}
export type OwnChoice = (scene: Scene) => OwnCommand | null;

/** What a mutation of `/graphql` answered; null if a part of it could not be read. */
export function ownOutcome(name: string, result: Result | null | undefined): Outcome | null {
  if (!result) return null;
  if (!result.__typename.endsWith('Payload')) return { word: result.__typename, ids: [] };
  if (result.rows) {
    const rows: { outcome: string; id: string | null }[] = result.rows;
    const created = rows.flatMap(({ outcome, id }) => (outcome === 'CREATED' && id !== null ? [id] : []));
    return { word: rows.map(({ outcome }) => outcome).join(' '), ids: created };
  }
  const word: string = result.outcome ?? 'DONE';
  const record = Object.values(result).find((value) => typeof value === 'object' && value !== null);
  // What was erased is not there to be read anew. Of what is new, the id is needed.
  if (!record) return /^create/.test(name) || word === 'CREATED' ? null : { word, ids: [] };
  return { word, ids: [record.id] };
}

/** A mutation of `/graphql`. The effect is that of a success; an error must change nothing. */
export const own = (
  name: string,
  payload: string,
  input: Variables,
  expected: string | readonly string[],
  effect: (outcome: Outcome) => void,
): OwnCommand => ({
  name,
  document: mutationDocument(name, payload),
  input,
  request: (secret) => graphqlRequest(mutationDocument(name, payload), { input }, secret),
  outcomeOf: ({ data }) => ownOutcome(name, data?.[name]),
  expected: [expected].flat(),
  apply: (outcome) => {
    if (!outcome.word.endsWith('Error')) effect(outcome);
  },
});

/** The id of the one record that a command made or changed. */
export function idOf({ ids: [id, ...more] }: Outcome): string {
  if (id === undefined || more.length > 0) throw new Error('It was not one record');
  return id;
}

/** One of these; undefined if there is none. */
export const oneOf = <Thing>({ dice }: Scene, things: readonly Thing[]): Thing | undefined =>
  things.length === 0 ? undefined : dice.one(things);
