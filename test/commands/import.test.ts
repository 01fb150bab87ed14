import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FakeGateway, fakeGateway } from '../node/cli/fake-gateway.ts';

const SCRIPT = fileURLToPath(new URL('../../src/cli/import.ts', import.meta.url));

let directory: string;
let gateway: FakeGateway;
let child: ChildProcess | undefined;

beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'tenantry-'));
  gateway = await fakeGateway();
});

afterEach(() => {
  child?.kill('SIGKILL');
  gateway.stop();
  rmSync(directory, { recursive: true });
});

function csv(name: string, ...lines: string[]): string {
  const file = join(directory, name);
  writeFileSync(file, `${lines.join('\n')}\n`);
  return file;
}

async function importing(file: string, ...args: string[]) {
  const started = spawn(process.execPath, [SCRIPT, file, '--url', gateway.url, ...args], {
    env: { ...process.env, TENANTRY_KEY: 'the-key' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child = started;
  const [out, err, [code]] = await Promise.all([text(started.stdout), text(started.stderr), once(started, 'close')]);
  return { code, out, err };
}

const failing = (status: number, body: unknown) => (response: ServerResponse) =>
  void response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));

const names = (count: number) => Array.from({ length: count }, (_, index) => `name ${index}`);

describe('npm run import', () => {
  it('sends the rows in batches, one after the other, and says how they went', async () => {
    const { code, out, err } = await importing(csv('tenants.csv', 'name', ...names(1200)));
    expect({ code, err }).toMatchObject({ code: 0, err: expect.stringMatching(/^40%.*\n81%.*\n100%.*\n$/) });
    expect(out).toBe('1200 rows: 1200 CREATED, 0 UPDATED, 0 NOOP, 0 FAILED\n');
    expect(gateway.imports.flatMap((each) => each.names)).toEqual(names(1200));
    expect(gateway.imports.map((each) => each.names.length)).toEqual([500, 500, 200]);
    expect(gateway.imports[0]).toMatchObject({
      key: 'Bearer the-key',
      operation: 'importTenants',
      errorPolicy: 'SKIP_FAILED',
    });
  });

  it('writes failed rows to a file, which can be corrected and imported', async () => {
    const lines = ['name,kind,labels', '"bad, really",,a;b', 'good,PERSON,', 'odd,robot,x', 'bad,,"say ""no"""'];
    const { code, out } = await importing(csv('customers.csv', ...lines));
    expect(code).toBe(1);
    expect(out).toContain('4 rows: 1 CREATED, 0 UPDATED, 0 NOOP, 3 FAILED');
    const failed = join(directory, 'customers.failed.csv');
    expect(out).toContain(failed);
    const written = readFileSync(failed, 'utf8');
    expect(written).toBe(
      `${[
        'error,name,kind,labels',
        '"name must not be bad. (validation_failed)","bad, really",,a;b',
        '"kind must be one of COMPANY, PERSON; externalId is required, unless there is an email",odd,robot,x',
        '"name must not be bad. (validation_failed)",bad,,"say ""no"""',
      ].join('\n')}\n`,
    );

    writeFileSync(
      failed,
      written.replace('"bad, really"', 'mended').replace('robot', 'person').replace(',bad,', ',ok,'),
    );
    const again = await importing(failed);
    expect(again).toMatchObject({ code: 0, out: '3 rows: 3 CREATED, 0 UPDATED, 0 NOOP, 0 FAILED\n' });
    expect(gateway.imports.at(-1)?.names).toEqual(['mended', 'odd', 'ok']);
    expect(existsSync(join(directory, 'customers.failed.failed.csv'))).toBe(false);
  });

  it('reads a file as it is, lets each bad line cost one line, and writes those as they were', async () => {
    const file = join(directory, 'customers.csv');
    const lines = [
      ['Firma;E-Mail;Kind;', ''],
      ['Caf\xE9;a@x.example;company;', ''],
      ['5" Pipe;b@x.example;;', 'a quote stands in a cell that does not begin with one'],
      ['"M\xFCller; Sons;c@x.example;person;', 'a quote is not closed'],
      ['Smith;d@x.example;;;surplus', 'the line has 5 cells, and the first line names 3 columns'],
      ['"Two\rlines";e@x.example', 'the line has 2 cells, and the first line names 3 columns'],
      ['"\x80 & Co"; f@x.example ;COMPANY', ''],
      ['S\xF8n;g@;robot;', 'kind must be one of COMPANY, PERSON; email.address must be an e-mail address'],
      ['twice;h@x.example;;', 'The value given at name is that of line 11, too. (already_exists)'],
      ['Twice;i@x.example;;', 'The value given at name is that of line 10, too. (already_exists)'],
    ];
    writeFileSync(file, lines.map(([line]) => `${line}\r\n`).join(''), 'latin1');
    const options = ['--encoding', 'windows-1252', '--map', 'firma=name'];
    const { code, out, err } = await importing(file, ...options);
    expect({ code, err }).toEqual({
      code: 1,
      err: expect.stringMatching(/^100%[^\n]*\n2 lines are sent again[^\n]*\n100%[^\n]*\n$/),
    });
    expect(out).toContain('9 rows: 2 CREATED, 0 UPDATED, 0 NOOP, 7 FAILED');
    expect(out).toContain('import that file, with the same --encoding and --map.');
    expect(gateway.imports.map((each) => each.names)).toEqual([
      ['Café', '€ & Co'],
      ['twice', 'Twice'],
    ]);
    const failed = join(directory, 'customers.failed.csv');
    const written = readFileSync(failed, 'latin1');
    const expected = lines.flatMap(([line, reason], index) =>
      index === 0 ? [`error;${line}\r\n`] : reason ? [`"${reason}";${line}\r\n`] : [],
    );
    expect(written).toBe(expected.join(''));

    const mended = [
      ['5" Pipe', 'Pipe'],
      ['"M\xFCller; Sons', '"M\xFCller; Sons"'],
      [';;;surplus', ';;'],
      ['lines";e@x.example', 'lines";e@x.example;'],
      ['g@;robot', 'g@x.example;person'],
      ['twice', 'once'],
    ].reduce((text, [wrong = '', right = '']) => text.replace(wrong, right), written);
    writeFileSync(failed, mended, 'latin1');
    expect((await importing(failed, ...options)).out).toBe('7 rows: 7 CREATED, 0 UPDATED, 0 NOOP, 0 FAILED\n');
    expect(gateway.imports.at(-1)?.names).toEqual([
      'Pipe',
      'Müller; Sons',
      'Smith',
      'Two\rlines',
      'Søn',
      'once',
      'Twice',
    ]);
  });

  it('sends nothing of a file that has letters of another encoding', async () => {
    const file = csv('customers.csv', 'name', ...names(600));
    writeFileSync(file, 'Caf\xE9\n', { flag: 'a', encoding: 'latin1' });
    const { code, out, err } = await importing(file);
    expect({ code, out }).toEqual({ code: 1, out: '' });
    expect(err).toMatch(/^Line 602 is not in UTF-8.* --encoding windows-1252\.\n/);
    expect(gateway.imports).toEqual([]);
    expect(existsSync(join(directory, 'customers.failed.csv'))).toBe(false);
  });

  it('ends where the end of a line cannot be told, and goes on when that is mended', async () => {
    const lines = ['name,email', ...names(700).map((name, index) => `${name},a${index}@x.example`)];
    const file = csv('customers.csv', ...lines, '"Open', 'Road,b@x.example', 'last,c@x.example');
    const { code, out, err } = await importing(file);
    expect(code).toBe(1);
    expect(err).toContain('From line 702 on nothing was read: a quote is not closed');
    expect(out).toContain('700 rows: 700 CREATED');
    expect(out).toContain('mend the file there, and run the same command again');
    expect(gateway.imports.map((each) => each.names.length)).toEqual([500, 200]);
    csv('customers.csv', ...lines, '"Open', 'Road",b@x.example', 'last,c@x.example');
    expect((await importing(file)).out).toBe('702 rows: 2 CREATED, 0 UPDATED, 700 NOOP, 0 FAILED\n');
  });

  it('replaces the failed rows of the run before', async () => {
    const failed = join(directory, 'mine.csv');
    await importing(csv('users.csv', 'name', 'bad 1', 'bad 2'), '--failed', failed);
    await importing(csv('users.csv', 'name', 'bad 3'), '--failed', failed);
    expect(readFileSync(failed, 'utf8')).toMatch(/^error,name\n"[^\n]*",bad 3\n$/);
    await importing(csv('users.csv', 'name', 'good'), '--failed', failed);
    expect(existsSync(failed)).toBe(false);
  });

  it('stops after the batch when it is interrupted, and goes on when it is run again', async () => {
    const file = csv('tenants.csv', 'name', 'bad', ...names(1500));
    gateway.onImport = async (count) => {
      if (count === 2) child?.kill('SIGINT');
      // The batch is still under way when it hears of it.
      await new Promise((resolve) => setTimeout(resolve, 300));
    };
    const { code, out, err } = await importing(file);
    expect(code).toBe(1);
    expect(err).toContain('Stopping after this batch');
    expect(out).toContain('1000 rows: 999 CREATED, 0 UPDATED, 0 NOOP, 1 FAILED');
    expect(out).toContain('run the same command again');
    expect(gateway.imports).toHaveLength(2);

    gateway.onImport = null;
    const again = await importing(file);
    expect(again.out).toContain('1501 rows: 501 CREATED, 0 UPDATED, 999 NOOP, 1 FAILED');
    expect(again.out).not.toContain('Stopped');
    expect(readFileSync(join(directory, 'tenants.failed.csv'), 'utf8')).toMatch(/^error,name\n"[^\n]*",bad\n$/);
  });

  it('tries again when the gateway is busy, or the network gone for a moment', async () => {
    gateway.instead.set(0, failing(503, { errors: [{ message: 'The database is busy.' }] }));
    gateway.instead.set(1, (response) => response.destroy());
    const { code, out, err } = await importing(csv('tenants.csv', 'name', 'A'));
    expect({ code, out }).toEqual({ code: 0, out: '1 rows: 1 CREATED, 0 UPDATED, 0 NOOP, 0 FAILED\n' });
    expect(err).toMatch(/503. The database is busy. Trying again.\n.* does not answer: .* Trying again.\n/);
    expect(gateway.imports).toHaveLength(3);
  });

  it.each([
    ['a key that is not valid', 401, { errors: [{ message: 'A valid credential is required.' }] }, /take the key/],
    [
      'a key that may not do this',
      200,
      { data: { answer: { code: 'insufficient_permissions', message: 'Missing permissions: tenant:create.' } } },
      /^Missing permissions: tenant:create. \(insufficient_permissions\)/,
    ],
    ['a request that it does not take', 400, { errors: [{ message: 'Too large.' }] }, /^Too large./],
    ['something else than a gateway', 200, '<html>', /does not answer as a gateway does/],
  ])('stops at once for %s', async (_, status, body, message) => {
    gateway.instead.set(0, failing(status, body));
    const { code, out, err } = await importing(csv('tenants.csv', 'name', ...names(600)));
    expect(code).toBe(1);
    expect(err).toMatch(message);
    expect(out).toContain('Stopped after 0 rows');
    expect(gateway.imports).toHaveLength(1);
  });

  it('sends nothing of a file with an unknown column, and leaves the failed rows of before', async () => {
    const failed = csv('tenants.failed.csv', 'error,name', 'why,kept');
    const { code, err } = await importing(csv('tenants.csv', 'name,colour', 'A,red'));
    expect(code).toBe(1);
    expect(err).toContain('Unknown columns: "colour" (the nearest is url). Those of tenants are externalId, name');
    expect(gateway.imports).toEqual([]);
    expect(readFileSync(failed, 'utf8')).toContain('kept');
    expect((await importing(join(directory, 'no-tenants.csv'))).err).toContain('ENOENT');
  });
});
