import { run } from '../../directory/commands/command.ts';
import { moveUser } from '../../directory/users/move-user.ts';
import { CustomerIdentifier } from '../customers/customer.ts';
import { RoleIdentifier } from '../roles/role-identifier.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { User, UserIdentifier } from './user.ts';

builder.relayMutationField(
  moveUser.name,
  {
    description: 'Which user of a customer moves to which other one, and the role there.',
    inputFields: (t) => ({
      userIdentifier: t.field({
        type: UserIdentifier,
        required: true,
        description: 'What names the user, who belongs to a customer.',
      }),
      customerIdentifier: t.field({
        type: CustomerIdentifier,
        required: true,
        description: 'What names the customer to move to.',
      }),
      roleIdentifier: t.field({
        type: RoleIdentifier,
        required: true,
        description: 'What names the role there, of scope CUSTOMER. It can hold no more than you do.',
      }),
    }),
  },
  {
    ...commandField(
      moveUser,
      'Moves a user of one customer to another, and ends all of their sessions, and a link that was handed out. Roles in tenants stay, and so does an invitation that was mailed. You must hold all that the user holds. Only for callers who reach the whole organization.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, moveUser, {
        userIdentifier: localIdentifier('User', input.userIdentifier),
        customerIdentifier: localIdentifier('Customer', input.customerIdentifier),
        roleIdentifier: localIdentifier('Role', input.roleIdentifier),
      }),
  },
  {
    description: 'The user belongs to the customer.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'The user as they are now.', ...recordLeft('user') }),
    }),
  },
);
