import { run } from '../../directory/commands/command.ts';
import { updateViewer } from '../../directory/sign-in/viewer-commands.ts';
import { builder } from '../shared/builder.ts';
import { localIdentifier } from '../shared/ids.ts';
import { commandField } from '../shared/mutation.ts';
import { EXPECTED_VERSION } from '../shared/mutation-parts.ts';
import { recordLeft } from '../shared/payload.ts';
import { TenantIdentifier } from '../tenants/tenant.ts';
import { USER_DESCRIPTIONS, User } from '../users/user.ts';

builder.relayMutationField(
  updateViewer.name,
  {
    description: 'Changes to yourself: a field left out is untouched; null clears it.',
    inputFields: (t) => ({
      expectedVersion: t.int({ description: EXPECTED_VERSION }),
      name: t.string({ description: USER_DESCRIPTIONS.name }),
      avatarUrl: t.string({ description: USER_DESCRIPTIONS.avatarUrl }),
      defaultTenantIdentifier: t.field({
        type: TenantIdentifier,
        description: 'What names the tenant to start in: one where you have a role.',
      }),
    }),
  },
  {
    ...commandField(
      updateViewer,
      'Changes your own name, picture and default tenant. Only for users who signed in. One whom a trusted issuer has let in reaches no tenant, and can name none.',
    ),
    resolve: (_, { input }, caller) =>
      run(caller, updateViewer, {
        ...input,
        defaultTenantIdentifier:
          input.defaultTenantIdentifier && localIdentifier('Tenant', input.defaultTenantIdentifier),
      }),
  },
  {
    description: 'You are as the input says. If it was so before, nothing was written.',
    outputFields: (t) => ({
      user: t.field({ type: User, description: 'You, as you are now.', ...recordLeft('user') }),
    }),
  },
);
