import { lexicographicSortSchema, printSchema } from 'graphql';
import { schema } from './schema.ts';

/** Returns the SDL that is committed as `schema.graphql`, sorted, so that its diff is the review of the API. */
export const printedSchema = (): string => `${printSchema(lexicographicSortSchema(schema))}\n`;
