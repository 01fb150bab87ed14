import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema.ts';

/** The SDL as it is committed: its diff is the review of the API. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;
