import { env } from 'cloudflare:workers';
import { globalId } from '../../shared/fixtures.ts';
import { TOKENS } from '../../shared/people.ts';
import { CUSTOMERS, customerIds, rawTenant, type State, slug, type TenantName } from './world.ts';

export type UserState =
  | 'of the team'
  | 'of the team, with a role in a'
  | 'of a customer'
  | 'of a customer, with a role in a'
  | 'of a deleted customer, with a role in b'
  | 'of a customer in b, with a role in a'
  | 'of a shared customer'
  | 'of a deleted customer'
  | 'deleted, of a customer'
  | 'in a'
  | 'in b'
  | 'in a and b'
  | 'in a and gone'
  | 'in gone'
  | 'in no tenant'
  | 'deleted, in a'
  | 'deleted, in b'
  | 'unknown';

export interface UserSubject {
  home: 'ORGANIZATION' | 'CUSTOMER' | 'TENANT';
  customer: State | null;
  tenants: readonly TenantName[];
  /** Itself: one can also be hidden with its customer. */
  deleted: boolean;
  exists: boolean;
}

const user = (home: UserSubject['home'], more: Partial<UserSubject> = {}): UserSubject => ({
  home,
  customer: null,
  tenants: [],
  deleted: false,
  exists: true,
  ...more,
});

export const USERS: Record<UserState, UserSubject> = {
  'of the team': user('ORGANIZATION'),
  'of the team, with a role in a': user('ORGANIZATION', { tenants: ['a'] }),
  'of a customer': user('CUSTOMER', { customer: 'in reach of a' }),
  'of a customer, with a role in a': user('CUSTOMER', { customer: 'in reach of a', tenants: ['a'] }),
  'of a deleted customer, with a role in b': user('CUSTOMER', { customer: 'deleted', tenants: ['b'] }),
  'of a customer in b, with a role in a': user('CUSTOMER', { customer: 'in reach of b', tenants: ['a'] }),
  'of a shared customer': user('CUSTOMER', { customer: 'shared' }),
  'of a deleted customer': user('CUSTOMER', { customer: 'deleted', tenants: ['a'] }),
  'deleted, of a customer': user('CUSTOMER', { customer: 'in reach of a', deleted: true }),
  'in a': user('TENANT', { tenants: ['a'] }),
  'in b': user('TENANT', { tenants: ['b'] }),
  'in a and b': user('TENANT', { tenants: ['a', 'b'] }),
  'in a and gone': user('TENANT', { tenants: ['a', 'gone'] }),
  'in gone': user('TENANT', { tenants: ['gone'] }),
  'in no tenant': user('TENANT'),
  'deleted, in a': user('TENANT', { tenants: ['a'], deleted: true }),
  'deleted, in b': user('TENANT', { tenants: ['b'], deleted: true }),
  unknown: user('TENANT', { exists: false }),
};

export const USER_STATES = Object.keys(USERS) as UserState[];
const rawUser = (state: UserState) =>
  `01900000-0000-7000-8000-0000000001${USER_STATES.indexOf(state).toString(16).padStart(2, '0')}`;
/** Hidden itself, or with its customer. */
export const isHiddenUser = ({ deleted, customer }: UserSubject): boolean =>
  deleted || (customer !== null && CUSTOMERS[customer].deleted);

/** Whoever may not sign in has no session, and neither has whoever reaches nothing. */
export const hasSession = (state: UserState): boolean => {
  const { exists, home, tenants } = USERS[state];
  return exists && !isHiddenUser(USERS[state]) && (home !== 'TENANT' || tenants.length > 0);
};

const rawSession = (state: UserState) => rawUser(state).replace('0000000001', '0000000002');
export const sessionId = (state: UserState) => globalId('Session', rawSession(state));

/** The tenant that the session of a user reaches, if it is one. */
const tenantOfSession = ({ home, tenants }: UserSubject): TenantName | null =>
  home === 'TENANT' ? (tenants[0] ?? null) : null;

/** Access tokens of these sessions, signed as ours are: also of those that are not there. */
export const tokensOfUsers = new Map<UserState, string>();

export async function issueTokens(): Promise<void> {
  for (const state of USER_STATES) {
    const { home, customer } = USERS[state];
    const tenant = tenantOfSession(USERS[state]);
    const token = await TOKENS.issue({
      userId: rawUser(state),
      sessionId: rawSession(state),
      reach: home === 'TENANT' ? 'TENANTS' : home,
      tenantId: tenant && rawTenant(tenant),
      customerId: home === 'CUSTOMER' && customer ? customerIds[customer] : null,
    });
    tokensOfUsers.set(state, token);
  }
}

export const userId = (state: UserState) => globalId('User', rawUser(state));
export const userSlug = (state: UserState) => `user-${slug(state.replaceAll(',', ''))}`;
/** Downward: the events that come next count upward. */
const eventNumberOf = (state: UserState) => 2_000_000 - USER_STATES.indexOf(state);
export const userEventId = (state: UserState) => globalId('Event', String(eventNumberOf(state)));

const ROLE_OF_HOME = { ORGANIZATION: '104', CUSTOMER: '202', TENANT: null };
const role = (last: string) => `00000000-0000-7000-8000-000000000${last}`;

/** Puts all users and their roles back as the table above says; to be run behind the customers and tenants. */
export function userStatements(): D1PreparedStatement[] {
  const statements = USER_STATES.filter((state) => USERS[state].exists).flatMap((state) => {
    const { home, customer, tenants, deleted } = USERS[state];
    const tenant = tenantOfSession(USERS[state]);
    const homeRole = ROLE_OF_HOME[home];
    return [
      env.DB.prepare(
        `INSERT INTO user (id, kind, role_id, customer_id, email, email_key, name, name_key, external_id, external_id_key,
          status, default_tenant_id, created_at, updated_at, deleted_at, customer_deleted_at)
         VALUES (?1, ?2, ?3, ?4, ?5 || '@x.example', ?5 || '@x.example', ?5, ?5, ?5, ?5, 'ACTIVE', ?6, 1, 1, ?7,
          (SELECT deleted_at FROM customer WHERE id = ?4))`,
      ).bind(
        rawUser(state),
        home,
        homeRole && role(homeRole),
        customer && customerIds[customer],
        userSlug(state),
        tenants[0] ? rawTenant(tenants[0]) : null,
        deleted ? 2 : null,
      ),
      env.DB.prepare(
        `INSERT INTO event (id, command_id, type, subject_type, subject_id, actor_type, created_at)
         VALUES (?2, ?1, 'user.created', 'User', ?1, 'ROOT', 1)`,
      ).bind(rawUser(state), eventNumberOf(state)),
      ...(hasSession(state)
        ? [
            env.DB.prepare(
              `INSERT INTO session (id, user_id, tenant_id, family_hash, refresh_hash, created_at, refreshed_at, expires_at)
               VALUES (?1, ?2, ?3, '', '', 1, 1, 9e15)`,
            ).bind(rawSession(state), rawUser(state), tenant && rawTenant(tenant)),
          ]
        : []),
      ...(isHiddenUser(USERS[state])
        ? []
        : [
            env.DB.prepare(
              "INSERT INTO mailed_link (user_id, purpose, created_at, expires_at) VALUES (?, 'INVITATION', 1, 1)",
            ).bind(rawUser(state)),
          ]),
      ...tenants.flatMap((tenant) => [
        env.DB.prepare(
          `INSERT INTO assignment (tenant_id, user_id, role_id, created_at, user_deleted, user_status, user_name_key,
            user_email_key, user_updated_at, user_customer_id)
           SELECT ?1, id, ?3, 1, deleted, status, name_key, email_key, updated_at, customer_id FROM user WHERE id = ?2`,
        ).bind(rawTenant(tenant), rawUser(state), role('304')),
        env.DB.prepare(
          'INSERT INTO event_tenant SELECT ?1, id, type, actor_type, actor_id FROM event WHERE subject_id = ?2',
        ).bind(rawTenant(tenant), rawUser(state)),
      ]),
    ];
  });
  return [...statements, env.DB.prepare(HAVE_NO_PLACE)];
}

/** Nobody is created without a role in a live tenant, as these are. */
const HAVE_NO_PLACE = `UPDATE user SET has_place = 0 WHERE kind = 'TENANT' AND NOT EXISTS (
  SELECT 1 FROM assignment JOIN tenant ON tenant.id = assignment.tenant_id AND tenant.deleted_at IS NULL
  WHERE assignment.user_id = user.id)`;
