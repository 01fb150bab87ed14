import { env } from 'cloudflare:workers';

/** By the tenant that a pixel and a pipeline belong to. */
export type SourceState = 'a' | 'b' | 'gone' | 'none';

export const SOURCE_STATES: readonly SourceState[] = ['a', 'b', 'gone', 'none'];
export const SOURCE_TYPES = ['Pixel', 'Pipeline'] as const;
export type SourceType = (typeof SOURCE_TYPES)[number];

const numberOf = (type: SourceType, state: SourceState): number =>
  SOURCE_TYPES.indexOf(type) * SOURCE_STATES.length + SOURCE_STATES.indexOf(state);

export const sourceId = (type: SourceType, state: SourceState): string =>
  `01900000-0000-7000-8000-0000000cc00${numberOf(type, state)}`;

const HOUR_MILLISECONDS = 60 * 60 * 1000;

/** Of each tenant a pixel, a pipeline, the events of their registration, and some traffic. */
export const usageStatements = (rawTenant: (name: 'a' | 'b' | 'gone') => string): D1PreparedStatement[] =>
  (['a', 'b', 'gone'] as const).flatMap((state) => [
    ...SOURCE_TYPES.flatMap((type) => {
      const ids = [sourceId(type, state), rawTenant(state)];
      const event = 1_700_000 + numberOf(type, state);
      return [
        env.DB.prepare(
          `INSERT INTO data_source (id, tenant_id, kind, name, status, created_at, updated_at)
           VALUES (?1, ?2, ?3, 'x', 'ACTIVE', 1, 1) ON CONFLICT (id) DO NOTHING`,
        ).bind(...ids, type.toUpperCase()),
        env.DB.prepare(
          `INSERT OR IGNORE INTO event (id, command_id, type, subject_type, subject_id, actor_type, created_at)
           VALUES (?3, ?1, lower(?2) || '.created', ?2, ?1, 'ROOT', 1)`,
        ).bind(sourceId(type, state), type, event),
        env.DB.prepare(
          'INSERT OR IGNORE INTO event_tenant SELECT ?2, id, type, actor_type, actor_id FROM event WHERE subject_id = ?1',
        ).bind(...ids),
      ];
    }),
    env.DB.prepare('INSERT OR IGNORE INTO traffic_hour VALUES (?, ?, 7, 0, 1)').bind(
      rawTenant(state),
      Math.floor(Date.now() / HOUR_MILLISECONDS),
    ),
    env.DB.prepare("INSERT OR IGNORE INTO traffic_entry VALUES (?1, 'known', '', ?2, 1, 7, 0)").bind(
      rawTenant(state),
      sourceId('Pixel', state),
    ),
  ]);
