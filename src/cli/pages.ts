import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { css, editorWorkerService, graphqlWorker, js, jsonWorker } from '@graphql-yoga/render-graphiql/graphiql';
import { buildSync } from 'esbuild';
import { DOCS_FILES, FILE_HEADERS, GRAPHIQL_FILES, PAGE_FILES } from '../http/shared/page.ts';
import { docsPages } from './docs.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));
const read = (path: string): string => readFileSync(at(path), 'utf8');

/**
 * Writes all files of the pages into `public/`, the Worker's assets, so that they load nothing from elsewhere. A file
 * that is up to date is not touched, because a gateway may be serving it.
 */
export function writePages(): void {
  writeAll(`public${GRAPHIQL_FILES}`, {
    'index.html': read('src/browser/graphiql.html'),
    'page.css': read('src/browser/graphiql.css'),
    'page.js': bundled('src/browser/graphiql.ts'),
    'graphiql.css': css,
    'graphiql.js': js,
    'editorWorkerService.worker.js': editorWorkerService,
    'json.worker.js': jsonWorker,
    'graphql.worker.js': graphqlWorker,
  });
  const pages = readdirSync(at('src/browser/pages')).filter((name) => name.endsWith('.html'));
  writeAll(`public${PAGE_FILES}`, {
    ...Object.fromEntries(pages.map((name) => [name, read(`src/browser/pages/${name}`)])),
    'page.css': read('src/browser/pages/page.css'),
    'page.js': bundled('src/browser/pages/page.ts'),
  });
  writeAll(`public${DOCS_FILES}`, { ...docsPages(), 'docs.css': read('src/browser/docs.css') });
  writeAll('public/', { _headers: headersFile() });
}

function bundled(entry: string): string {
  const { outputFiles } = buildSync({ entryPoints: [at(entry)], bundle: true, write: false });
  return outputFiles.map(({ text }) => text).join('');
}

/** Returns the file that gives assets their headers. The Worker cannot add them, because it is not asked for assets. */
function headersFile(): string {
  const rule = ([folder, headers]: [string, Record<string, string>]) =>
    [`${folder}*`, ...Object.entries(headers).map(([name, value]) => `  ${name}: ${value}`), ''].join('\n');
  return Object.entries(FILE_HEADERS).map(rule).join('');
}

function writeAll(folder: string, files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) write(at(`${folder}${name}`), text);
}

function write(file: string, text: string): void {
  if (existsSync(file) && readFileSync(file, 'utf8') === text) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (import.meta.main) writePages();
