import { builder } from './builder.ts';

/** What Plain has and the directory has not: clients ask for its fields, and there is never any of it. */
export interface Lacking {
  readonly lacking: never;
}

export const none = (): never => {
  throw new Error('The directory has none of these');
};

export const WorkflowSummary = builder.objectRef<Lacking>('WorkflowSummary').implement({
  description: 'A workflow. There are none.',
  fields: (t) => ({
    id: t.id({ description: 'The id of the workflow.', resolve: none }),
    name: t.string({ description: 'Its name.', resolve: none }),
  }),
});
