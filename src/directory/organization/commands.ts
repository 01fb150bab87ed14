import * as z from 'zod';
import { organizations } from '../../db/schema/organization.ts';
import { sql } from '../../db/sql.ts';
import { differs, update } from '../../db/statement.ts';
import { command, type Plan } from '../commands/command.ts';
import { recordAfter, recordEvent, wasRecorded } from '../commands/event-recording.ts';
import { ForbiddenError, ValidationError } from '../kernel/errors.ts';
import { text } from '../kernel/input.ts';
import { shown } from '../kernel/repetition-errors.ts';
import { type OrganizationRecord, theOrganization } from './queries.ts';

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
  input: () => z.object({ name: text().optional() }),
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
