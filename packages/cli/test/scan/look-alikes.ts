import { createHash, generateKeyPairSync } from 'node:crypto';
import { type Drawn, pem, sealed } from './drawn.ts';

/** A file that holds things like secrets, and none. */
export interface LookAlike {
  /** The row of the table that it counts in. */
  readonly kind: string;
  readonly file: string;
  readonly text: string;
  /** How many things like secrets it holds. */
  readonly count: number;
}

/** Draws one file of each kind. */
export function drawLookAlikes(drawn: Drawn, n: number): LookAlike[] {
  const at = (name: string) => `look-alikes/${n}/${name}`;
  const lines = (kind: string, name: string, all: readonly string[]): LookAlike => ({
    kind,
    file: at(name),
    text: `${all.join('\n')}\n`,
    count: all.length,
  });
  return [
    lines('hashes', 'hashes.ts', hashes(drawn)),
    lines('UUIDs and ids', 'ids.ts', ids(drawn)),
    lines('checksums that do not match', 'broken.env', broken(drawn)),
    lines('lock files', 'package-lock.json', packageLock(drawn)),
    lines('lock files', 'yarn.lock', yarnLock(drawn)),
    lines('lock files', 'go.sum', goSum(drawn)),
    lines('placeholders', '.env.example', placeholders()),
    lines('placeholders', 'placeholders.ts', placeholdersInCode()),
    lines('names of secrets', 'names.ts', names(drawn)),
    lines('names of secrets', 'names.yaml', namesInYaml(drawn)),
    lines('public keys and certificates', 'public.ts', publicKeys(drawn)),
    lines('settings of a front end', '.env.production', frontEnd(drawn)),
    lines('images, bundles and mappings', 'app.min.js', blobs(drawn)),
  ];
}

const digest = (hash: string, drawn: Drawn) => createHash(hash).update(drawn.bytes(16)).digest('hex');

function hashes(drawn: Drawn): string[] {
  return [
    `export const commit = '${digest('sha1', drawn)}';`,
    `export const sha256 = '${digest('sha256', drawn)}';`,
    `export const secretHash = '${digest('sha256', drawn)}';`,
    `export const privateKeyFingerprint = '${digest('sha256', drawn)}';`,
    `export const etag = '"${digest('md5', drawn)}"';`,
    `export const txHash = '0x${drawn.hex(64)}';`,
    `export const order = { binance: { orderId: '${drawn.hex(24)}', checksum: '${digest('sha512', drawn)}' } };`,
    `export const API_SECRET_SHA256 = "${digest('sha256', drawn)}";`,
    `export const signature = '${drawn.base64(64)}';`,
  ];
}

function ids(drawn: Drawn): string[] {
  return [
    `export const requestId = '${drawn.uuid()}';`,
    `export const okxOrderId = "${drawn.uuid()}";`,
    `export const secretId = '${drawn.uuid()}';`,
    `export const SECRET_VERSION_ID = '${drawn.uuid()}';`,
    `export const kucoin = { subAccount: '${drawn.hex(24)}', traceId: '${drawn.uuid()}' };`,
    `export const idempotencyKey = '${drawn.uuid()}';`,
    `export const cacheKey = '${drawn.hex(32)}';`,
    `export const publicKey = '${drawn.hex(64)}';`,
    `export const address = '0x${drawn.hex(40)}';`,
  ];
}

function broken(drawn: Drawn): string[] {
  const damaged = (head: string) => {
    const text = sealed(head);
    const at = 12 + drawn.below(20);
    return text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
  };
  return [
    `COUNTERSIGN_SECRET=${damaged(`cs_live_${drawn.text(43)}`)}`,
    `SECRET="${damaged(`cs/test/${drawn.text(46)}`)}"`,
    `COUNTERSIGN_KEY_ID=${damaged(`ck_live_${drawn.text(30)}`)}`,
    `TOKEN=${damaged(`cb_test_${drawn.text(79)}`)}`,
    `API_SECRET=${damaged(`cs_test_${drawn.text(43)}`)}`,
    `COUNTERSIGN_SECRET=${sealed(`cs_live_${drawn.text(43)}`).slice(0, -3)}`,
  ];
}

function packageLock(drawn: Drawn): string[] {
  return ['secret-stack', 'api-key-auth', 'private-key', 'crypto-secret', 'left-pad'].map(
    (name) =>
      `"node_modules/${name}": { "version": "1.${drawn.below(90)}.0", "integrity": "sha512-${drawn.base64(64)}" },`,
  );
}

function yarnLock(drawn: Drawn): string[] {
  return ['secretlint@^11.0.0:', 'binance@^3.0.0:', 'keyv@^4.0.0:'].flatMap((name) => [
    `${name}`,
    `  resolved "https://registry.example/${drawn.hex(40)}"`,
    `  integrity sha512-${drawn.base64(64)}`,
  ]);
}

function goSum(drawn: Drawn): string[] {
  return ['github.com/example/secret v1.2.3', 'github.com/example/binance-key v0.4.0/go.mod'].map(
    (name) => `${name} h1:${drawn.base64(32)}`,
  );
}

function placeholders(): string[] {
  return [
    'BINANCE_API_SECRET=your-secret-here',
    'BINANCE_API_KEY=xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    'OKX_SECRET=00000000000000000000000000000000',
    'BITGET_SECRET=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef',
    `BITGET_PASSPHRASE=\${PASSPHRASE}`,
    'KRAKEN_SECRET=<paste the private key of the API key here>',
    'KUCOIN_SECRET=********************************',
    'COUNTERSIGN_SECRET=cs_live_…',
    'AWS_SECRET_ACCESS_KEY=wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
    'VITE_API_SECRET=changeme-before-use-1',
    'API_SECRET=',
    'NEXT_API_KEY=INSERT_YOUR_KEY_HERE_123456789',
  ];
}

function placeholdersInCode(): string[] {
  return [
    'const binance = { apiKey: process.env.BINANCE_API_KEY, secret: process.env.BINANCE_API_SECRET };',
    `const bitget = { secret: \`\${config.bitgetSecret2}\`, passphrase: config.passphrase1 };`,
    "const okx = { secret: 'YOUR_API_SECRET_1234567890', passphrase: 'your-passphrase-1' };",
    'const apiSecret = await vault.read(`kv/data/bitget/2024`);',
    "const secretKey = getSecretFromEnvironment2('BITGET_API_SECRET_KEY_1');",
    'const privateKey = loadPrivateKeyFromKeyring2024(path);',
    "if (pem.startsWith('-----BEGIN PRIVATE KEY-----')) return decode(pem);",
    "const example = '-----BEGIN EC PRIVATE KEY-----\\n...\\n-----END EC PRIVATE KEY-----';",
    "const secret = 'abcdefghijklmnopqrstuvwxyz0123456789';",
    "const walletKey = '0xdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeefdeadbeef';",
  ];
}

function names(drawn: Drawn): string[] {
  return [
    "export const secretName = 'prod/bitget/credentials-2024-01';",
    "export const labels = { secretKey: 'Secret key of your API (64 characters)', apiSecret: 'Geheimnis' };",
    "export const SECRET_ROTATED = 'secret_rotated_by_operator_2';",
    "export const privateKeyPath = '/etc/bitget/keys/private-2024.pem';",
    'export interface Key { apiSecret: string; secretKey?: string | undefined; passphrase: string }',
    "export const secretHeader = 'x-api-secret-v2-signature-header';",
    'export type Of = keyof typeof privatePostV5PositionTradingStop2;',
    `export const secretRef = 'arn:aws:secretsmanager:eu-west-1:${drawn.text(12, '0123456789')}:secret:bot-${drawn.text(6)}';`,
    "const privatePostApi = { secret: 'privatePostV5PositionTradingStop' };",
    'const secretManagerClient = createSecretManagerClient20(options12345);',
    "const url = 'https://docs.example.com/api/secret/rotating-secrets-in-2024';",
  ];
}

function namesInYaml(drawn: Drawn): string[] {
  return [
    'secretName: bitget-credentials-v2-production',
    'secretKeyRef: bot-secrets-2024-production-live',
    `secretChecksum: ${digest('sha256', drawn)}`,
    `checksum/secret: ${digest('sha256', drawn)}`,
    `image: registry.example/secret-store@sha256:${digest('sha256', drawn)}`,
    'existingSecret: kraken-futures-api-credentials',
  ];
}

function publicKeys(drawn: Drawn): string[] {
  const { publicKey } = generateKeyPairSync('ed25519');
  return [
    `export const publicPem = ${JSON.stringify(publicKey.export({ type: 'spki', format: 'pem' }))};`,
    `export const certificate = ${JSON.stringify(pem('CERTIFICATE', Buffer.concat([Buffer.from('308202', 'hex'), drawn.bytes(500)])))};`,
    `export const certificateInBase64 = '${Buffer.from(pem('CERTIFICATE', drawn.bytes(300))).toString('base64')}';`,
    `export const jwk = ${JSON.stringify({ kty: 'EC', crv: 'P-256', x: drawn.bytes(32).toString('base64url'), y: drawn.bytes(32).toString('base64url') })};`,
    `export const apiPublicKey = '${drawn.base64(32)}';`,
  ];
}

function frontEnd(drawn: Drawn): string[] {
  return [
    'VITE_API_URL=https://api.example.com/v1',
    `VITE_SENTRY_DSN=https://${drawn.hex(32)}@o1.ingest.example.io/2`,
    `NEXT_PUBLIC_GA_ID=G-${drawn.text(10)}`,
    `REACT_APP_MAPS_KEY=AIza${drawn.text(35)}`,
    `VITE_COMMIT=${drawn.hex(40)}`,
    'NEXT_PUBLIC_CSRF_ACCESS_TOKEN_HEADER=x-csrf-token',
    'REACT_APP_SECRET_SANTA_ENABLED=true',
    `NEXT_PUBLIC_STRIPE_KEY=pk_live_${drawn.text(24)}`,
  ];
}

function blobs(drawn: Drawn): string[] {
  return [
    `var img="data:image/png;base64,${drawn.base64(900)}";`,
    `var wasm="${drawn.base64(1200)}";`,
    `var table={${Array.from({ length: 40 }, () => `"${drawn.text(6)}":"${drawn.hex(16)}"`).join(',')}};`,
    `var keys=[${Array.from({ length: 20 }, () => `"${drawn.uuid()}"`).join(',')}];`,
    `//# sourceMappingURL=data:application/json;base64,${Buffer.from(JSON.stringify({ version: 3, sources: ['a.ts'], sourcesContent: ['export const a = 1;'], mappings: drawn.text(4000) })).toString('base64')}`,
  ];
}
