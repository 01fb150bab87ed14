import { builder } from './builder.ts';

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many records the whole list has, exactly. Reads every one of them, and is priced so.',
    resolve: ({ total }) => total(),
  }),
);
