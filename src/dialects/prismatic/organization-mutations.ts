import { run } from '../../directory/commands/command.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import { type OrganizationResult, updateOrganization } from '../../directory/organization/commands.ts';
import { builder } from './builder.ts';
import { errorsField, type MutationOutcome, type OutputFields, outcomeOf } from './errors.ts';
import { HOW_TO_CHANGE, ofChange } from './given.ts';
import { mutationField } from './mutation.ts';
import { Organization } from './organization.ts';

builder.relayMutationField(
  updateOrganization.name,
  {
    description: `Changes to the organization. ${HOW_TO_CHANGE}`,
    inputFields: (t) => ({ name: t.string({ description: 'The name, 1 to 256 characters.' }) }),
  },
  {
    ...mutationField(updateOrganization, 'Renames the organization.'),
    resolve: (_, { input }, caller) => outcomeOf(run(caller, updateOrganization, ofChange(input))),
  },
  {
    description: 'The organization, or why nothing was changed.',
    outputFields: (t: OutputFields<MutationOutcome<OrganizationResult>>) => ({
      organization: t.field({
        type: Organization,
        nullable: true,
        description: 'The organization as it is now. Null if nothing was changed because of `errors`.',
        resolve: ({ done }) => done && shown(done.organization),
      }),
      errors: errorsField(t),
    }),
  },
);
