import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { KEY, MANIFEST, scratchFolder } from './exchange.mjs';

const MAIN = fileURLToPath(new URL('../packages/server/dist/main.js', import.meta.url));

/** Starts a program and resolves to the lines of its output, up to the one that says where it listens. */
export async function startProgram(file, env = {}) {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('COUNTERSIGN_'));
  const child = spawn(process.execPath, [file], {
    env: { ...Object.fromEntries(inherited), ...env },
    stdio: ['ignore', 'pipe', 2],
  });
  process.on('exit', () => child.kill());
  const lines = [];
  for await (const line of createInterface({ input: child.stdout })) {
    lines.push(line);
    const url = /listening on (\S+)/.exec(line)?.[1];
    if (url !== undefined)
      return {
        url,
        lines,
        pid: child.pid,
        stop: () => child.kill(),
        onExit: (told) => child.once('exit', told),
      };
  }
  throw new Error(`${file} did not start`);
}

export function startBenchServer(name, env) {
  return startProgram(fileURLToPath(new URL(`./servers/${name}.mjs`, import.meta.url)), env);
}

/** Starts the service as a user would, with SQLite, and issues one key over its API. */
export async function startService(env = {}, key = {}) {
  const folder = scratchFolder();
  const manifest = join(folder, 'manifest.yaml');
  writeFileSync(manifest, MANIFEST);
  const program = await startProgram(MAIN, {
    COUNTERSIGN_PORT: '0',
    COUNTERSIGN_PROXY_PORT: '0',
    COUNTERSIGN_DATA_DIR: join(folder, 'data'),
    COUNTERSIGN_MANIFEST: manifest,
    COUNTERSIGN_LOG_LEVEL: 'warn',
    ...env,
  });
  const operator = readFileSync(join(folder, 'data', 'operator.env'), 'utf8');
  const token = /^COUNTERSIGN_SECRET=["']?([^"'\s]+)/m.exec(operator)[1];
  const response = await fetch(`${program.url}/v1/keys`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ ...KEY, ...key }),
  });
  const issued = await response.json();
  if (response.status !== 201) throw new Error(JSON.stringify(issued));
  const proxyUrl = /reverse proxy is at (\S+)/.exec(program.lines.join('\n'))?.[1];
  return {
    ...program,
    dataDir: join(folder, 'data'),
    proxyUrl,
    token,
    id: issued.id ?? issued.key.id,
    secret: issued.secret,
  };
}
