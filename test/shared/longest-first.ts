import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take long, the longest first: begun last, one of them would keep everybody waiting. */
const LONG = [
  'start.test.ts',
  'filtered-pages.test.ts',
  'prism.test.ts',
  'import-gateway.test.ts',
  'isolation-of-users.test.ts',
  'isolation.test.ts',
  'graphiql.test.ts',
  'permissions.test.ts',
  'sign-in.test.ts',
  'sessions.test.ts',
  'trusted-issuers.test.ts',
  'refused-tokens.test.ts',
  'viewer-can.test.ts',
  'pages.test.ts',
  'user-pages.test.ts',
  'import.test.ts',
  'search.test.ts',
  'erasure.test.ts',
];

const place = ({ moduleId }: TestSpecification): number => {
  const index = LONG.findIndex((name) => moduleId.endsWith(`/${name}`));
  return index < 0 ? LONG.length : index;
};

/** What runs in Node goes first: a workerd is kept only for a file that follows at once. */
const isInWorkerd = ({ project }: TestSpecification): number => Number(project.name === 'workerd');

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return [...files].sort((one, other) => isInWorkerd(one) - isInWorkerd(other) || place(one) - place(other));
  }
}
