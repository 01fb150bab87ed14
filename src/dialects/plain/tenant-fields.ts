import { InternalActor } from './actors.ts';
import { builder, DateTime } from './builder.ts';
import { type Lacking, none } from './lacking.ts';

const BooleanValue = builder.objectRef<Lacking>('TenantFieldBooleanValue').implement({
  description: 'A value that is true or false.',
  fields: (t) => ({ booleanValue: t.boolean({ description: 'The value.', resolve: none }) }),
});

const DateTimeValue = builder.objectRef<Lacking>('TenantFieldDateTimeValue').implement({
  description: 'A value that is a moment.',
  fields: (t) => ({ dateValue: t.field({ type: DateTime, description: 'The value.', resolve: none }) }),
});

const NumberValue = builder.objectRef<Lacking>('TenantFieldNumberValue').implement({
  description: 'A value that is a number.',
  fields: (t) => ({ numberValue: t.float({ description: 'The value.', resolve: none }) }),
});

const StringArrayValue = builder.objectRef<Lacking>('TenantFieldStringArrayValue').implement({
  description: 'A value of several texts.',
  fields: (t) => ({ arrayValue: t.stringList({ description: 'The value.', resolve: none }) }),
});

const StringValue = builder.objectRef<Lacking>('TenantFieldStringValue').implement({
  description: 'A value that is a text.',
  fields: (t) => ({ stringValue: t.string({ description: 'The value.', resolve: none }) }),
});

const TenantFieldValue = builder.unionType('TenantFieldValue', {
  description: 'What a tenant has in a field of your own.',
  types: [BooleanValue, DateTimeValue, NumberValue, StringArrayValue, StringValue],
  resolveType: none,
});

export const TenantField = builder.objectRef<Lacking>('TenantField').implement({
  description: 'A field of your own that a tenant has. There are none.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the field.', resolve: none }),
    externalFieldId: t.id({ description: 'The id of what it is a field of, in your own system.', resolve: none }),
    value: t.field({ type: TenantFieldValue, description: 'The value of the field.', resolve: none }),
    createdAt: t.field({ type: DateTime, description: 'When it was created.', resolve: none }),
    createdBy: t.field({ type: InternalActor, description: 'Who created it.', resolve: none }),
    updatedAt: t.field({ type: DateTime, description: 'When it was last changed.', resolve: none }),
    updatedBy: t.field({ type: InternalActor, description: 'Who changed it last.', resolve: none }),
  }),
});
