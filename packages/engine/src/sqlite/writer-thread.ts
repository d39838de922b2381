import { parentPort, workerData } from 'node:worker_threads';
import type { StoreErrorCode } from '../ports/store.ts';
import { configure, loadDriver, storeError } from './connection.ts';
import { createWrites, type Job, type Written } from './writes.ts';

export interface WriteMessage {
  readonly number: number;
  readonly job: Job;
}

/** What the thread answers: the job is durable, or why nothing of it was stored. */
export type WriteAnswer =
  | { readonly number: number; readonly ok: true; readonly written: Written }
  | { readonly number: number; readonly ok: false; readonly code: StoreErrorCode; readonly message: string };

const driver = await loadDriver();
const database = new driver((workerData as { path: string }).path);
configure(database);
const write = createWrites(database);

parentPort?.on('message', ({ number, job }: WriteMessage) => {
  let answer: WriteAnswer;
  try {
    answer = { number, ok: true, written: write(job) };
  } catch (error) {
    const { code, message } = storeError(error);
    answer = { number, ok: false, code, message };
  }
  parentPort?.postMessage(answer);
});
