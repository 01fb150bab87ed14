import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first: begun last, one of them would keep everybody waiting. */
const LONG = [
  'faults/sequences',
  'faults/each-call',
  'clients/prism',
  'node/cli/start',
  'directory/lists/filtered-pages',
  'import/import',
  'walks/isolation-of-users',
  'walks/dialects/every-operation',
  'walks/isolation',
  'walks/permissions',
  'directory/sign-in/sign-in',
  'directory/sign-in/sessions',
  'walks/d1-calls',
  'walks/refused-tokens',
  'walks/errors',
  'walks/viewer-can',
  'directory/lists/pages',
  'directory/lists/user-pages',
  'dialects/userdocks/access',
  'directory/trusted-issuers/key-urls',
  'directory/imports/customers-and-tenants',
  'directory/imports/users',
  'directory/lists/search',
  'node/db/erasure',
];

const place = ({ moduleId }: TestSpecification): number => {
  const index = LONG.findIndex((path) => moduleId.endsWith(`/test/${path}.test.ts`));
  return index < 0 ? LONG.length : index;
};

/** What runs in Node goes first: a workerd is kept only for a file that follows at once. */
const isInWorkerd = ({ project }: TestSpecification): number => Number(project.name === 'workerd');

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((one, other) => isInWorkerd(one) - isInWorkerd(other) || place(one) - place(other));
  }
}
