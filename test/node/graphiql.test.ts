import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOperationAST, parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { ask } from '../../src/cli/gateway.ts';
import { examples } from '../../src/cli/graphiql-examples.ts';
import { type Confined, confine, findBrowser, launch } from './browser.ts';
import { migrate } from './migrated.ts';
import { npmStart, type Started, stopAll } from './started.ts';

const executable = findBrowser();
if (executable === undefined) {
  console.error('\n*** NO BROWSER: GraphiQL is NOT tested. Install chromium, or say where it is by CHROMIUM. ***\n');
}

const named = examples.map((example) => ({ ...example, name: getOperationAST(parse(example.query))?.name?.value }));

/** A list or a record, and something in it. */
const answer = z.union([
  z.array(z.unknown()).min(1),
  z.object({ nodes: z.array(z.unknown()).min(1).optional() }).loose(),
]);

let directory: string;
let gateway: Started;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tenantry-'));
  migrate(directory);
  gateway = await npmStart(directory);
});

afterAll(async () => {
  await stopAll();
  await rm(directory, { recursive: true, force: true });
});

describe('the examples of GraphiQL', () => {
  it('have a name each, and are some', () => {
    expect(named.length).toBeGreaterThanOrEqual(5);
    expect(named.filter(({ name }) => name === undefined)).toEqual([]);
    expect(new Set(named.map(({ name }) => name)).size).toBe(named.length);
  });

  it.each(named)('work on the demo: $name', async ({ query, variables = {} }) => {
    const answers = Object.values(await ask(gateway, query, variables, z.record(z.string(), answer)));
    expect(answers.length).toBeGreaterThan(0);
    for (const fields of answers) expect(fields).not.toHaveProperty('code');
    expect(JSON.stringify(answers)).not.toContain('FAILED');
  });

  it('change nothing more when they are run again', async () => {
    const feed = () => ask(gateway, '{ events(last: 1) { edges { cursor } } }', {}, z.unknown());
    const before = await feed();
    for (const { query, variables = {} } of named) await ask(gateway, query, variables, z.unknown());
    expect(await feed()).toEqual(before);
  });
});

describe.skipIf(executable === undefined)('GraphiQL in a browser', () => {
  let browser: Browser;
  let session: Confined;
  let page: Page;

  beforeAll(async () => {
    browser = await launch(executable ?? '');
  });

  afterAll(() => browser.close());

  /** A person who has not been here before. */
  const visit = async () => {
    session = await confine(browser, new URL(gateway.url));
    page = await session.context.newPage();
    await page.goto(`${gateway.url}/graphql`);
  };

  const leave = async () => {
    await session.context.close();
    expect(session.attempts).toEqual([]);
  };

  const keyField = () => page.getByRole('textbox', { name: 'Key', exact: true });
  const enter = async (key: string) => {
    await keyField().fill(key);
    await keyField().press('Enter');
  };
  const tab = (name: string) => page.getByRole('tab', { name: new RegExp(`^${name}\\b`) });
  /** Goes to a tab, and waits as a person does until the editor shows what is in it. */
  const open = async (name: string) => {
    await tab(name).click();
    await page.locator('.graphiql-query-editor', { hasText: name }).waitFor();
  };
  const run = () => page.getByRole('button', { name: /^Execute query/ }).click();
  const sees = (where: '.result-window' | '#state' | '.graphiql-doc-explorer', text: RegExp) =>
    page.locator(where, { hasText: text }).waitFor();

  describe('to who comes without a key', () => {
    beforeAll(visit);
    afterAll(leave);

    it('has a tab for each example', async () => {
      for (const { name = '' } of named) await tab(name).waitFor();
      expect(await page.getByRole('tab').count()).toBe(named.length);
    });

    it('says what to do without a key, and with a wrong one', async () => {
      await sees('#state', /Enter a key/);
      await run();
      await sees('.result-window', /Enter.a.key/);
      await enter('mistyped');
      await sees('#state', /not valid/);
      await run();
      await sees('.result-window', /not.valid.here/);
    });

    it('reads the schema as soon as there is a key that is valid', async () => {
      await enter(gateway.key);
      await page.getByRole('button', { name: 'Show Documentation Explorer' }).click();
      await sees('.graphiql-doc-explorer', /AddCustomerToTenantsInput/);
    });
  });

  describe('to who comes with a key', () => {
    beforeAll(visit);
    afterAll(leave);

    it('runs an example with the key that is entered, and shows the answer', async () => {
      const carriers = new Set<string>();
      page.on('request', (request) => {
        if (JSON.stringify(request.headers()).includes(gateway.key)) carriers.add(request.url());
      });
      await enter(gateway.key);
      await sees('#state', /is valid/);
      await run();
      await sees('.result-window', /Alder.&.Finch.Furniture/);
      await open('KeyAccountsByName');
      await run();
      await sees('.result-window', /Cobalt.Ridge.Climbing/);
      expect([...carriers]).toEqual([`${gateway.url}/graphql`]);
    });

    it('keeps the key for this tab of the browser only, and comes back with its tabs', async () => {
      await enter(gateway.key);
      await sees('#state', /is valid/);
      await open('WhoAmI');
      await run();
      await sees('.result-window', /"ROOT"/);
      await page.reload();
      await sees('#state', /is valid/);
      expect(await keyField().inputValue()).toBe(gateway.key);
      expect(await tab('WhoAmI').getAttribute('aria-selected')).toBe('true');
      expect(await page.getByRole('tab').count()).toBe(named.length);

      expect(page.url()).toBe(`${gateway.url}/graphql`);
      expect(await page.evaluate('JSON.stringify(localStorage)')).not.toContain(gateway.key);
      const stored = z.record(z.string(), z.string()).parse(await page.evaluate('({ ...sessionStorage })'));
      expect(Object.keys(stored).filter((name) => stored[name]?.includes(gateway.key))).toEqual(['tenantry:key']);
      const another = await session.context.newPage();
      await another.goto(`${gateway.url}/graphql`);
      expect(await another.getByRole('textbox', { name: 'Key', exact: true }).inputValue()).toBe('');
    });
  });
});
