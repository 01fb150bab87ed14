import { writeFileSync } from 'node:fs';
import { printedSchema } from '../graphql/printed.ts';

writeFileSync(new URL('../../schema.graphql', import.meta.url), printedSchema());
