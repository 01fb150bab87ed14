import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { css, editorWorkerService, graphqlWorker, js, jsonWorker } from '@graphql-yoga/render-graphiql/graphiql';
import { buildSync } from 'esbuild';
import { PAGE_HEADERS, PAGE_PATH } from '../http/page.ts';

const at = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url));

/**
 * Writes into `public/`, the Worker's assets, all that GraphiQL needs to work without a network. What is right already
 * is left alone: a gateway may be serving it.
 */
export function writeGraphiQL(): void {
  mkdirSync(at(`public${PAGE_PATH}`), { recursive: true });
  const files = {
    'index.html': readFileSync(at('src/browser/graphiql.html'), 'utf8'),
    'page.css': readFileSync(at('src/browser/graphiql.css'), 'utf8'),
    'page.js': bundled(at('src/browser/graphiql.ts')),
    'graphiql.css': css,
    'graphiql.js': js,
    'editorWorkerService.worker.js': editorWorkerService,
    'json.worker.js': jsonWorker,
    'graphql.worker.js': graphqlWorker,
  };
  for (const [name, text] of Object.entries(files)) write(at(`public${PAGE_PATH}${name}`), text);
  write(at('public/_headers'), headersFile());
}

function bundled(entry: string): string {
  const { outputFiles } = buildSync({ entryPoints: [entry], bundle: true, write: false });
  return outputFiles.map(({ text }) => text).join('');
}

/** The assets are answered without asking the Worker, which therefore cannot add these. */
function headersFile(): string {
  const lines = Object.entries(PAGE_HEADERS).map(([name, value]) => `  ${name}: ${value}\n`);
  return `${PAGE_PATH}*\n${lines.join('')}`;
}

function write(file: string, text: string): void {
  if (!existsSync(file) || readFileSync(file, 'utf8') !== text) writeFileSync(file, text);
}

if (import.meta.main) writeGraphiQL();
