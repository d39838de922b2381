import { Worker } from 'node:worker_threads';
import { StoreError } from '../ports/store.ts';
import type { WriteAnswer, WriteMessage } from './writer-thread.ts';
import type { Job, Written } from './writes.ts';

interface Pending {
  readonly resolve: (written: Written) => void;
  readonly reject: (error: StoreError) => void;
}

export interface Writer {
  /** Resolves with what the job came to once it is durable; rejects when nothing of it was stored. */
  write<J extends Job>(job: J): Promise<Written<J>>;
  /** Finishes what was begun, and ends. */
  close(): Promise<void>;
}

/**
 * The one thread that writes. A durable commit waits for the disk, and the thread that decides must not; two
 * writers would wait for each other's locks. Jobs are done in the order in which they were given. When the
 * thread dies, what it had not confirmed is rejected, and the next job starts a new one.
 */
export function createWriter(path: string): Writer {
  const pending = new Map<number, Pending>();
  const underway = new Set<Promise<Written>>();
  let isClosed = false;
  let count = 0;
  let worker: Worker | undefined = start();

  function lost(dead: Worker, error: StoreError): void {
    if (worker !== dead) return;
    worker = undefined;
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  function start(): Worker {
    const started = new Worker(new URL('./writer-thread.js', import.meta.url), { workerData: { path } });
    started.unref();
    started.on('message', (answer: WriteAnswer) => {
      const waiting = pending.get(answer.number);
      pending.delete(answer.number);
      if (answer.ok) waiting?.resolve(answer.written);
      else waiting?.reject(new StoreError(answer.code, answer.message));
    });
    started.on('error', (cause: Error) => {
      lost(started, new StoreError('unavailable', `The writing thread failed: ${cause.message}`, { cause }));
    });
    started.on('exit', () => lost(started, new StoreError('unavailable', 'The writing thread ended.')));
    return started;
  }

  return {
    write<J extends Job>(job: J) {
      if (isClosed) return Promise.reject(new StoreError('unavailable', 'The store is closed.'));
      worker ??= start();
      worker.ref(); // The process must not end while something is being written.
      const message: WriteMessage = { number: count++, job };
      const written = new Promise<Written>((resolve, reject) => {
        pending.set(message.number, { resolve, reject });
        worker?.postMessage(message);
      });
      underway.add(written);
      const settle = () => {
        underway.delete(written);
        if (underway.size === 0) worker?.unref();
      };
      written.then(settle, settle);
      return written as Promise<Written<J>>;
    },
    async close() {
      isClosed = true;
      await Promise.allSettled(underway);
      await worker?.terminate();
    },
  };
}
