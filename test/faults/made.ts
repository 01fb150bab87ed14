import { env } from 'cloudflare:workers';

/** What was made since: changes with their events, and entries of traffic, which have none. */
export interface Made {
  commands: number;
  events: number;
  entries: number;
}

/** The last event that there is. */
export const lastEvent = async (): Promise<number> =>
  (await env.DB.prepare('SELECT max(id) AS id FROM event').first<number>('id')) ?? 0;

const MADE = `SELECT count(DISTINCT command_id) AS commands, count(*) AS events,
  (SELECT count(*) FROM traffic_entry) AS entries FROM event WHERE id > ?`;

/** Counts what was made since this event, and all entries of traffic. */
export async function madeSince(event: number): Promise<Made> {
  const made = await env.DB.prepare(MADE).bind(event).first<Made>();
  if (!made) throw new Error('Nothing was counted');
  return made;
}

/** What is told only once: on repetition, it is null. */
const TOLD_ONCE = ['secret', 'invitationLink', 'accessToken', 'sendInvitation'];

/** An answer without what is told only once, and how much of that it told. */
export function withoutSecrets(text: string): { shown: string; secrets: number } {
  let secrets = 0;
  const shown = JSON.stringify(
    JSON.parse(text, (name, value) => {
      if (!TOLD_ONCE.includes(name)) return value;
      if (value !== null) secrets += 1;
      return null;
    }),
  );
  return { shown, secrets };
}
