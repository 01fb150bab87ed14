import type { RoleIdentifier } from '../../directory/kernel/input.ts';
import { keyOfName } from '../../directory/kernel/keys.ts';
import type { RoleRecord } from '../../directory/roles/queries.ts';
import { idGiven, isId } from './records.ts';

/** The document's words for roles of the organization that the directory calls otherwise. */
const AGENCY_WORDS = new Map([
  ['member', 'user'],
  ['viewer', 'view'],
]);
const DIRECTORY_WORDS = new Map([...AGENCY_WORDS].map(([ours, theirs]) => [theirs, ours]));

/** What people call the role. */
export const displayNameOf = ({ scope, builtIn, name }: RoleRecord): string =>
  (scope === 'ORGANIZATION' && builtIn && AGENCY_WORDS.get(name)) || name;

/** Whether the name of a role would be read as another one's. */
const isMistakable = ({ scope, builtIn, name }: RoleRecord): boolean =>
  isId(name) || (scope === 'ORGANIZATION' && !builtIn && DIRECTORY_WORDS.has(keyOfName(name)));

const partOf = (role: RoleRecord): string => (isMistakable(role) ? role.id : displayNameOf(role));

export const agencyRole = (role: RoleRecord): string => `agency-${partOf(role)}`;
export const advertiserRole = (role: RoleRecord, tenantId: string): string => `advertiser-${partOf(role)}-${tenantId}`;

/** What the name of a role stands for: a role in the organization, or, with a tenant, in that one. */
export interface NamedRole {
  roleIdentifier: RoleIdentifier;
  tenantId: string | null;
}

const AGENCY = /^agency-(?<role>.+)$/is;
const ADVERTISER = /^advertiser-(?<role>.+)-(?<tenant>[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12})$/is;
/** With the tenant's id as /graphql shows it, which has no dash. */
const ADVERTISER_BY_GLOBAL_ID = /^advertiser-(?<role>.+)-(?<tenant>[^-]+)$/is;

/** Returns what a name stands for; null where it cannot be the name of a role. */
export function namedRole(name: string): NamedRole | null {
  const trimmed = name.trim();
  const agency = AGENCY.exec(trimmed)?.groups?.role;
  if (agency !== undefined) {
    return { roleIdentifier: identified(DIRECTORY_WORDS.get(keyOfName(agency)) ?? agency), tenantId: null };
  }
  const { role, tenant } = (ADVERTISER.exec(trimmed) ?? ADVERTISER_BY_GLOBAL_ID.exec(trimmed))?.groups ?? {};
  if (role === undefined || tenant === undefined) return null;
  return { roleIdentifier: identified(role), tenantId: idGiven('Tenant', tenant) };
}

const identified = (part: string): RoleIdentifier => (isId(part) ? { id: part.toLowerCase() } : { name: part });
