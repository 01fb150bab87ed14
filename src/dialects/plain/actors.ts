import type { Actor as DirectoryActor } from '../../directory/access/actor.ts';
import { mentionedUsers, type UserRecord } from '../../directory/users/queries.ts';
import { UNCACHED } from '../../graphql/shared/per-record.ts';
import { builder } from './builder.ts';
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
      resolve: ({ name, email }) => name ?? email,
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

const MachineUser = builder.objectRef<ShownActor>('MachineUser').implement({
  description: 'A program, by its API key.',
  fields: (t) => ({
    id: t.id({ description: 'Begins with `mu_`.', resolve: ({ id }) => toPlainId('ApiKey', id) }),
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
