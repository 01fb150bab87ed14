import * as z from 'zod';
import { organizations } from '../db/schema/organization.ts';
import { sql } from '../db/sql.ts';
import { differs, type RowOf, select, update } from '../db/statement.ts';
import type { Caller } from './access/viewer.ts';
import { command, type Plan } from './commands/command.ts';
import { recordAfter, recordEvent, wasRecorded } from './commands/event-recording.ts';
import { ForbiddenError, ValidationError } from './kernel/errors.ts';
import { text } from './kernel/input.ts';
import { shown } from './kernel/repetition-errors.ts';

const fields = {
  id: organizations.id,
  name: organizations.name,
  createdAt: organizations.createdAt,
  updatedAt: organizations.updatedAt,
};

/** The organization, as queries read it. */
export interface OrganizationRecord extends RowOf<typeof fields> {}

const theOrganization = select(fields, sql`FROM organization`);

const NOT_SET_UP = 'The database has no organization: its migrations have not been applied';

/** Returns the organization that this deployment serves. Everybody with a credential may read it. */
export async function findOrganization({ db }: Caller): Promise<OrganizationRecord> {
  const [organization] = await db.read(theOrganization);
  if (!organization) throw new Error(NOT_SET_UP);
  return organization;
}

/** The organization, as the command left it. */
export interface OrganizationResult {
  organization: OrganizationRecord;
}

const SNAPSHOT = sql`json_object('name', organization.name)`;

/** Changes the organization. A field left out stays as it is. */
export const updateOrganization = command({
  name: 'updateOrganization',
  permissions: ['organization:edit'],
  reaches: ['ORGANIZATION'],
  input: z.object({ name: text.optional() }),
  errors: [ValidationError, ForbiddenError],
  plan(context, values): Plan<OrganizationResult, OrganizationRecord> {
    const type = 'organization.updated';
    return {
      checks: [],
      writes: (allowed) => [
        recordEvent(
          context,
          { type, subjectType: 'Organization', subjectId: sql`organization.id`, before: SNAPSHOT },
          sql`FROM organization WHERE ${differs(organizations, values)} AND ${allowed}`,
        ),
        update(organizations, { ...values, updatedAt: context.at }, wasRecorded(context, type)),
        recordAfter(context, [type], sql`(SELECT ${SNAPSHOT} FROM organization)`),
      ],
      answer: theOrganization,
      subject: {
        type: 'Organization',
        id: sql`(SELECT organization.id FROM organization)`,
        find: () => theOrganization,
      },
      result: (organization) => ({ organization: shown(organization) }),
    };
  },
});

/** Whether there are records with keys of version 1, as an expression: each table has an index of those. */
const HAS_FORMER_KEYS = sql.join(
  ['tenant', 'customer', 'user', 'role', 'data_source'].map(
    (table) => sql`EXISTS (SELECT 1 FROM ${sql.identifier(table)} WHERE key_version = 1)`,
  ),
  sql` OR `,
);

/** What is known of a database that answers. */
export interface Readiness {
  /** Whether there are records that have still to be given new keys, and are looked up by those of before. */
  isFillingKeys: boolean;
}

/** Resolves if the database answers and its migrations have been applied; rejects otherwise. */
export async function checkReadiness(caller: Pick<Caller, 'db'>): Promise<Readiness> {
  const { found } = await caller.db.reads({
    found: select({ hasFormerKeys: sql<number>`${HAS_FORMER_KEYS}` }, sql`FROM organization`),
  });
  const [ready] = found;
  if (!ready) throw new Error(NOT_SET_UP);
  return { isFillingKeys: ready.hasFormerKeys === 1 };
}
