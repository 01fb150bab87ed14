import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

export const CUSTOMERS = 400;
export const TENANTS = 20;
const USERS_EACH = 5;
const BEGINNING = Date.UTC(2025, 0, 1);
const ORGANIZATION_USER_ROLE = '00000000-0000-7000-8000-000000000202';

const idOf = (kind: string, number: number) => `01940000-0000-7000-8000-${kind}${String(number).padStart(8, '0')}`;
/** Returns the id of a customer, counted from 1. */
export const customerId = (number: number) => idOf('c057', number);

const KEY_ID = '01940000-0000-7000-8000-00000000beef';
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const token = `tenantry_${KEY_ID.replaceAll('-', '')}_${'ab'.repeat(32)}`;
/** The API key of the bench, which may do everything. */
export const API_KEY = `${token}_${sha256(token).slice(0, 8)}`;

const numbers = (last: number) =>
  `WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${last})`;
const idSql = (kind: string, n: string) => `'01940000-0000-7000-8000-${kind}' || printf('%08d', ${n})`;
const at = (n: string) => `${BEGINNING} + (${n}) * 1000`;

/** What the database has: tenants, customers in one tenant each with users, and the key, which was used just now. */
const ROWS = [
  `${numbers(TENANTS)} INSERT INTO tenant (id, name, name_key, external_id, external_id_key, status, partner_managed, event_enrichment,
     test, tax_exempt, is_business_customer, is_invoice_pending, created_at, updated_at)
   SELECT ${idSql('7e4a', 'n')}, 'Tenant ' || n, 'tenant ' || n, 'T-' || n, 't-' || n, 'ACTIVE', 1, 0, 0, 'NONE', 1, 0, ${at('n')}, ${at('n')}
   FROM numbers`,
  `${numbers(CUSTOMERS)} INSERT INTO customer (id, kind, name, name_key, email, email_key, email_verified, external_id, external_id_key,
     description_sort, created_at, updated_at)
   SELECT ${idSql('c057', 'n')}, 'COMPANY', 'Customer ' || n, 'customer ' || n, 'c' || n || '@x.example', 'c' || n || '@x.example', 1,
     'C-' || n, 'c-' || n, '', ${at('n')}, ${at('n')} FROM numbers`,
  `${numbers(CUSTOMERS)} INSERT INTO membership (tenant_id, customer_id, created_at, customer_deleted, customer_kind, customer_name_key,
     customer_updated_at)
   SELECT ${idSql('7e4a', `1 + n % ${TENANTS}`)}, ${idSql('c057', 'n')}, ${at('n')}, 0, 'COMPANY', 'customer ' || n, ${at('n')} FROM numbers`,
  `${numbers(CUSTOMERS * USERS_EACH)} INSERT INTO user (id, kind, role_id, customer_id, email, email_key, name, name_key, status, created_at,
     updated_at)
   SELECT ${idSql('05e4', 'n')}, 'CUSTOMER', '${ORGANIZATION_USER_ROLE}', ${idSql('c057', `(n + ${USERS_EACH - 1}) / ${USERS_EACH}`)},
     'u' || n || '@x.example', 'u' || n || '@x.example', 'User ' || n, 'user ' || n, 'ACTIVE', ${at('0')}, ${at('0')} FROM numbers`,
  `INSERT INTO api_key (id, name, access, reach, created_at, updated_at, last_used_at)
   VALUES ('${KEY_ID}', 'bench', 'WRITE', 'ORGANIZATION', 1, 1, unixepoch() * 1000 + 86400000)`,
  `INSERT INTO api_key_secret (id, api_key_id, secret_hash, created_at, last_used_at)
   VALUES ('bench', '${KEY_ID}', '${sha256(API_KEY)}', 1, unixepoch() * 1000 + 86400000)`,
  `INSERT INTO api_key_permission SELECT '${KEY_ID}', name FROM permission`,
];

/** Takes back what the operations have changed. */
const TAKING_BACK = [
  `DELETE FROM membership WHERE created_at > ${BEGINNING + CUSTOMERS * 1000}`,
  'DELETE FROM event_tenant',
  'DELETE FROM event',
];

/** Splits a file of SQL into statements. A trigger has several inside. */
function statementsIn(sql: string): string[] {
  const statements: string[] = [];
  let open = '';
  for (const part of sql.replaceAll(/--.*$/gm, '').split(';')) {
    open += part;
    const isTrigger = /^\s*CREATE\s+TRIGGER/i.test(open);
    if (isTrigger && !/\bEND\s*$/i.test(open)) {
      open += ';';
      continue;
    }
    if (open.trim() !== '') statements.push(open.trim());
    open = '';
  }
  return statements;
}

/** Applies all migrations to an empty database, and fills it. */
export async function fill(db: D1Database): Promise<void> {
  const folder = new URL('../migrations/', import.meta.url);
  for (const name of readdirSync(folder).sort()) {
    const statements = statementsIn(readFileSync(new URL(name, folder), 'utf8'));
    await db.batch(statements.map((statement) => db.prepare(statement)));
  }
  for (const statement of ROWS) await db.prepare(statement).run();
}

/** Brings the database back to what it was filled with, but for names. */
export async function takeBack(db: D1Database): Promise<void> {
  await db.batch(TAKING_BACK.map((statement) => db.prepare(statement)));
}
