import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEnv } from 'node:util';
import { countersign, type RunningService, startOther, startRealService } from './command.ts';

const MANIFEST = fileURLToPath(new URL('../../../examples/manifests/bitget-like.yaml', import.meta.url));

/** A bot's key as `keys create` wrote it. */
export interface IssuedBot {
  readonly file: string;
  readonly id: string;
  readonly secret: string;
  readonly passphrase: string;
}

/** The service with its proxy, and an API behind it that greets. */
export async function startProxied() {
  const seen: string[] = [];
  const upstream = await startOther((request, response) => {
    seen.push(`${request.method} ${request.url}`);
    response.setHeader('content-type', 'application/json');
    response.statusCode = request.url?.includes('status=404') ? 404 : 200;
    response.end(JSON.stringify({ hello: request.headers['x-countersign-account'] }));
  });
  const service = await startRealService({
    COUNTERSIGN_PROXY_PORT: '0',
    COUNTERSIGN_UPSTREAM: upstream.url,
    COUNTERSIGN_MANIFEST: MANIFEST,
  });
  return {
    service,
    seen,
    async stop() {
      await service.stop();
      await upstream.stop();
    },
  };
}

/** Issues a key of the dialect bitget that may read and trade. */
export async function issueBot(
  { env, folder }: RunningService,
  name: string,
  more: readonly string[] = [],
): Promise<IssuedBot> {
  const file = join(folder, `${name}.env`);
  const { code, stderr } = await countersign(
    [
      ...[
        'keys',
        'create',
        '--account',
        'acct_42',
        '--label',
        name,
        '--environment',
        'live',
        '--kind',
        'hmac',
      ],
      ...['--dialect', 'bitget', '--permission', 'spot.read', '--permission', 'spot.trade'],
      ...['--passphrase-generate', '--out', file, ...more],
    ],
    { env },
  );
  if (code !== 0) throw new Error(stderr);
  const values = parseEnv(readFileSync(file, 'utf8')) as Record<string, string>;
  return {
    file,
    id: values.COUNTERSIGN_KEY_ID ?? '',
    secret: values.COUNTERSIGN_SECRET ?? '',
    passphrase: values.COUNTERSIGN_PASSPHRASE ?? '',
  };
}

/** Writes an env file of a given mode, whatever the umask is. */
export function writeEnv(path: string, values: Readonly<Record<string, string>>, mode = 0o600): string {
  writeFileSync(
    path,
    Object.entries(values)
      .map(([name, value]) => `${name}=${value}\n`)
      .join(''),
  );
  chmodSync(path, mode);
  return path;
}
