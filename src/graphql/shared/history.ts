import type { Actor as DirectoryActor } from '../../directory/access/actor.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { Actor } from './actor.ts';
import type { OutputFields } from './builder.ts';

/** What a record of an entity with versions keeps of its changes. */
interface History {
  createdAt: Date;
  createdByType: DirectoryActor['type'];
  createdById: string | null;
  updatedAt: Date;
  updatedByType: DirectoryActor['type'];
  updatedById: string | null;
  deletedAt: Date | null;
  version: number;
}

/** Makes the resolver of a field from what the field reads. */
type Resolving<Row> = <Value>(read: (row: Row) => Value) => (row: Row, args: object, caller: Caller) => Value;

/**
 * The fields that say when and by whom a record was created, changed and deleted. `resolving` makes their resolvers:
 * it refuses whom they are not for.
 */
export const historyFields = <Row extends History>(
  t: OutputFields<Row>,
  word: string,
  resolving: Resolving<Row> = (read) => (row) => read(row),
) => ({
  createdAt: t.field({
    type: 'DateTime',
    description: `When the ${word} was created.`,
    resolve: resolving(({ createdAt }) => createdAt),
  }),
  createdBy: t.field({
    type: Actor,
    description: `Who created the ${word}.`,
    resolve: resolving(({ createdByType: type, createdById: id }) => ({ type, id })),
  }),
  updatedAt: t.field({
    type: 'DateTime',
    description: `When the ${word} was last changed.`,
    resolve: resolving(({ updatedAt }) => updatedAt),
  }),
  updatedBy: t.field({
    type: Actor,
    description: `Who changed the ${word} last, or created it.`,
    resolve: resolving(({ updatedByType: type, updatedById: id }) => ({ type, id })),
  }),
  deletedAt: t.field({
    type: 'DateTime',
    nullable: true,
    description: `When the ${word} was deleted; null while it is live.`,
    resolve: resolving(({ deletedAt }) => deletedAt),
  }),
  version: t.int({
    description: 'Counts the changes, from 1.',
    resolve: resolving(({ version }) => version),
  }),
});
