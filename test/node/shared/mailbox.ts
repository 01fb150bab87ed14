import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Started } from './started.ts';

const ARRIVING_MILLISECONDS = 10_000;
const POLL_MILLISECONDS = 50;

/** The link to this page in the one mail that greets somebody by this name, from where `npm start` says mails are. */
export async function mailedLink({ printed }: Started, name: string, path: string): Promise<string> {
  const [, folder] = /^Mail: +(\S+)/m.exec(printed) ?? [];
  if (folder === undefined) throw new Error(`npm start did not say where mails are, but this:\n${printed}`);
  const deadline = Date.now() + ARRIVING_MILLISECONDS;
  while (Date.now() < deadline) {
    const mail = (await mailsIn(folder)).find((text) => text.startsWith(`Hello ${name},`) && text.includes(path));
    const [link] = /^http\S+$/m.exec(mail ?? '') ?? [];
    if (link !== undefined) return link;
    await pause(POLL_MILLISECONDS);
  }
  throw new Error(`No mail to ${name} arrived in ${folder}`);
}

/** All of them. Other gateways write theirs there, too, and remove them when they end. */
async function mailsIn(folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const texts = files.filter((file) => file.isFile() && file.name.endsWith('.txt'));
  return Promise.all(texts.map(({ parentPath, name }) => readFile(join(parentPath, name), 'utf8').catch(() => '')));
}
