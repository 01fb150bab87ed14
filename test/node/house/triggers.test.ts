import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { sourceFiles } from './house.ts';

const SCHEMA = readFileSync(new URL('../../../schema.sql', import.meta.url), 'utf8');

/** Which command keeps the index of search need not be known: whatever writes a record does. */
const triggers = [...SCHEMA.matchAll(/^CREATE TRIGGER (\w+)/gm)]
  .map(([, name]) => name ?? '')
  .filter((name) => !/_search_/.test(name));

const comments = sourceFiles()
  .filter(({ path }) => path.startsWith('directory/'))
  .flatMap(({ text }) => text.match(/\/\*\*.*?\*\//gs) ?? []);

/** The commands that end sessions, links, passwords or a default tenant by a trigger, or hide users by one. */
const SET_OFF_BY: Record<string, readonly string[]> = {
  access_ends_with_user: ['updateUser', 'deleteUser', 'deleteCustomer', 'importUsers'],
  access_follows_email: ['updateUser', 'importUsers'],
  session_ends_with_assignment: ['revokeTenantRole', 'changeRole'],
  session_ends_with_tenant: ['deleteTenant'],
  default_tenant_follows_assignment: ['revokeTenantRole', 'changeRole'],
  user_follows_customer: ['deleteCustomer', 'restoreCustomer'],
};

/** The doc comment of a command, wherever it stands. */
function commentOf(command: string): string {
  const pattern = new RegExp(`(/\\*\\*(?:(?!\\*/)[\\s\\S])*\\*/)\\nexport const ${command}\\b`);
  const [comment] = sourceFiles().flatMap(({ text }) => pattern.exec(text)?.[1] ?? []);
  return comment ?? '';
}

describe('a trigger', () => {
  it.each(Object.entries(SET_OFF_BY))('%s is named by each command that sets it off', (name, commands) => {
    for (const command of commands) expect(commentOf(command), command).toContain(`\`${name}\``);
  });

  it.each(triggers)('%s is named in the doc comment of what sets it off', (name) => {
    expect(comments.filter((comment) => comment.includes(`\`${name}\``))).not.toEqual([]);
  });

  it('that is named somewhere is one that the migrations make', () => {
    const named = comments.flatMap((comment) => [...comment.matchAll(/triggers? `(\w+)`/g)].map(([, name]) => name));
    expect(named.length).toBeGreaterThan(8);
    expect(named.filter((name) => !triggers.includes(name ?? ''))).toEqual([]);
  });
});
