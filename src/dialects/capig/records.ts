import { createContextCache } from '@pothos/core';
import DataLoader from 'dataloader';
import type { Caller } from '../../directory/access/viewer.ts';
import { type RoleRecord, rolesByIds } from '../../directory/roles/queries.ts';
import { type TenantRecord, tenantsByIds } from '../../directory/tenants/queries.ts';
import { localId } from '../../graphql/shared/ids.ts';
import { type FindByIds, UNCACHED } from '../../graphql/shared/per-record.ts';

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

/** Finds records for all that ask at once, by their ids: null for what is not there. */
const byIds = <Row extends { id: string }>(find: FindByIds<Row>) =>
  createContextCache(
    (caller: Caller) =>
      new DataLoader(async (ids: readonly string[]) => {
        const found = new Map((await find(caller, ids).rows()).map((row) => [row.id, row]));
        return ids.map((id) => found.get(id) ?? null);
      }, UNCACHED),
  );

const tenants = byIds<TenantRecord>(tenantsByIds);
const roles = byIds<RoleRecord>(rolesByIds);

export const tenantWith = (caller: Caller, id: string): Promise<TenantRecord | null> => tenants(caller).load(id);
export const roleWith = (caller: Caller, id: string): Promise<RoleRecord | null> => roles(caller).load(id);
