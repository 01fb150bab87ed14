import { organizations } from '../../db/schema/organization.ts';
import { sql } from '../../db/sql.ts';
import { type RowOf, select } from '../../db/statement.ts';
import type { Caller } from '../access/viewer.ts';

const fields = {
  id: organizations.id,
  name: organizations.name,
  createdAt: organizations.createdAt,
  updatedAt: organizations.updatedAt,
};

/** The organization, as queries read it. */
export interface OrganizationRecord extends RowOf<typeof fields> {}

/** Reads the organization. */
export const theOrganization = select(fields, sql`FROM organization`);

/** Why there is no organization. */
export const NOT_SET_UP = 'The database has no organization: its migrations have not been applied';

/** Returns the organization that this deployment serves. Everybody with a credential may read it. */
export async function findOrganization({ db }: Caller): Promise<OrganizationRecord> {
  const [organization] = await db.read(theOrganization);
  if (!organization) throw new Error(NOT_SET_UP);
  return organization;
}
