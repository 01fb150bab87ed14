import * as z from 'zod';
import { command } from '../../directory/commands/command.ts';
import { emailAddress, flag, text } from '../../directory/kernel/input.ts';
import { createTenant, deleteTenant, updateTenant } from '../../directory/tenants/commands.ts';
import type { TenantRecord } from '../../directory/tenants/queries.ts';
import { idGiven } from './records.ts';
import { SPELLED_STATUSES } from './tenant-statuses.ts';

/** `createTenant` of the directory in the document's words. */
export const createAsSpelled = command({
  ...createTenant,
  input: z
    .object({
      name: text,
      canPartnerManage: flag,
      adminEmail: emailAddress.nullish(),
      eventEnrichment: flag,
    })
    .transform(({ canPartnerManage, ...rest }): unknown => ({ ...rest, partnerManaged: canPartnerManage }))
    .pipe(createTenant.input),
});

const tenantId = z.string().transform((id) => idGiven('Tenant', id));

const STATUSES = new Map<number, TenantRecord['status']>(
  (['ACTIVE', 'PENDING', 'DEACTIVATED'] as const).map((name) => [SPELLED_STATUSES[name], name]),
);

const status = z
  .int()
  .refine((number) => STATUSES.has(number), `must be one of ${[...STATUSES.keys()].join(', ')}`)
  .transform((number) => STATUSES.get(number));

/** `updateTenant` likewise. What is null there is not given: the document has nothing that could be cleared. */
export const updateAsSpelled = command({
  ...updateTenant,
  input: z
    .object({ tenantId, name: text.nullish(), status: status.nullish(), canPartnerManage: flag.nullish() })
    .transform(
      ({ tenantId, name, status, canPartnerManage }): z.input<typeof updateTenant.input> => ({
        id: tenantId,
        name: name ?? undefined,
        status: status ?? undefined,
        partnerManaged: canPartnerManage ?? undefined,
      }),
    )
    .pipe(updateTenant.input),
});

/** `deleteTenant` likewise: it hides the tenant, which can be restored. */
export const deleteAsSpelled = command({
  ...deleteTenant,
  input: z
    .object({ tenantId })
    .transform(({ tenantId }): z.input<typeof deleteTenant.input> => ({ id: tenantId }))
    .pipe(deleteTenant.input),
});
