import type { Actor as DirectoryActor } from '../../directory/access/actor.ts';
import { builder } from './builder.ts';
import { toGlobalId } from './ids.ts';

/** The kinds of actors, as events and records name them and as `viewer` has its own. */
export const ActorType = builder.enumType('ActorType', {
  description: 'What kind of credential or process acts.',
  values: {
    ROOT: { description: 'The root key of the deployment, which stands in no table and has no id.' },
    API_KEY: { description: 'An API key.' },
    USER: { description: 'A user who signed in.' },
    SYSTEM: { description: 'Tenantry itself, and nobody in particular.' },
  } as const,
});

/** An actor as events and records have it: its id is local, and null for ROOT and SYSTEM. */
interface StoredActor {
  type: DirectoryActor['type'];
  id: string | null;
}

/** Who made a change. It names an actor that is gone or out of reach by its global id all the same. */
export const Actor = builder.objectRef<StoredActor>('Actor').implement({
  description: 'Who made a change.',
  fields: (t) => ({
    type: t.expose('type', { type: ActorType, description: 'What kind of credential or process.' }),
    id: t.id({
      nullable: true,
      description: 'The global id of the API key or user, in your reach or not; null for ROOT and SYSTEM.',
      resolve: ({ type, id }) => (id === null ? null : toGlobalId(type === 'USER' ? 'User' : 'ApiKey', id)),
    }),
  }),
});
