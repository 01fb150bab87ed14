import { run } from '../../directory/commands/command.ts';
import { updateOrganization } from '../../directory/organization/commands.ts';
import { builder } from '../shared/builder.ts';
import { commandField } from '../shared/mutation.ts';
import { recordLeft } from '../shared/payload.ts';
import { Organization } from './organization.ts';

builder.relayMutationField(
  updateOrganization.name,
  {
    description: 'Changes to the organization: a field left out is untouched.',
    inputFields: (t) => ({ name: t.string({ description: 'The name, 1 to 256 characters.' }) }),
  },
  {
    ...commandField(updateOrganization, 'Renames the organization. Only for callers who reach all of it.'),
    resolve: (_, { input }, caller) => run(caller, updateOrganization, input),
  },
  {
    description: 'The organization is as the input says.',
    outputFields: (t) => ({
      organization: t.field({
        type: Organization,
        description: 'The organization as it is now.',
        ...recordLeft('organization'),
      }),
    }),
  },
);
