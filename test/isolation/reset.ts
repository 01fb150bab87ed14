import { env } from 'cloudflare:workers';
import { columnsOf } from '../changes.ts';

/*
 * Puts the world back as it was made: only what differs is written, because whatever is searched is dear to write. It is
 * the work of a trigger, because D1 takes as long for a statement as for what all of these have to do.
 */

/** Parents before children, each with what tells its rows apart. */
const TABLES = {
  tenant: ['id'],
  customer: ['id'],
  membership: ['tenant_id', 'customer_id'],
  user: ['id'],
  assignment: ['tenant_id', 'user_id'],
  session: ['id'],
  mailed_link: ['user_id', 'purpose'],
  event: ['id'],
  event_tenant: ['tenant_id', 'event_id'],
  api_key_tenant: ['api_key_id', 'tenant_id'],
  data_source: ['id'],
  traffic_entry: ['tenant_id', 'entry_id'],
  traffic_hour: ['tenant_id', 'hour'],
  trusted_issuer: ['id'],
  trusted_issuer_role: ['issuer_id', 'role_id'],
  trusted_issuer_customer: ['issuer_id', 'customer_id'],
};

/** Keeps a copy of everything, to which `reset` goes back. */
export async function remember(): Promise<void> {
  const [removals, additions, changes, copies]: string[][] = [[], [], [], []];
  for (const [table, key] of Object.entries(TABLES)) {
    const columns = await columnsOf(table);
    const list = columns.map((name) => `"${name}"`).join(', ');
    const same = key.map((name) => `saved."${name}" = "${table}"."${name}"`).join(' AND ');
    const differs = columns.map((name) => `saved."${name}" IS NOT "${table}"."${name}"`).join(' OR ');
    // Events of roles and keys stay, and so do the keys that they are about.
    const ours =
      table === 'event'
        ? "subject_type IN ('Customer', 'Tenant', 'User', 'Pixel', 'Pipeline')"
        : table !== 'api_key_tenant';
    copies?.push(`CREATE TABLE "saved_${table}" AS SELECT ${list} FROM "${table}"`);
    removals?.unshift(
      `DELETE FROM "${table}" WHERE ${ours} AND NOT EXISTS (SELECT 1 FROM "saved_${table}" saved WHERE ${same})`,
    );
    additions?.push(
      `INSERT INTO "${table}" (${list}) SELECT ${list} FROM "saved_${table}" saved
       WHERE NOT EXISTS (SELECT 1 FROM "${table}" WHERE ${same})`,
    );
    changes?.push(
      `UPDATE "${table}" SET ${columns.map((name) => `"${name}" = saved."${name}"`).join(', ')}
       FROM "saved_${table}" saved WHERE ${same} AND (${differs})`,
    );
  }
  copies?.push('CREATE TABLE saved_api_key AS SELECT id, customer_id FROM api_key');
  changes?.push(`UPDATE api_key SET customer_id = saved.customer_id
    FROM saved_api_key saved WHERE saved.id = api_key.id AND saved.customer_id IS NOT api_key.customer_id`);
  const steps = [removals, additions, changes].flatMap((list) => list ?? []);
  copies?.push(
    'CREATE TABLE resetting (count INTEGER NOT NULL)',
    'INSERT INTO resetting VALUES (0)',
    `CREATE TRIGGER resetting AFTER UPDATE ON resetting BEGIN ${steps.map((sql) => `${sql};`).join('\n')} END`,
  );
  await env.DB.batch((copies ?? []).map((sql) => env.DB.prepare(sql)));
}

export const reset = (): D1PreparedStatement => env.DB.prepare('UPDATE resetting SET count = count + 1');
