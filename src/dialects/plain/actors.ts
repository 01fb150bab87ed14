import DataLoader from 'dataloader';
import type { Actor as DirectoryActor } from '../../directory/access/actor.ts';
import type { Caller } from '../../directory/access/viewer.ts';
import { mentionedApiKeys } from '../../directory/api-keys/queries.ts';
import { mentionedUsers, type UserRecord } from '../../directory/users/queries.ts';
import { UNCACHED } from '../../graphql/shared/per-record.ts';
import { perRequest } from '../../graphql/shared/per-request.ts';
import { builder, DateTime } from './builder.ts';
import { toPlainId } from './ids.ts';
import { WorkflowSummary } from './lacking.ts';

const KINDS = {
  ROOT: 'SystemActor',
  SYSTEM: 'SystemActor',
  API_KEY: 'MachineUserActor',
  USER: 'UserActor',
} as const;

interface ShownActor {
  kind: (typeof KINDS)[keyof typeof KINDS];
  /** Of the user or the key, or else what the system is called. */
  id: string;
}

/** Who made a change, as a record has it. */
export const shownActor = (type: DirectoryActor['type'], id: string | null): ShownActor => ({
  kind: KINDS[type],
  id: id ?? type.toLowerCase(),
});

const UserStatus = builder.enumType('UserStatus', {
  description: 'Whether a user is at work.',
  values: {
    ONLINE: { description: 'At work.' },
    AWAY: { description: 'At work, but not there.' },
    BREAK: { description: 'At work, and in a break.' },
    OFFLINE: { description: 'Not at work, or nobody knows.' },
  } as const,
});

const nameOf = ({ name, email }: UserRecord): string => name ?? email;

const User = builder.loadableObjectRef('User', {
  load: (ids: string[], caller) => mentionedUsers(caller, ids),
  sort: ({ id }: UserRecord) => id,
  loaderOptions: UNCACHED,
});

User.implement({
  description: 'A person who signs in.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `u_`.', resolve: ({ id }) => toPlainId('User', id) }),
    email: t.exposeString('email', { description: 'The e-mail address.' }),
    fullName: t.string({
      description: 'The name; the e-mail address of a user without one.',
      resolve: nameOf,
    }),
    publicName: t.string({ description: 'What customers see of the name: all of it.', resolve: nameOf }),
    avatarUrl: t.exposeString('avatarUrl', { nullable: true, description: 'A picture. Null if there is none.' }),
    status: t.field({
      type: UserStatus,
      description: 'Always OFFLINE: it is not kept who is at work.',
      resolve: () => 'OFFLINE' as const,
    }),
    createdAt: t.expose('createdAt', { type: DateTime, description: 'When the user was created.' }),
    updatedAt: t.expose('updatedAt', { type: DateTime, description: 'When the user was last changed.' }),
    isDeleted: t.boolean({ description: 'Always false: nobody sees a user who is deleted.', resolve: () => false }),
    deletedAt: t.field({
      type: DateTime,
      nullable: true,
      description: 'Always null: nobody sees a user who is deleted.',
      resolve: () => null,
    }),
  }),
});

export const UserActor = builder.objectRef<ShownActor>('UserActor').implement({
  description: 'A user who signed in.',
  fields: (t) => ({
    userId: t.id({ description: 'Begins with `u_`.', resolve: ({ id }) => toPlainId('User', id) }),
    user: t.field({
      type: User,
      nullable: true,
      description: 'The user; null if there is no such user any more, or you may not read users or not reach this one.',
      resolve: ({ id }) => id,
    }),
  }),
});

const apiKeys = perRequest(
  (caller: Caller) =>
    new DataLoader(async (ids: readonly string[]) => {
      const found = new Map((await mentionedApiKeys(caller, [...new Set(ids)])).map((key) => [key.id, key]));
      return ids.map((id) => found.get(id) ?? null);
    }, UNCACHED),
);

type MachineUserFields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, ShownActor>;

/** A field that is read of the key; null to who may not. */
const ofApiKey = (t: MachineUserFields, column: 'createdAt' | 'updatedAt', description: string) =>
  t.field({
    type: DateTime,
    nullable: true,
    description: `${description} Null if you may not read keys or not reach this one.`,
    resolve: async ({ id }, _, caller) => (await apiKeys(caller).load(id))?.[column],
  });

/** The name of the key, or in place of it the id: a client takes it for granted that a program has a name. */
const nameOfApiKey = (t: MachineUserFields, description: string) =>
  t.string({
    description: `${description} The \`id\` of one that you may not read.`,
    resolve: async ({ id }, _, caller) => (await apiKeys(caller).load(id))?.name ?? toPlainId('ApiKey', id),
  });

const MachineUser = builder.objectRef<ShownActor>('MachineUser').implement({
  description: 'A program, by its API key.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `mu_`.', resolve: ({ id }) => toPlainId('ApiKey', id) }),
    fullName: nameOfApiKey(t, 'The name of the key.'),
    publicName: nameOfApiKey(t, 'What customers see of the name: all of it.'),
    description: t.string({ nullable: true, description: 'Always null: keys have only a name.', resolve: () => null }),
    createdAt: ofApiKey(t, 'createdAt', 'When the key was made.'),
    updatedAt: ofApiKey(t, 'updatedAt', 'When the key was last changed.'),
  }),
});

const MachineUserActor = builder.objectRef<ShownActor>('MachineUserActor').implement({
  description: 'A program with an API key.',
  fields: (t) => ({
    machineUserId: t.id({
      description: 'Of its API key. Begins with `mu_`.',
      resolve: ({ id }) => toPlainId('ApiKey', id),
    }),
    machineUser: t.field({ type: MachineUser, description: 'The same.', resolve: (actor) => actor }),
  }),
});

const SystemActor = builder.objectRef<ShownActor>('SystemActor').implement({
  description: 'The deployment itself.',
  fields: (t) => ({
    systemId: t.exposeID('id', { description: '`root` for the root key, `system` for nobody in particular.' }),
    workflow: t.field({
      type: WorkflowSummary,
      nullable: true,
      description: 'Always null: there are no workflows.',
      resolve: () => null,
    }),
    workflowExecutionId: t.id({
      nullable: true,
      description: 'Always null: there are no workflows.',
      resolve: () => null,
    }),
  }),
});

const customerId = { description: 'Begins with `c_`.', resolve: ({ id }: ShownActor) => toPlainId('Customer', id) };

export const CustomerActor = builder.objectRef<ShownActor>('CustomerActor').implement({
  description: 'A customer. None changes anything here.',
  fields: (t) => ({ customerId: t.id(customerId) }),
});

const DeletedCustomerActor = builder.objectRef<ShownActor>('DeletedCustomerActor').implement({
  description: 'A customer who is deleted. None changes anything here.',
  fields: (t) => ({ customerId: t.id(customerId) }),
});

const resolveType = ({ kind }: ShownActor) => kind;

export const InternalActor = builder.unionType('InternalActor', {
  description: 'Who made a change.',
  types: [UserActor, MachineUserActor, SystemActor],
  resolveType,
});

export const Actor = builder.unionType('Actor', {
  description: 'Who made a change to a customer.',
  types: [UserActor, MachineUserActor, SystemActor, CustomerActor, DeletedCustomerActor],
  resolveType,
});
