import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import type { SecureContextOptions } from 'node:tls';
import { createSecureContext } from 'node:tls';
import type { TlsFiles } from './config.ts';

const POLL_MS = 2_000;

/** Reads certificate and key, and checks that they fit together. Throws what OpenSSL says. */
export function readTls({ cert, key }: TlsFiles): SecureContextOptions {
  const options = { cert: readFileSync(cert), key: readFileSync(key), minVersion: 'TLSv1.2' as const };
  createSecureContext(options);
  return options;
}

interface Reloadable {
  setSecureContext(options: SecureContextOptions): void;
}

/**
 * Gives servers a new certificate when the files change, without a restart. Files that do not fit are
 * reported, and the old certificate stays. Polled, because renames and mounted secrets escape watchers.
 */
export function reloadTls(
  files: TlsFiles,
  servers: readonly Reloadable[],
  report: (error: Error | undefined) => void,
): () => void {
  const reload = () => {
    try {
      const options = readTls(files);
      for (const server of servers) server.setSecureContext(options);
      report(undefined);
    } catch (error) {
      report(error as Error);
    }
  };
  for (const file of [files.cert, files.key])
    watchFile(file, { interval: POLL_MS, persistent: false }, reload);
  return () => {
    for (const file of [files.cert, files.key]) unwatchFile(file, reload);
  };
}
