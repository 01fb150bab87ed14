import type { Actor as DirectoryActor } from '../../directory/access/actor.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { Actor } from './actor.ts';
import type { OutputFields } from './builder.ts';
import { reads } from './reads.ts';

/** The columns in which a record keeps when and by whom it was changed. */
interface Audited {
  createdAt: Date;
  createdByType: DirectoryActor['type'];
  createdById: string | null;
  updatedAt: Date;
  updatedByType: DirectoryActor['type'];
  updatedById: string | null;
  deletedAt: Date | null;
  version: number;
}

/** What moves the time, the version, the events and the place in the order of change of a tenant or a customer: all, or none. */
const movedBy = (word: string): string =>
  `Its own fields move it, and its deletion and restoration: a membership, a role or a data source is a record of its own, and moves no ${word}.`;

/** Makes a resolver of what a field reads, and may refuse callers first. */
type Resolving<Row> = <Value>(read: (row: Row) => Value) => (row: Row, args: object, caller: Caller) => Value;

/**
 * Returns the fields that say when and by whom a record was created, changed and deleted, and its version. `resolving`
 * makes their resolvers, and may refuse callers: by default, who reads the record reads these.
 */
export const auditFields = <Row extends Audited>(
  t: OutputFields<Row>,
  word: string,
  resolving: Resolving<Row> = (read) => (row) => read(row),
) => ({
  createdAt: t.field({
    type: 'DateTime',
    description: `When the ${word} was created. It never changes.`,
    ...reads('createdAt'),
    resolve: resolving(({ createdAt }) => createdAt),
  }),
  createdBy: t.field({
    type: Actor,
    description: `Who created the ${word}.`,
    ...reads('createdByType', 'createdById'),
    resolve: resolving(({ createdByType: type, createdById: id }) => ({ type, id })),
  }),
  updatedAt: t.field({
    type: 'DateTime',
    description: `When the ${word} was last changed. ${movedBy(word)}`,
    ...reads('updatedAt'),
    resolve: resolving(({ updatedAt }) => updatedAt),
  }),
  updatedBy: t.field({
    type: Actor,
    description: `Who changed the ${word} last, or created it.`,
    ...reads('updatedByType', 'updatedById'),
    resolve: resolving(({ updatedByType: type, updatedById: id }) => ({ type, id })),
  }),
  deletedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: `When the ${word} was deleted; null while it is live.`,
    ...reads('deletedAt'),
    resolve: resolving(({ deletedAt }) => deletedAt),
  }),
  version: t.int({
    description: `Counts the changes, from 1. ${movedBy(word)}`,
    ...reads('version'),
    resolve: resolving(({ version }) => version),
  }),
});
