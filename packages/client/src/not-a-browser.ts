import { CountersignError } from './errors.ts';

/**
 * Refuses to run where a page runs. A bundler that honours the `browser` condition stops before this; this is for
 * those that do not.
 *
 * @throws {@link CountersignError} `browser_refused`
 */
export function refuseBrowser(scope: object = globalThis): void {
  const hasPage = 'window' in scope && 'document' in scope;
  const isWorker = 'WorkerGlobalScope' in scope && 'importScripts' in scope;
  if (hasPage || isWorker) {
    throw new CountersignError(
      'browser_refused',
      'This is a browser: the secret would be in the hands of everybody who opens the page.',
    );
  }
}
