import SchemaBuilder from '@pothos/core';
import type { Caller } from '../../directory/access/viewer.ts';

/** The document's schema. Ids are strings there, and so are times. */
export const builder = new SchemaBuilder<{
  Context: Caller;
  DefaultFieldNullability: false;
  Scalars: { ID: { Input: string; Output: string } };
}>({ defaultFieldNullability: false });

builder.queryType({ description: 'What can be read.' });
builder.mutationType({ description: 'What can be changed, by entity.' });

/** Declares the fields of an input. */
export type InputFields = PothosSchemaTypes.InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;
