import { describe, expect, it } from 'vitest';
import limits from '../../../docs/limits.md?raw';
import page from '../../../docs/prismatic.md?raw';
import { DEFAULT_PAGE_SIZE } from '../../../src/dialects/prismatic/pages.ts';
import { schema } from '../../../src/dialects/prismatic/schema.ts';
import { MAX_DESCRIPTION_SORT } from '../../../src/directory/kernel/derived-columns.ts';
import { MAX_OFFSET } from '../../../src/directory/lists/page-arguments.ts';
import { MAX_PRISMATIC_COST } from '../../../src/http/dialects/prismatic.ts';
import { newCustomer, newKey, unique } from '../../shared/fixtures.ts';
import { PUBLIC_URL, send } from '../../shared/gateway.ts';
import { operationsOf } from '../../walks/dialects/table.ts';
import { STATUSES } from './api.ts';
import { prismatic } from './table.ts';

describe('the page of Prismatic', () => {
  const row = (heading: string) =>
    page.split('\n').find((line) => line.startsWith(`| ${heading} |`)) ?? `There is no row ${heading}`;
  const words = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, word]) => word ?? '');
  const sectionOf = (heading: string) => page.slice(page.indexOf(`\n## ${heading}\n`)).split('\n## ')[1] ?? '';

  it('begins with whom it is for and what is not there', () => {
    const headings = [...page.matchAll(/^#+ (.*)$/gm)].map(([, heading]) => heading);
    expect(headings.slice(0, 3)).toEqual(['Prismatic', 'What is not there', 'Clients tested']);
    expect(page).toMatch(/^# Prismatic\n\nFor programs /);
    const [, calls = '', named = ''] = row('`@prismatic-io/prism` 10.4.0').split(' | ');
    expect(words(named)).toHaveLength(Number(calls));
  });

  it('has every operation, with what it needs, and no other', () => {
    const rows = sectionOf('Operations').matchAll(/^\| (`\w+`(?:, `\w+`)*) \| (`\w+:\w+` )?\|$/gm);
    const named = [...rows].flatMap(([, names = '', needed = '']) =>
      words(names).map((name) => [name, ...words(needed)]),
    );
    expect(named.map(([name]) => name).sort()).toEqual(operationsOf(schema).sort());
    for (const [name = '', needed] of named) {
      const operation = prismatic.operations.find((known) => known.name === name);
      // Below the organization, which everybody may read, are its users.
      expect(name === 'organization' ? undefined : operation?.permissions[0], name).toBe(needed);
    }
  });

  it('has every argument of each list at the root, and no other', () => {
    const rows = sectionOf('Arguments of the lists')
      .split('\n')
      .filter((line) => line.startsWith('| `'))
      .map((line) => line.split('|').map((cell) => cell.trim()));
    for (const [index, list] of ['customers', 'users'].entries()) {
      const args = (schema.getQueryType()?.getFields()[list]?.args ?? []).map(({ name }) => name);
      const named = rows.filter((cells) => cells[index + 2] === 'yes').flatMap(([, names = '']) => words(names));
      expect(named.sort(), list).toEqual([...args].sort());
    }
    expect(row('`offset`')).toContain(`| up to ${MAX_OFFSET} |`);
    expect(row('`sortBy`')).toContain(`its first ${MAX_DESCRIPTION_SORT} characters`);
  });

  it('has the statuses of what fails, and the limits', () => {
    const told =
      row('a failed request')
        .match(/\b[2-5]\d\d\b/g)
        ?.map(Number) ?? [];
    expect(told).toEqual([200, ...new Set([...STATUSES, 500])].sort());
    const cost = MAX_PRISMATIC_COST.toLocaleString('en');
    expect(row('cost of an operation')).toContain(`at most ${cost}:`);
    expect(row('pages')).toContain(`| ${DEFAULT_PAGE_SIZE} records`);
    expect(limits).toContain(`| \`/api\` | ${cost} | ten times as much |`);
    expect(limits).toContain(`| records that an \`offset\` skips, at \`/api\` | ${MAX_OFFSET} |`);
  });

  it('shows a request that works', async () => {
    const name = unique('FTL');
    const { secret } = await newKey();
    const customer = await newCustomer({ name });
    const filled = page.replaceAll('\\\n', '').replaceAll('$API_KEY', secret).replace('ftl', name.toLowerCase());
    const [, path = '', options = ''] = /^curl -sS \$TENANTRY(\S+) (.*)$/m.exec(filled) ?? [];
    const headers = [...options.matchAll(/-H (["'])(\S+): (.*?)\1/g)].map(
      ([, , header = '', value = '']): [string, string] => [header, value],
    );
    const [, body = ''] = /-d '(.*)'$/.exec(options) ?? [];
    const { data } = await send(new Request(`${PUBLIC_URL}${path}`, { method: 'POST', headers, body }));
    const { id, externalId } = customer;
    expect(data.customers.nodes).toEqual([{ id, name, externalId }]);
  });
});
