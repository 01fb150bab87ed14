import type { GraphQLResolveInfo } from 'graphql';
import type { Caller } from '../../directory/access/viewer.ts';
import type { TenantCreationResult } from '../../directory/tenants/commands.ts';
import type { TenantRecord } from '../../directory/tenants/queries.ts';
import { firstAdminsOf, type UserRecord } from '../../directory/users/queries.ts';
import { builder } from '../shared/builder.ts';
import { goOnWith, once } from '../shared/eventually.ts';
import { perRecord, resolveRows } from '../shared/per-record.ts';
import { extended, price, REFERENCE } from '../shared/prices.ts';
import { tenantCreation, tenantUpsert } from '../tenants/mutations.ts';
import { invitationLink } from './mutations.ts';
import { User } from './user.ts';

/* What the mutations that create a tenant show of the user who becomes its first admin. */

/** Reads the first admin with the one tenant that a mutation leaves. */
const adminOfTenant = perRecord<TenantRecord, object, UserRecord | null>(['id'], (caller, records, _args, asked) => {
  const ids = records.values('id');
  if (!ids) return null;
  const found = firstAdminsOf(caller, ids);
  const rows = once(() => resolveRows(found, caller, asked));
  rows();
  return () => goOnWith(rows(), ([admin]) => admin ?? null);
});

/** Returns the options of the payload's field with the admin whom the mutation gave the tenant that it created. */
const firstAdmin = () => ({
  type: User,
  nullable: true as const,
  ...extended({ extensions: adminOfTenant.extensions }, price(REFERENCE)),
  description:
    'The user who became the first admin of the tenant; null if none did, as of a tenant that was there before. Needs `user:read`.',
  resolve: ({ tenant, hasAdmin }: TenantCreationResult, args: object, caller: Caller, info: GraphQLResolveInfo) =>
    tenant && hasAdmin ? adminOfTenant.resolve(tenant, args, caller, info) : null,
});

builder.objectFields(tenantCreation.payloadType, (t) => ({
  admin: t.field(firstAdmin()),
  invitationLink: invitationLink(t),
}));

builder.objectFields(tenantUpsert.payloadType, (t) => ({
  admin: t.field(firstAdmin()),
  invitationLink: invitationLink(t),
}));
