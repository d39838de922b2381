import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../../packages/server/dist/main.js', import.meta.url));
const DIE_WITH_PARENT = new URL('./die-with-parent.mjs', import.meta.url).href;
const START_MS = 20_000;
const STOP_MS = 10_000;

/** Children and folders that are ours, so that nothing stays behind however this process ends. */
const running = new Set();
const folders = new Set();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
for (const [signal, code] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
]) {
  process.on(signal, () => process.exit(code));
}

/** Makes a folder that is gone when this process ends, if it was not removed before. */
export function temporaryFolder() {
  const folder = mkdtempSync(join(tmpdir(), 'countersign-e2e-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder) {
  rmSync(folder, { recursive: true, force: true });
  folders.delete(folder);
}

/**
 * Starts the service as its users do, as a process of its own with environment variables, on free ports.
 *
 * @param options.upstream where the reverse proxy passes requests on to
 * @param options.manifest path of the manifest
 * @param options.dataDir a folder of the caller's; absent: a new one, which is removed with the service
 * @param options.settings more settings, without `COUNTERSIGN_`
 */
export async function startService({ upstream, manifest, dataDir: given, settings = {} }) {
  const dataDir = given ?? temporaryFolder();
  const all = {
    PORT: '0',
    PROXY_PORT: '0',
    DATA_DIR: dataDir,
    UPSTREAM: upstream,
    MANIFEST: manifest,
    ...settings,
  };
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_')),
  );
  for (const [name, value] of Object.entries(all))
    if (value !== undefined) env[`COUNTERSIGN_${name}`] = value;
  const child = spawn(process.execPath, ['--import', DIE_WITH_PARENT, MAIN], {
    env,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  running.add(child);
  const ended = new Promise((resolve) => {
    child.on('exit', (code, signal) => {
      running.delete(child);
      resolve({ code, signal });
    });
  });
  const log = [];
  createInterface({ input: child.stderr }).on('line', (line) => log.push(line));
  const { url, proxyUrl } = await whenListening(child, ended, log);
  const operator = readOperator(dataDir);

  async function end(signal) {
    child.kill(signal);
    const late = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    const how = await ended;
    clearTimeout(late);
    if (given === undefined) removeFolder(dataDir);
    return how;
  }

  return {
    url,
    proxyUrl,
    dataDir,
    /** The operator's secret. */
    operator,
    /** What it wrote to standard error, line by line. */
    log,
    /** Asks it to stop, and waits until it has. */
    stop: () => end('SIGTERM'),
    /** Ends it as a power cut would. */
    kill: () => end('SIGKILL'),
    call: (method, path, body, headers) => callApi(url, operator, method, path, body, headers),
  };
}

function whenListening(child, ended, log) {
  return new Promise((resolve, reject) => {
    const fail = (why) => {
      clearTimeout(late);
      reject(new Error(`The service ${why}:\n${log.join('\n')}`));
    };
    const late = setTimeout(() => fail(`did not start within ${START_MS} ms`), START_MS);
    ended.then(({ code, signal }) => fail(`ended with ${code ?? signal}`));
    let proxyUrl;
    createInterface({ input: child.stdout }).on('line', (line) => {
      proxyUrl ??= /reverse proxy is at (http\S+)/.exec(line)?.[1];
      const url = /listening on (http\S+)/.exec(line)?.[1];
      if (url === undefined) return;
      clearTimeout(late);
      resolve({ url, proxyUrl });
    });
  });
}

function readOperator(dataDir) {
  return /^COUNTERSIGN_SECRET=(.+)$/m.exec(readFileSync(join(dataDir, 'operator.env'), 'utf8'))[1];
}

/** Calls the management API as the operator. Throws on any refusal: here, that is a fault of the test. */
async function callApi(url, operator, method, path, body, headers = {}) {
  const response = await fetch(url + path, {
    method,
    headers: {
      authorization: `Bearer ${operator}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}
