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

/** A browser with a new profile, that keeps to itself. */
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
    ],
  });

export interface Confined {
  context: BrowserContext;
  /** What was asked of other hosts, by the pages or by what they load, and what their own policy kept them from. */
  attempts: string[];
}

/** A session that reaches one host only. */
export async function confine(browser: Browser, { origin }: URL): Promise<Confined> {
  const context = await browser.newContext();
  const attempts: string[] = [];
  await context.route('**/*', (route) => {
    const url = route.request().url();
    if (new URL(url).origin === origin) return route.continue();
    attempts.push(url);
    return route.abort();
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
