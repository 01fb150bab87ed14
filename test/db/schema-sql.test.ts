import { env } from 'cloudflare:workers';
import { getTableColumns, getTableName, is, Table } from 'drizzle-orm';
import { describe, expect, it } from 'vitest';
import committed from '../../schema.sql?raw';
import { printedTables, SCHEMA_OBJECTS, type SchemaObject } from '../../src/cli/shared/printed-tables.ts';
import { OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID } from '../../src/directory/kernel/built-in-roles.ts';
import { MAX_EMAIL_LENGTH } from '../../src/directory/kernel/email-address.ts';
import { MAX_TEXT_LENGTH, MAX_URL_LENGTH } from '../../src/directory/kernel/input.ts';
import { PERMISSIONS } from '../../src/directory/kernel/permission-names.ts';
import { SHA256_DIGITS, sha256 } from '../../src/directory/kernel/secrets.ts';
import { LIFETIME_MILLISECONDS } from '../../src/directory/mail/mailed-links.ts';
import { MAIL_TEXTS } from '../../src/directory/mail/texts.ts';
import { MAX_LEVEL } from '../../src/directory/roles/commands.ts';
import { MAX_USER_AGENT_LENGTH } from '../../src/directory/sign-in/sessions.ts';

const modules = import.meta.glob<Record<string, unknown>>('../../src/db/schema/*.ts', { eager: true });
const tables = Object.values(modules).flatMap((module) =>
  Object.values(module).filter((value): value is Table => is(value, Table)),
);

describe('schema.sql', () => {
  it('is what the migrations make; run `npm run schema` if it is not', async () => {
    const { results } = await env.DB.prepare(SCHEMA_OBJECTS).all<SchemaObject & Record<string, unknown>>();
    expect(committed).toBe(printedTables(results));
    expect(committed).toMatch(/CREATE TRIGGER access_ends_with_user/);
    expect(committed).not.toMatch(/CREATE TABLE '?(sqlite_|_cf_|d1_|\w+_search_)/);
  });
});

describe('what SQL repeats', () => {
  it('is what a column of few values can hold', () => {
    const checks = [...committed.matchAll(/^CREATE TABLE "?(\w+)"? \(([\s\S]*?)^(?:\)|,| {2}CHECK \(\(created)/gm)];
    const listed = checks.flatMap(([, table, body = '']) =>
      [...body.matchAll(/^ {2}(\w+) TEXT[^\n]* CHECK \(\1 IN \(([^)]*)\)\)/gm)].map(
        ([, column, values = '']) => `${table}.${column}: ${values.replaceAll("'", '')}`,
      ),
    );
    const declared = tables.flatMap((table) =>
      Object.values(getTableColumns(table)).flatMap(({ name, enumValues }) =>
        enumValues?.length ? [`${getTableName(table)}.${name}: ${enumValues.join(', ')}`] : [],
      ),
    );
    expect(listed.length).toBeGreaterThanOrEqual(10);
    expect(declared).toEqual(expect.arrayContaining(listed));
  });

  it('is how long a text can be', () => {
    const longest: Record<string, number> = {
      name: MAX_TEXT_LENGTH,
      external_id: MAX_TEXT_LENGTH,
      entry_id: MAX_TEXT_LENGTH,
      email: MAX_EMAIL_LENGTH,
      url: MAX_URL_LENGTH,
      user_agent: MAX_USER_AGENT_LENGTH,
      secret_hash: SHA256_DIGITS,
      key_hash: SHA256_DIGITS,
      field: SHA256_DIGITS,
      request_hash: SHA256_DIGITS,
    };
    const bounds = [...committed.matchAll(/length\((\w+)\) (?:BETWEEN \d+ AND|<=|=) (\d+)/g)];
    expect(bounds.length).toBeGreaterThan(10);
    for (const [bound, column = '', max] of bounds) expect(Number(max), bound).toBe(longest[column]);
    expect(sha256('')).toHaveLength(SHA256_DIGITS);
  });

  it('is how high a role can be', () => {
    expect(committed).toContain(`CHECK (level BETWEEN 0 AND ${MAX_LEVEL})`);
  });

  it('is which roles are the owner and the admin of a tenant', async () => {
    const { results } = await env.DB.prepare('SELECT id, scope, name FROM role WHERE id IN (?, ?) ORDER BY id')
      .bind(OWNER_ROLE_ID, TENANT_ADMIN_ROLE_ID)
      .all();
    expect(results).toEqual([
      { id: OWNER_ROLE_ID, scope: 'ORGANIZATION', name: 'owner' },
      { id: TENANT_ADMIN_ROLE_ID, scope: 'TENANT', name: 'admin' },
    ]);
  });

  it('is which permissions there are', async () => {
    const { results } = await env.DB.prepare('SELECT name FROM permission ORDER BY name').all<{ name: string }>();
    expect(results.map(({ name }) => name)).toEqual([...PERMISSIONS].sort());
  });

  it('is how long an invitation lasts that another e-mail address sets off', async () => {
    const now = Date.now();
    const run = (sql: string, ...values: unknown[]) =>
      env.DB.prepare(sql)
        .bind(...values)
        .run();
    await run(
      `INSERT INTO user (id, kind, email, email_key, name_key, status, created_at, updated_at)
        VALUES ('moving', 'TENANT', 'a@example.com', 'a@example.com', '', 'ACTIVE', ?, ?)`,
      now,
      now,
    );
    await run("INSERT INTO password (user_id, hash, changed_at) VALUES ('moving', 'hash', ?)", now);
    await run(
      "UPDATE user SET email = 'b@example.com', email_key = 'b@example.com', updated_at = ? WHERE id = 'moving'",
      now + 1,
    );
    const link = await env.DB.prepare(
      "SELECT purpose, expires_at - created_at AS lifetime FROM mailed_link WHERE user_id = 'moving'",
    ).first();
    expect(link).toEqual({ purpose: 'INVITATION', lifetime: LIFETIME_MILLISECONDS.INVITATION });
  });
});

describe('what mails repeat', () => {
  const hours = { INVITATION: '7 days', PASSWORD_RESET: 'one hour' } as const;

  it('is how long their links are good', () => {
    expect(LIFETIME_MILLISECONDS).toEqual({ INVITATION: 7 * 24 * 3_600_000, PASSWORD_RESET: 3_600_000 });
    for (const purpose of ['INVITATION', 'PASSWORD_RESET'] as const) {
      const { text } = MAIL_TEXTS[purpose]({ name: null, organization: 'Acme', link: 'https://example.com' });
      expect(text).toContain(`The link is good for ${hours[purpose]}`);
    }
  });
});
