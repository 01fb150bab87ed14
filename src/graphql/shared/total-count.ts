import { builder } from './builder.ts';
import { price, TOTAL } from './prices.ts';

builder.globalConnectionField('totalCount', (t) =>
  t.int({
    description: 'How many records the whole list has, exactly. Reads every one of them, and is priced so.',
    ...price(TOTAL),
    resolve: ({ total }) => total(),
  }),
);
