import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { docsPages, pageOf } from '../../../src/cli/docs.ts';
import { ERROR_CODES } from '../../../src/directory/kernel/errors.ts';
import { FAILURE_CODES } from '../../../src/http/shared/failures.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const BESIDE = ['README.md', 'CONTRIBUTING.md', 'CHANGELOG.md', 'SECURITY.md'];

const files = [
  ...BESIDE,
  ...readdirSync(join(ROOT, 'docs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
];
const textOf = (file: string): string => readFileSync(join(ROOT, file), 'utf8');
const withoutCode = (text: string): string => text.replaceAll(/```[\s\S]*?```|`[^`\n]*`/g, '');

const idsIn = (html: string) => [...html.matchAll(/ id="([^"]*)"/g)].map(([, id = '']) => id);

/** Where the links of a file lead, but those to other hosts: each a file and an anchor, which is empty for the whole file. */
const linksOf = (file: string): { file: string; anchor: string }[] =>
  [...withoutCode(textOf(file)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .map((target) => {
      const [path = '', anchor = ''] = target.split('#');
      return { file: path === '' ? file : normalize(join(dirname(file), path)), anchor };
    });

describe('the documentation', () => {
  const pages = docsPages();

  it('leads from every link to what is there', () => {
    const broken = files.flatMap((file) =>
      linksOf(file)
        .filter(({ file: to, anchor }) => {
          if (!existsSync(join(ROOT, to))) return true;
          return anchor !== '' && !idsIn(pageOf(textOf(to))).includes(anchor);
        })
        .map((link) => `${file}: ${link.file}#${link.anchor}`),
    );
    expect(files.flatMap(linksOf).length).toBeGreaterThan(50);
    expect(broken).toEqual([]);
  });

  it('is served with links to what is served', () => {
    const served = new Set(Object.keys(pages).map((name) => `/docs/${name.replace(/(index)?\.html$/, '')}`));
    for (const [name, html] of Object.entries(pages)) {
      const hrefs = [...html.matchAll(/<a href="([^"#]*)[^"]*"/g)].map(([, href = '']) => href);
      const local = hrefs.filter((href) => href !== '' && !/^[a-z]+:/.test(href) && !['/', '/graphql'].includes(href));
      const missing = local.filter((href) => !served.has(new URL(href, `http://x/docs/${name}`).pathname));
      expect(missing, name).toEqual([]);
    }
  });

  it('has a page that leads to every other', () => {
    const led = linksOf('docs/README.md').map(({ file }) => file);
    const decisions = linksOf('docs/decisions/README.md').map(({ file }) => file);
    const all = files.filter((file) => file.startsWith('docs/') && file !== 'docs/README.md');
    expect(all.filter((file) => ![...led, ...decisions].includes(file))).toEqual([]);
  });

  it('has an anchor for the code of every error, and no other', () => {
    const codes = idsIn(pages['errors.html'] ?? '').filter((id) => /^[a-z_]+$|^[A-Z_]+$/.test(id) && id.includes('_'));
    const known = [...ERROR_CODES, ...FAILURE_CODES].filter((code) => code.includes('_'));
    expect(codes.toSorted()).toEqual(known.toSorted());
    for (const code of [...ERROR_CODES, ...FAILURE_CODES]) expect(idsIn(pages['errors.html'] ?? '')).toContain(code);
  });

  it('begins each page with its title, and shows no markup that was meant otherwise', () => {
    for (const [name, html] of Object.entries(pages)) {
      expect(html, name).toMatch(/<title>\S.* · Tenantry<\/title>/);
      expect(html.match(/<h1[ >]/g), name).toHaveLength(1);
      expect(html, name).not.toMatch(/<script|<iframe|javascript:/);
    }
  });
});
