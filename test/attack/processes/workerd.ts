import { readFile } from 'node:fs/promises';
import type { Started } from '../../node/shared/started.ts';

/** What Linux says in this file of `/proc`, of each workerd of a gateway. */
export async function ofWorkerds(gateway: Started, file: 'status' | 'stat'): Promise<string[]> {
  const said: string[] = [];
  for (const id of await gateway.family()) {
    // One of npm's may have ended since.
    const read = (name: string) => readFile(`/proc/${id}/${name}`, 'utf8').catch(() => '');
    if ((await read('comm')).trim() === 'workerd') said.push(await read(file));
  }
  return said;
}
