import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { type Browser, type BrowserContext, chromium } from 'playwright-core';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome'];

/** The browser of this machine: what CHROMIUM names, or else the first on the PATH. */
export function findBrowser({ CHROMIUM, PATH = '' } = process.env): string | undefined {
  if (CHROMIUM) return CHROMIUM;
  const directories = PATH.split(delimiter).filter((directory) => directory !== '');
  return directories.flatMap((directory) => NAMES.map((name) => join(directory, name))).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * A browser with a new profile, that keeps to itself: it finds no host but this machine. A route that would turn away the
 * others would also turn off its cache, and the pages are large.
 */
export const launch = (executablePath: string): Promise<Browser> =>
  chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost',
    ],
  });

export interface Confined {
  context: BrowserContext;
  /** What was asked of other hosts, by the pages or by what they load, and what their own policy kept them from. */
  attempts: string[];
}

/** A session in which whatever is asked of any other host is noted. */
export async function confine(browser: Browser, { origin }: URL): Promise<Confined> {
  const context = await browser.newContext();
  const attempts: string[] = [];
  context.on('request', (request) => {
    if (new URL(request.url()).origin !== origin) attempts.push(request.url());
  });
  await context.routeWebSocket('**/*', (socket) => {
    attempts.push(socket.url());
    return socket.close();
  });
  context.on('console', (message) => {
    if (/Content.Security.Policy/i.test(message.text())) attempts.push(message.text());
  });
  return { context, attempts };
}
