import { Worker } from 'node:worker_threads';
import type { AuditEntryDraft, DecisionLog } from '../ports/audit-log.ts';
import { StoreError, type StoreErrorCode } from '../ports/store.ts';
import type { GroupAnswer } from './log-worker.ts';

interface Pending {
  readonly resolve: () => void;
  readonly reject: (error: StoreError) => void;
}

export interface LogWriter extends DecisionLog {
  close(): Promise<void>;
}

/**
 * Writes decisions from a thread of their own: a durable commit waits for the disk, and the thread that
 * decides must not. When the thread dies, what it had not confirmed is rejected, and a new one is started for
 * the next group.
 */
export function createLogWriter(path: string): LogWriter {
  const pending = new Map<number, Pending>();
  let worker: Worker | undefined;
  let isClosed = false;
  let count = 0;

  function rejectAll(error: StoreError): void {
    for (const { reject } of pending.values()) reject(error);
    pending.clear();
  }

  function start(): Worker {
    const started = new Worker(new URL('./log-worker.js', import.meta.url), { workerData: { path } });
    started.unref();
    started.on('message', (answer: GroupAnswer) => {
      const waiting = pending.get(answer.group);
      pending.delete(answer.group);
      if (answer.ok) waiting?.resolve();
      else waiting?.reject(new StoreError(answer.code as StoreErrorCode, answer.message));
    });
    started.on('error', (cause) => {
      if (worker === started) worker = undefined;
      rejectAll(new StoreError('unavailable', `the log's thread failed: ${cause.message}`, { cause }));
    });
    started.on('exit', () => {
      if (worker === started) worker = undefined;
      rejectAll(new StoreError('unavailable', 'the log\'s thread ended'));
    });
    return started;
  }

  return {
    append(entries: readonly AuditEntryDraft[]) {
      if (isClosed) return Promise.reject(new StoreError('unavailable', 'the log is closed'));
      worker ??= start();
      const group = count++;
      const lines = entries.map((entry) => JSON.stringify(entry)).join('\n');
      return new Promise<void>((resolve, reject) => {
        pending.set(group, { resolve, reject });
        worker?.postMessage({ group, lines });
      });
    },
    async close() {
      isClosed = true;
      await worker?.terminate();
    },
  };
}
