import { run } from '../../directory/commands/command.ts';
import { regenerateWorkspaceHmac, type WorkspaceHmacResult } from '../../directory/webhooks/target-commands.ts';
import { findWorkspaceHmac, type WorkspaceHmacRecord } from '../../directory/webhooks/targets.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { InternalActor, shownActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { type Answered, answered, errorField } from './errors.ts';

const WorkspaceHmac = builder.objectRef<WorkspaceHmacRecord>('WorkspaceHmac').implement({
  description: 'What the deliveries to all webhook targets are signed with.',
  fields: (t) => ({
    hmacSecret: t.exposeString('secret', {
      nullable: true,
      description:
        'The secret; null to who could not regenerate it, for want of `webhook:edit` or by a key that only reads.',
    }),
    createdAt: t.expose('createdAt', { type: DateTime, description: 'When there was a secret first.' }),
    createdBy: t.field({
      type: InternalActor,
      description: 'Who created the first target, with which the secret came.',
      resolve: ({ createdByType, createdById }) => shownActor(createdByType, createdById),
    }),
    updatedAt: t.expose('updatedAt', { type: DateTime, description: 'When the secret was regenerated.' }),
    updatedBy: t.field({
      type: InternalActor,
      description: 'Who regenerated the secret last, or made the first.',
      resolve: ({ updatedByType, updatedById }) => shownActor(updatedByType, updatedById),
    }),
  }),
});

builder.queryField('workspaceHmac', (t) =>
  t.field({
    type: WorkspaceHmac,
    nullable: true,
    description:
      'What deliveries are signed with; null before there was any target. Needs `webhook:read`, and a reach of the whole organization.',
    resolve: (_, _args, caller) => findWorkspaceHmac(caller),
  }),
);

const RegenerateWorkspaceHmacOutput = builder
  .objectRef<Answered<WorkspaceHmacResult>>('RegenerateWorkspaceHmacOutput')
  .implement({
    description: 'What `regenerateWorkspaceHmac` answers.',
    fields: (t) => ({
      workspaceHmac: t.field({
        type: WorkspaceHmac,
        nullable: true,
        description: 'The new secret, which is good at once; null with an error.',
        resolve: ({ done }) => done?.hmac,
      }),
      ...errorField(t),
    }),
  });

builder.mutationField('regenerateWorkspaceHmac', (t) =>
  t.field({
    type: RegenerateWorkspaceHmacOutput,
    ...mutationOptions(
      regenerateWorkspaceHmac,
      'Signs deliveries with another secret from now on, those included that are tried again.',
    ),
    resolve: (_, _args, caller) => answered(run(caller, regenerateWorkspaceHmac, {}), {}),
  }),
);
