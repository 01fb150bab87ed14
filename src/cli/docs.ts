import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Marked } from 'marked';
import { gfmHeadingId } from 'marked-gfm-heading-id';

const DOCS = fileURLToPath(new URL('../../docs/', import.meta.url));

/** A page that tells the others, as a folder on GitHub does by its README. */
const INDEX = 'README';

/**
 * Returns the pages of `docs/` as HTML, by the names of their files below `/docs/`. They have no scripts, and load nothing but
 * their style.
 */
export function docsPages(): Record<string, string> {
  const names = readdirSync(DOCS, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.md'));
  return Object.fromEntries(
    names.sort().map((name) => [pageName(name), pageOf(readFileSync(`${DOCS}${name}`, 'utf8'))]),
  );
}

const pageName = (name: string): string => `${name.slice(0, -'.md'.length).replace(INDEX, 'index')}.html`;

/** Returns the HTML page of a Markdown text, whose first line is its title. */
export function pageOf(markdown: string): string {
  const marked = new Marked(gfmHeadingId(), {
    renderer: {
      // What leads out of docs/ is a file of the source, which is not served.
      link({ href, tokens }) {
        const text = this.parser.parseInline(tokens);
        return href.startsWith('../') ? text : `<a href="${served(href)}">${text}</a>`;
      },
      // A code keeps its letters: there are `not_found` and `NOT_FOUND`.
      heading({ text, depth }) {
        const [, code] = /^`(\w+)`$/.exec(text) ?? [];
        return code ? `<h${depth} id="${code}"><code>${code}</code></h${depth}>\n` : false;
      },
    },
  });
  const [, title = ''] = /^# (.*)/.exec(markdown) ?? [];
  return `<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8" />
    <meta name="viewport" content="width=device-width, initial-scale=1" />
    <title>${title} · Tenantry</title>
    <link rel="icon" href="data:," />
    <link rel="stylesheet" href="/docs/docs.css" />
  </head>
  <body>
    <nav><a href="/">Tenantry</a> <a href="/docs/">Docs</a> <a href="/graphql">GraphiQL</a></nav>
    <main>
${marked.parse(markdown, { async: false })}
    </main>
  </body>
</html>
`;
}

/** Returns where a page is served that another one names by its file. */
const served = (href: string): string =>
  /^[a-z]+:/.test(href) ? href : href.replace(/\.md(?=#|$)/, '').replace(/(^|\/)README(?=#|$)/, '$1');
