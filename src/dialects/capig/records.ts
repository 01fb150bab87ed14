import type { Caller } from '../../directory/access/viewer.ts';
import { type RoleRecord, rolesByIds } from '../../directory/roles/queries.ts';
import { type TenantRecord, tenantsByIds } from '../../directory/tenants/queries.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { foundWithOthers } from '../../graphql/shared/per-record.ts';

type NodeType = Parameters<typeof localId>[0];

const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/i;
/** The id of nothing. */
export const NO_ID = '00000000-0000-0000-0000-000000000000';

export const isId = (text: string): boolean => UUID.test(text);

/** The id that was given, in either spelling. What cannot be one is the id of nothing: ids are opaque to clients. */
export function idGiven(type: NodeType, id: string): string {
  const local = localId(type, id.trim()).toLowerCase();
  return isId(local) ? local : NO_ID;
}

export const tenantWith = (caller: Caller, id: string): Promise<TenantRecord | null> =>
  foundWithOthers(tenantsByIds, id, caller);
export const roleWith = (caller: Caller, id: string): Promise<RoleRecord | null> =>
  foundWithOthers(rolesByIds, id, caller);
