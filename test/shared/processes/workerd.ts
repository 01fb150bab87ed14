import { readFile } from 'node:fs/promises';
import type { Started } from '../../node/shared/started.ts';

/** A file of `/proc` about a process, or nothing if it has ended: one of npm's may have, since it was found. */
const read = (id: number, file: string): Promise<string> => readFile(`/proc/${id}/${file}`, 'utf8').catch(() => '');

/** The process ids of each workerd of a gateway. Only Linux tells them. */
export async function workerdsOf(gateway: Started): Promise<number[]> {
  const found: number[] = [];
  for (const id of await gateway.family()) {
    if ((await read(id, 'comm')).trim() === 'workerd') found.push(id);
  }
  return found;
}

/** What Linux says in this file of `/proc`, of each workerd of a gateway. */
export async function ofWorkerds(gateway: Started, file: 'status' | 'stat'): Promise<string[]> {
  return Promise.all((await workerdsOf(gateway)).map((id) => read(id, file)));
}

/** Kills processes with `kill -9`, in this order and within one turn. One that has ended is none the worse. */
export function killAll(ids: Iterable<number>): void {
  for (const id of ids) {
    try {
      process.kill(id, 'SIGKILL');
    } catch {
      // It has ended since it was found.
    }
  }
}
