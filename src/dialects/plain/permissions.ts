import type { Viewer } from '../../directory/access/viewer.ts';
import { permissionsHeldBy } from '../../directory/roles/permissions.ts';
import { builder } from './builder.ts';

const Permissions = builder.objectRef<Viewer>('Permissions').implement({
  description: 'What a credential may do, within its reach.',
  fields: (t) => ({
    permissions: t.stringList({
      description: 'The names of the permissions, `noun:verb`.',
      resolve: (_, _args, caller) => permissionsHeldBy(caller),
    }),
  }),
});

builder.queryField('myPermissions', (t) =>
  t.field({
    type: Permissions,
    description: 'What you may do.',
    resolve: (_, _args, { viewer }) => viewer,
  }),
);
