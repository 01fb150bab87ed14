import { trustedIssuers } from '../../db/schema/trusted-issuers.ts';
import { sql } from '../../db/sql.ts';
import { trustedIssuerInReach } from '../access/reach.ts';
import type { UniquelyIndexed } from '../commands/unique-values.ts';
import type { UnversionedEntity } from '../commands/unversioned-entity.ts';
import { listedIds, type TrustedIssuerRecord, trustedIssuerRows } from './queries.ts';

type Table = typeof trustedIssuers;

/** Over the columns of `trusted_issuer`: its tokens name no issuer, but the organization. */
export const isEmbedded = sql`trusted_issuer.kind = 'EMBEDDED'`;

/** Trusted issuers, as commands change them. Events keep their keys, which are public. */
export const TRUSTED_ISSUER: UnversionedEntity<Table, TrustedIssuerRecord> &
  UniquelyIndexed<Table, TrustedIssuerRecord> = {
  name: 'TrustedIssuer',
  word: 'trusted issuer',
  table: trustedIssuers,
  readPermission: 'organization:edit',
  snapshot: sql`json_object(
    'kind', trusted_issuer.kind, 'name', trusted_issuer.name,
    'issuer', iif(${isEmbedded}, NULL, trusted_issuer.issuer), 'audience', iif(${isEmbedded}, NULL, trusted_issuer.audience),
    'algorithms', json(trusted_issuer.algorithms), 'keys', json(trusted_issuer.keys), 'jwksUrl', trusted_issuer.jwks_url,
    'createsUsers', json(iif(trusted_issuer.creates_users, 'true', 'false')),
    'roleIds', json(${listedIds('role', sql`trusted_issuer.id`)}),
    'customerIds', json(${listedIds('customer', sql`trusted_issuer.id`)}))`,
  rows: trustedIssuerRows,
  inReach: ({ reach }) => trustedIssuerInReach(reach),
  named: (record) => ({ entity: 'TrustedIssuer', record }),
  unique: [{ columns: ['issuer'], path: 'issuer' }],
};
