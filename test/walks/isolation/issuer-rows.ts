import { env } from 'cloudflare:workers';
import { PUBLIC_KEY } from '../../shared/fixtures.ts';

export type IssuerState = 'trusted' | 'none';

export const IDS: Record<IssuerState, string> = {
  trusted: '01900000-0000-7000-8000-00000000dddd',
  none: '01900000-0000-7000-8000-00000000dddf',
};
export const CUSTOMER = '01900000-0000-7000-8000-000000000000';
const MEMBER = '00000000-0000-7000-8000-000000000202';
const EVENT = 1_500_000;

/** One issuer, for the users of a customer in tenant a, and the event of its registration. */
export const issuerStatements = (): D1PreparedStatement[] => [
  env.DB.prepare(
    `INSERT INTO trusted_issuer (id, name, issuer, audience, algorithms, keys, creates_users, created_at, updated_at)
     VALUES (?1, 'x', 'x', 'x', '["EdDSA"]', ?2, 1, 1, 1) ON CONFLICT (id) DO NOTHING`,
  ).bind(IDS.trusted, JSON.stringify([PUBLIC_KEY])),
  env.DB.prepare('INSERT OR IGNORE INTO trusted_issuer_role (issuer_id, role_id) VALUES (?, ?)').bind(
    IDS.trusted,
    MEMBER,
  ),
  env.DB.prepare('INSERT OR IGNORE INTO trusted_issuer_customer VALUES (?, ?)').bind(IDS.trusted, CUSTOMER),
  env.DB.prepare(
    `INSERT OR IGNORE INTO event (id, command_id, type, subject_type, subject_id, actor_type, created_at)
     VALUES (?2, ?1, 'trustedIssuer.created', 'TrustedIssuer', ?1, 'ROOT', 1)`,
  ).bind(IDS.trusted, EVENT),
];
