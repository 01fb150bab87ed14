import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, expect, it } from 'vitest';

const SECRET = `whsec_${Buffer.from('a secret of thirty-two characters').toString('base64')}`;
const folder = mkdtempSync(join(tmpdir(), 'tenantry-receiver-'));
let port = 0;
let stop = () => {};
let said = '';

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function post(headers: Record<string, string>, body: string): Promise<number> {
  for (;;) {
    const response = await fetch(`http://127.0.0.1:${port}/`, { method: 'POST', headers, body }).catch(() => null);
    if (response) return response.status;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

beforeAll(async () => {
  const page = readFileSync(new URL('../../docs/webhooks.md', import.meta.url), 'utf8');
  const [, program = ''] = /```js\n(.*?)```/s.exec(page) ?? [];
  writeFileSync(join(folder, 'receiver.mjs'), program);
  symlinkSync(fileURLToPath(new URL('../../node_modules', import.meta.url)), join(folder, 'node_modules'));
  port = await freePort();
  const receiver = spawn(process.execPath, ['receiver.mjs'], {
    cwd: folder,
    env: { ...process.env, WEBHOOK_SECRET: SECRET, PORT: String(port) },
  });
  receiver.stdout.on('data', (chunk) => {
    said += chunk;
  });
  stop = () => receiver.kill();
});
afterAll(() => {
  stop();
  rmSync(folder, { recursive: true });
});

it('the receiver of the docs takes what is signed, once, and nothing else', async () => {
  const body = JSON.stringify({ type: 'customer.created', timestamp: '', data: { id: 'e1', subjectId: 'c1' } });
  const at = new Date();
  const headers = {
    'webhook-id': 'e1',
    'webhook-timestamp': String(Math.floor(at.getTime() / 1000)),
    'webhook-signature': new Webhook(SECRET).sign('e1', at, body),
  };
  expect(await post(headers, body)).toBe(204);
  expect(await post(headers, body)).toBe(204);
  expect(await post(headers, body.replace('c1', 'c2'))).toBe(401);
  expect(await post({}, body)).toBe(401);
  expect(said).toBe('customer.created c1\n');
});
