import * as z from 'zod';
import { run } from '../../directory/commands/command.ts';
import { choice, flag, longText, otherwise, webAddress } from '../../directory/kernel/input.ts';
import { lazily } from '../../directory/kernel/lazily.ts';
import { shown } from '../../directory/kernel/repetition-errors.ts';
import type { WebhookResult } from '../../directory/webhooks/commands.ts';
import {
  createWebhookTarget,
  deleteWebhookTarget,
  updateWebhookTarget,
} from '../../directory/webhooks/target-commands.ts';
import { RECORD_LEFT } from '../../graphql/shared/ahead.ts';
import { mutationOptions } from '../../graphql/shared/mutation.ts';
import { orLeft, orNone } from '../shared/blanks.ts';
import { declared, type GraphQLFields, given, pathGiven, spelled } from '../shared/fields.ts';
import { builder, type InputFields } from './builder.ts';
import { BooleanInput, changeTo, StringInput } from './changes.ts';
import { type Answered, answered, errorField, type Spelling } from './errors.ts';
import { idOf } from './identifiers.ts';
import { eventTypesOf, PLAIN_EVENT_TYPES, VERSIONS } from './subscriptions.ts';
import { WebhookTarget } from './webhook-target.ts';

const URL = 'Where deliveries are posted to: an https URL of a public host, without a user and a password.';
const DESCRIPTION = 'What it is for, up to 4,096 characters; empty if there is nothing to say.';
const SUBSCRIPTIONS = 'Of what it hears, at least one: see `subscriptionEventTypes`.';
const ENABLED = 'Whether anything is sent.';

const WebhookTargetEventSubscriptionInput = builder.inputType('WebhookTargetEventSubscriptionInput', {
  description: 'Of what a webhook target hears.',
  fields: (t) => ({
    eventType: t.string({ required: true, description: 'Such as `customer.customer_created`.' }),
  }),
});

const subscriptions = lazily(() =>
  z
    .array(z.object({ eventType: choice(PLAIN_EVENT_TYPES) }), { error: otherwise('must be a list') })
    .min(1, 'must name at least one type')
    .transform((list) => eventTypesOf(list.map(({ eventType }) => eventType))),
);

const isEmpty = (given: unknown): boolean => given === null || (Array.isArray(given) && given.length === 0);

const version = lazily(() => choice(VERSIONS));

const CREATE = {
  url: { type: (t) => t.string({ required: true, description: URL }), schema: webAddress },
  description: {
    type: (t) => t.string({ required: true, description: DESCRIPTION }),
    schema: () => orNone(longText()),
  },
  isEnabled: { type: (t) => t.boolean({ required: true, description: ENABLED }), schema: flag },
  eventSubscriptions: {
    type: (t) => t.field({ type: [WebhookTargetEventSubscriptionInput], required: true, description: SUBSCRIPTIONS }),
    schema: subscriptions,
    to: 'eventTypes',
  },
  version: {
    type: (t) =>
      t.string({ description: 'What deliveries look like, as `webhookVersions` has it; the latest if not given.' }),
    schema: () => orLeft(version()).transform((given) => given ?? VERSIONS[0]),
  },
} as const satisfies GraphQLFields<InputFields>;

const UPDATE = {
  webhookTargetId: {
    type: (t) => t.id({ required: true, description: 'Begins with `whTarget_`, or is a UUID.' }),
    schema: () => idOf('Webhook'),
    to: 'id',
  },
  url: { type: (t) => t.field({ type: StringInput, description: URL }), schema: () => changeTo(webAddress()) },
  description: {
    type: (t) => t.field({ type: StringInput, description: DESCRIPTION }),
    schema: () => changeTo(orNone(longText())),
  },
  isEnabled: { type: (t) => t.field({ type: BooleanInput, description: ENABLED }), schema: () => changeTo(flag()) },
  eventSubscriptions: {
    type: (t) => t.field({ type: [WebhookTargetEventSubscriptionInput], description: SUBSCRIPTIONS }),
    // Who names none does not mean that a target is to hear of nothing.
    schema: () => z.preprocess((given) => (isEmpty(given) ? undefined : given), subscriptions().optional()),
    to: 'eventTypes',
  },
  version: {
    type: (t) => t.field({ type: StringInput, description: 'What deliveries look like, as `webhookVersions` has it.' }),
    schema: () => changeTo(version()),
  },
} as const satisfies GraphQLFields<InputFields>;

const DELETE = { webhookTargetId: UPDATE.webhookTargetId } as const satisfies GraphQLFields<InputFields>;

const CreateWebhookTargetInput = builder.inputType('CreateWebhookTargetInput', {
  description: 'A new webhook target.',
  fields: (t) => declared(t, CREATE),
});

const UpdateWebhookTargetInput = builder.inputType('UpdateWebhookTargetInput', {
  description: 'What to change of which webhook target: what is left out stays as it is.',
  fields: (t) => declared(t, UPDATE),
});

const DeleteWebhookTargetInput = builder.inputType('DeleteWebhookTargetInput', {
  description: 'Which webhook target to delete.',
  fields: (t) => declared(t, DELETE),
});

const createAsSpelled = spelled(createWebhookTarget, () => given(CREATE));
const updateAsSpelled = spelled(updateWebhookTarget, () => given(UPDATE));
const deleteAsSpelled = spelled(deleteWebhookTarget, () => given(DELETE));

/** Returns the payload of a mutation that leaves a webhook target. */
const withTarget = (name: string) =>
  builder.objectRef<Answered<WebhookResult>>(`${name}Output`).implement({
    description: `What \`${name.charAt(0).toLowerCase()}${name.slice(1)}\` answers.`,
    fields: (t) => ({
      webhookTarget: t.field({
        type: WebhookTarget,
        nullable: true,
        description: 'The webhook target as it is now; null with an error.',
        ...RECORD_LEFT,
        resolve: ({ done }) => done && shown(done.webhook),
      }),
      ...errorField(t),
    }),
  });

const CreateWebhookTargetOutput = withTarget('CreateWebhookTarget');
const UpdateWebhookTargetOutput = withTarget('UpdateWebhookTarget');

const DeleteWebhookTargetOutput = builder.objectRef<Answered<unknown>>('DeleteWebhookTargetOutput').implement({
  description: 'What `deleteWebhookTarget` answers.',
  fields: (t) => errorField(t),
});

const UPDATE_SPELLING: Spelling = {
  places: (path) => (path === 'url' ? 'url.value' : pathGiven(UPDATE, path)),
};

builder.mutationFields((t) => ({
  createWebhookTarget: t.field({
    type: CreateWebhookTargetOutput,
    ...mutationOptions(
      createWebhookTarget,
      'Creates a webhook target, which hears of what is changed from then on. It takes a reach of the whole organization.',
    ),
    args: { input: t.arg({ type: CreateWebhookTargetInput, required: true, description: 'The webhook target.' }) },
    resolve: (_, { input }, caller) => answered(run(caller, createAsSpelled, input), input),
  }),
  updateWebhookTarget: t.field({
    type: UpdateWebhookTargetOutput,
    ...mutationOptions(
      updateWebhookTarget,
      'Changes a webhook target. One that is enabled again hears what it missed.',
    ),
    args: { input: t.arg({ type: UpdateWebhookTargetInput, required: true, description: 'What to change.' }) },
    resolve: (_, { input }, caller) => answered(run(caller, updateAsSpelled, input), input, UPDATE_SPELLING),
  }),
  deleteWebhookTarget: t.field({
    type: DeleteWebhookTargetOutput,
    ...mutationOptions(deleteWebhookTarget, 'Deletes a webhook target for good.'),
    args: { input: t.arg({ type: DeleteWebhookTargetInput, required: true, description: 'Which webhook target.' }) },
    resolve: (_, { input }, caller) =>
      answered(run(caller, deleteAsSpelled, input), input, { places: (path) => pathGiven(DELETE, path) }),
  }),
}));
