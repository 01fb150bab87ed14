import { InternalActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { type Lacking, none } from './lacking.ts';

type Fields = PothosSchemaTypes.ObjectFieldBuilder<typeof builder.$inferSchemaTypes, Lacking>;

const authored = (t: Fields) => ({
  createdAt: t.field({ type: DateTime, description: 'When it was created.', resolve: none }),
  createdBy: t.field({ type: InternalActor, description: 'Who created it.', resolve: none }),
  updatedAt: t.field({ type: DateTime, description: 'When it was last changed.', resolve: none }),
  updatedBy: t.field({ type: InternalActor, description: 'Who changed it last.', resolve: none }),
});

export const Tier = builder.objectRef<Lacking>('Tier').implement({
  description: 'A tier of support. There are none.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the tier.', resolve: none }),
    name: t.string({ description: 'Its name.', resolve: none }),
    externalId: t.string({ nullable: true, description: 'Its id in your own system.', resolve: none }),
    defaultThreadPriority: t.int({ description: 'How urgent its threads are at first.', resolve: none }),
    ...authored(t),
  }),
});

export const Company = builder.objectRef<Lacking>('Company').implement({
  description: 'A company that customers work for. There are none beside the customers themselves.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the company.', resolve: none }),
    name: t.string({ description: 'Its name.', resolve: none }),
    domainName: t.string({ description: 'The domain of its e-mail addresses.', resolve: none }),
    ...authored(t),
  }),
});

export const ThreadChannelAssociation = builder.interfaceRef<Lacking>('ThreadChannelAssociation').implement({
  description: 'A channel for the threads of a tenant. There are none.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the channel.', resolve: none }),
    tenantId: t.id({ nullable: true, description: 'The tenant that it belongs to.', resolve: none }),
    companyId: t.id({ nullable: true, description: 'The company that it belongs to.', resolve: none }),
    createdAt: t.field({ type: DateTime, description: 'When it was created.', resolve: none }),
    createdBy: t.field({ type: InternalActor, description: 'Who created it.', resolve: none }),
    updatedAt: t.field({ type: DateTime, description: 'When it was last changed.', resolve: none }),
    updatedBy: t.field({ type: InternalActor, description: 'Who changed it last.', resolve: none }),
  }),
});

builder.objectRef<Lacking>('SlackThreadChannelAssociation').implement({
  description: 'A channel in Slack. There are none.',
  interfaces: [ThreadChannelAssociation],
  fields: (t) => ({ connectedSlackChannelId: t.id({ description: 'The id of the channel.', resolve: none }) }),
});

export const DiscordCustomerIdentity = builder.objectRef<Lacking>('DiscordCustomerIdentity').implement({
  description: 'A customer in Discord. There are none.',
  fields: (t) => ({ discordUserId: t.string({ description: 'The id there.', resolve: none }) }),
});

export const SlackCustomerIdentity = builder.objectRef<Lacking>('SlackCustomerIdentity').implement({
  description: 'A customer in Slack. There are none.',
  fields: (t) => ({ slackUserId: t.string({ description: 'The id there.', resolve: none }) }),
});
