import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getOperationAST, parse } from 'graphql';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { fillIfEmpty } from '../../src/cli/fill.ts';
import { examples } from '../../src/cli/graphiql-examples.ts';
import { writePages } from '../../src/cli/pages.ts';
import { ask } from '../../src/cli/shared/gateway.ts';
import { mailedLink } from '../node/shared/mailbox.ts';
import { migrate } from '../node/shared/migrated.ts';
import { type Started, serveMigrated, stopAll } from '../node/shared/started.ts';
import { type Confined, confine, findBrowser, launch } from './browser.ts';

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
  writePages();
  gateway = await serveMigrated(directory);
  await fillIfEmpty(gateway);
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

const ACCEPTING = '/auth/accept-invitation';
const RESETTING = '/auth/reset-password';
const PASSWORD = 'seven slow herons wading';

const answered = z.object({ createOrganizationUser: z.object({ user: z.object({ id: z.string() }) }) });

/** Invites somebody of this name to be an owner, and answers the link that was mailed. */
async function invite(name: string, email: string): Promise<string> {
  const document = `mutation ($input: CreateOrganizationUserInput!) {
    createOrganizationUser(input: $input) {
      ... on CreateOrganizationUserPayload { user { id } }
      ... on MutationError { code }
    }
  }`;
  await ask(gateway, document, { input: { name, email, roleIdentifier: { name: 'owner' } } }, answered);
  return mailedLink(gateway, name, ACCEPTING);
}

const postJson = (path: string, body: object) =>
  fetch(`${gateway.url}${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });

/** Invites somebody, who accepts with `PASSWORD`. */
async function admit(name: string, email: string): Promise<void> {
  const [, token] = (await invite(name, email)).split('#token=');
  expect((await postJson(ACCEPTING, { token, password: PASSWORD })).status).toBe(200);
}

describe.skipIf(executable === undefined)('GraphiQL in a browser', () => {
  let browser: Browser;
  let session: Confined;
  let page: Page;

  beforeAll(async () => {
    browser = await launch(executable ?? '');
    session = await confine(browser, new URL(gateway.url));
    page = await session.context.newPage();
  });

  afterAll(() => browser.close());

  /** A person who has not been here before, in the page of the one before: a new one would take seconds to compile GraphiQL. */
  const visit = async () => {
    // Away from GraphiQL, which notes its tabs when it is left.
    await page.goto(`${gateway.url}/health`);
    await page.evaluate('localStorage.clear(); sessionStorage.clear()');
    await session.context.clearCookies();
    await page.goto(`${gateway.url}/graphql`);
  };

  const leave = async () => {
    await page.unrouteAll();
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
      // GraphiQL takes its time to note that the variables of the tab before are gone, and finds its tab by them, too.
      await expect.poll(() => page.evaluate('sessionStorage.getItem("graphiql:variables")')).toBeNull();
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

  /** What the page keeps of who is signed in. */
  const storedSession = async () =>
    z
      .object({ accessToken: z.string(), refreshToken: z.string() })
      .parse(JSON.parse(String(await page.evaluate('sessionStorage.getItem("tenantry:session")'))));
  /** As if the access token had expired: the gateway refuses this one, too. */
  const tamper =
    'sessionStorage.setItem("tenantry:session", JSON.stringify({ ...JSON.parse(sessionStorage.getItem("tenantry:session")), accessToken: "old" }))';
  const signIn = async (email: string, password: string) => {
    await page.getByLabel('E-mail').fill(email);
    await page.getByLabel('Password', { exact: true }).fill(password);
    await page.keyboard.press('Enter');
  };

  describe('to who signs in', () => {
    beforeEach(visit);
    afterEach(leave);

    it('lets who was invited in: by the link in the mail, a password, and the form', async () => {
      const email = 'zelda.quill@shopkeep.example';
      const link = await invite('Zelda Quill', email);
      expect(link.split('#')[0]).toBe(`${gateway.url}${ACCEPTING}`);
      await page.goto(link);
      expect(page.url()).toBe(`${gateway.url}${ACCEPTING}`);

      const password = page.getByLabel('New password');
      await password.fill('too short');
      await password.press('Enter');
      await page.getByRole('alert').getByText('at least 12 characters').waitFor();
      expect(await password.getAttribute('aria-invalid')).toBe('true');
      expect(await password.getAttribute('aria-describedby')).toContain(
        await page.getByRole('alert').filter({ hasText: 'at least 12' }).getAttribute('id'),
      );
      await page.getByLabel('Your name').fill('Zelda Quill-Adams');
      await password.fill(PASSWORD);
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByRole('status').getByText(`sign in now, as ${email}`).waitFor();
      expect(await password.inputValue()).toBe('');

      await page.goto(`${gateway.url}/graphql`);
      await signIn(email, 'seven slow herons flying');
      await sees('#state', /password is wrong/);
      await signIn(email, PASSWORD);
      await sees('#state', /Signed in as zelda\.quill@shopkeep\.example.*ORGANIZATION/);
      await open('WhoAmI');
      await run();
      await sees('.result-window', /"USER"/);
      const kept = String(
        await page.evaluate('JSON.stringify([{ ...sessionStorage }, { ...localStorage }, document.cookie])'),
      );
      expect(kept.includes(PASSWORD)).toBe(false);
      const { refreshToken } = await storedSession();
      expect(await page.evaluate('JSON.stringify({ ...localStorage })')).not.toContain(refreshToken);

      await page.goto(link);
      await page.getByLabel('New password').fill(PASSWORD);
      await page.getByRole('button', { name: 'Accept' }).click();
      await page.getByRole('alert').getByText('link is not valid').waitFor();
      await page.reload();
      await page.getByRole('alert').getByText('Open the link in the mail').waitFor();
    });

    it('renews a token that is refused, once for all who wait for it, and says when there is no more to renew', async () => {
      const email = 'rosa.tamm@shopkeep.example';
      await admit('Rosa Tamm', email);
      await signIn(email, PASSWORD);
      await sees('#state', /Signed in as rosa/);
      const before = await storedSession();
      await page.evaluate(tamper);

      let refreshes = 0;
      const asked = Promise.withResolvers<void>();
      const held = Promise.withResolvers<void>();
      await page.route('**/auth/refresh', async (route) => {
        refreshes += 1;
        asked.resolve();
        await held.promise;
        await route.continue();
      });
      await page.reload();
      await asked.promise;
      const refused = page.waitForResponse((response) => response.status() === 401);
      await run();
      await refused;
      const introspected = page.waitForResponse(
        (response) => response.ok() && Boolean(response.request().postData()?.includes('__schema')),
      );
      held.resolve();
      await sees('#state', /Signed in as rosa/);
      await sees('.result-window', /Alder.&.Finch.Furniture/);
      expect(refreshes).toBe(1);
      const after = await storedSession();
      expect(after.refreshToken).not.toBe(before.refreshToken);

      // The page would find the session ended by itself, too, and forget it before the query is run.
      await introspected;
      // As a thief would, of a token that was replaced twice: that ends the session.
      expect((await postJson('/auth/refresh', { refreshToken: after.refreshToken })).status).toBe(200);
      expect((await postJson('/auth/refresh', { refreshToken: before.refreshToken })).status).toBe(401);
      await run();
      await sees('.result-window', /not.signed.in.any.more/);
      await sees('#state', /not signed in any more/);
      await page.getByLabel('E-mail').waitFor();
      expect(await page.evaluate('sessionStorage.getItem("tenantry:session")')).toBeNull();
    });

    it('signs out for good, goes back to the key, and leads who forgot the password to another one', async () => {
      const email = 'odile.marsh@shopkeep.example';
      await admit('Odile Marsh', email);
      await enter(gateway.key);
      await sees('#state', /is valid/);
      await signIn(email, PASSWORD);
      await sees('#state', /Signed in as odile/);
      expect(await keyField().isVisible()).toBe(false);
      const { accessToken, refreshToken } = await storedSession();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await sees('#state', /key is valid/);
      expect(await page.evaluate('sessionStorage.getItem("tenantry:session")')).toBeNull();
      const asking = ask({ ...gateway, key: accessToken }, '{ viewer { type } }', {}, z.unknown());
      await expect(asking).rejects.toThrow(/credential/);
      expect((await postJson('/auth/refresh', { refreshToken })).status).toBe(401);

      await page.getByRole('link', { name: 'Forgot your password?' }).click();
      await page.getByLabel('Your e-mail address').fill(email);
      await page.keyboard.press('Enter');
      await page.getByRole('status').getByText('on its way').waitFor();
      await page.goto(await mailedLink(gateway, 'Odile Marsh', RESETTING));
      await page.getByLabel('New password').fill('four brisk otters diving');
      await page.keyboard.press('Enter');
      await page.getByRole('status').getByText(`sign in now, as ${email}`).waitFor();
      expect((await postJson('/auth/sign-in', { email, password: PASSWORD })).status).toBe(401);
      expect((await postJson('/auth/sign-in', { email, password: 'four brisk otters diving' })).status).toBe(200);
    });
  });
});
