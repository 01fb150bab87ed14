import { builder } from '../shared/builder.ts';

/** Names one role in an input. A name is looked up in the scope that the command means, and case does not matter. */
export const RoleIdentifier = builder.inputType('RoleIdentifier', {
  description: 'Names one role, by exactly one of these.',
  isOneOf: true,
  fields: (t) => ({
    id: t.id({ description: 'Its global id.' }),
    name: t.string({ description: 'Its name, without regard to case, among the roles of the scope that is meant.' }),
  }),
});
