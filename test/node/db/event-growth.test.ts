import { readdirSync, readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { EVENT_TYPES } from '../../../src/directory/kernel/event-types.ts';

const ROOT = new URL('../../../', import.meta.url);
const PAGE = readFileSync(new URL('docs/events.md', ROOT), 'utf8');
const EVENTS = 20_000;

/** An id of the given moment, as real ones are. */
const idAt = (time: number, n: number) =>
  `${time.toString(16).padStart(12, '0').slice(0, 8)}-${time.toString(16).padStart(12, '0').slice(8)}-7000-8000-${n.toString(16).padStart(12, '0')}`;

/** How much an event of a change of a customer takes, in bytes, that names so many tenants. */
function bytesPerEvent(tenantCount: number): number {
  const database = new DatabaseSync(':memory:');
  const migrations = new URL('migrations/', ROOT);
  for (const name of readdirSync(migrations).sort()) database.exec(readFileSync(new URL(name, migrations), 'utf8'));
  const size = () =>
    Number(database.prepare('SELECT sum(pgsize) AS size FROM dbstat WHERE name LIKE ?').get('event%')?.size ?? 0);
  const before = size();
  const event = database.prepare(`INSERT INTO event
    (command_id, type, subject_type, subject_id, actor_type, actor_id, before, after, created_at, subject_version)
    VALUES (?, 'customer.updated', 'Customer', ?, 'API_KEY', ?, ?, ?, ?, 2)`);
  const named = database.prepare(`INSERT INTO event_tenant (tenant_id, event_id, type, actor_type, actor_id)
    SELECT ?, max(id), 'customer.updated', 'API_KEY', ? FROM event`);
  const snapshot = (name: string) =>
    JSON.stringify({
      kind: 'COMPANY',
      name,
      shortName: null,
      email: { address: 'office@customer.example', isVerified: false },
      externalId: 'CRM-104711',
      description: null,
      labels: ['partner'],
    });
  const begun = Date.UTC(2026, 0, 1);
  database.exec('BEGIN');
  for (let n = 0; n < EVENTS; n += 1) {
    const time = begun + n * 1000;
    const actor = idAt(begun, n % 10);
    event.run(
      idAt(time, n),
      idAt(begun, n % 5000),
      actor,
      snapshot('Customer Ltd'),
      snapshot('Customer Limited'),
      time,
    );
    for (let tenant = 0; tenant < tenantCount; tenant += 1) named.run(idAt(begun, (n + tenant) % 300), actor);
  }
  database.exec('COMMIT');
  return (size() - before) / EVENTS;
}

describe('the page of events', () => {
  it('says what an event takes', () => {
    const [named, other] = [bytesPerEvent(1), bytesPerEvent(0)];
    console.log(`an event takes ${named.toFixed(0)} bytes, and ${other.toFixed(0)} without a tenant`);
    const [, saidNamed = '', saidOther = ''] =
      /takes about ([\d,]+) bytes of the 10 GB of D1, indexes included\. Without a tenant, an event takes ([\d,]+)\./.exec(
        PAGE.replaceAll(/\s+/g, ' '),
      ) ?? [];
    for (const [said, measured] of [
      [saidNamed, named],
      [saidOther, other],
    ] as const) {
      expect(Number(said.replace(',', '')) / measured).toBeGreaterThan(0.95);
      expect(Number(said.replace(',', '')) / measured).toBeLessThan(1.05);
    }
  });

  it('lists every type, in their order', () => {
    const rows = [...PAGE.matchAll(/^\| `([a-z]\w*\.\w+)` \|/gim)].map(([, type]) => type);
    expect(rows).toEqual([...EVENT_TYPES]);
  });
});
