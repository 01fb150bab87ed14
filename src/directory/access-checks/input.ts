import * as z from 'zod';
import { customerIdentifier, otherwise, parse, tenantIdentifier } from '../kernel/input.ts';
import { lazily, type OutputOf } from '../kernel/lazily.ts';
import { type AskedPlace, namedCustomer, namedTenant, type Reaching } from './places.ts';

/** How many credentials are checked in one call. */
export const MAX_CHECKS = 100;
/** How many permissions are asked for in one call, of all credentials together. */
export const MAX_ASKED_PERMISSIONS = 500;

const permissionCheck = lazily(() =>
  z
    .object({ permission: z.string(), tenantIdentifier: z.unknown(), customerIdentifier: z.unknown() })
    .refine(({ tenantIdentifier, customerIdentifier }) => tenantIdentifier == null || customerIdentifier == null, {
      error: 'must have at most one of tenantIdentifier, customerIdentifier',
    }),
);

const check = lazily(() =>
  z.object({
    credential: z.string().transform((text) => text.trim().replace(/^bearer\s+/i, '')),
    permissions: z
      .array(permissionCheck())
      .nullish()
      .transform((asked) => asked ?? []),
  }),
);

const input = lazily(() =>
  z.object({
    checks: z
      .array(check(), { error: otherwise('must be a list') })
      .max(MAX_CHECKS, `must be at most ${MAX_CHECKS}`)
      .refine(
        (checks) => checks.reduce((sum, { permissions }) => sum + permissions.length, 0) <= MAX_ASKED_PERMISSIONS,
        { error: `must ask for at most ${MAX_ASKED_PERMISSIONS} permissions in all` },
      ),
  }),
);

/** A credential, and what is asked about it. */
export type Check = OutputOf<typeof check>;
/** A permission, and where it is asked for: in one tenant, for one customer, or wherever the credential reaches. */
export type PermissionCheck = Check['permissions'][number];

/**
 * Returns the checks that are asked for. A credential may be sent as it stands in a header.
 * @throws ValidationError if there are too many, or a permission is asked for in two places at once
 */
export const parseChecks = (checks: unknown): Check[] => parse(input, { checks }).checks;

/**
 * Returns the place that a permission is asked for; null if for none. What cannot be an id names no place there is: that is no
 * mistake of the service, which may have it from a URL.
 */
export function placeOf(
  { tenantIdentifier: tenant, customerIdentifier: customer }: PermissionCheck,
  reaching: Reaching,
) {
  if (tenant != null) {
    const { data } = tenantIdentifier().safeParse(tenant);
    return { kind: 'TENANT', named: data ? namedTenant(data) : {}, reaching } satisfies AskedPlace;
  }
  if (customer == null) return null;
  const { data } = customerIdentifier().safeParse(customer);
  return { kind: 'CUSTOMER', named: data ? namedCustomer(data) : {}, reaching } satisfies AskedPlace;
}
