import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';

export interface CertificateOptions {
  /** `DNS:localhost`, … */
  readonly names: string;
  /** As `openssl ca` takes them: `200101000000Z`. */
  readonly from: string;
  readonly until: string;
}

/** An authority of our own, made by openssl. */
export interface Authority {
  /** To be named in NODE_EXTRA_CA_CERTS. */
  readonly file: string;
  issue(options: CertificateOptions): { readonly cert: string; readonly key: string };
}

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

export function createAuthority(folder: string): Authority {
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'ignore' });
  openssl(
    'req',
    '-x509',
    ...NEW_KEY,
    '-days',
    '30',
    '-subj',
    '/CN=ours',
    '-keyout',
    'ca.key',
    '-out',
    'ca.crt',
  );
  let count = 0;
  return {
    file: join(folder, 'ca.crt'),
    issue({ names, from, until }) {
      const name = `server-${++count}`;
      writeFileSync(join(folder, 'index.txt'), '');
      writeFileSync(
        join(folder, 'ca.cnf'),
        `[d]\ndatabase=index.txt\nnew_certs_dir=.\ndefault_md=sha256\npolicy=p\nrand_serial=yes\n` +
          `[p]\ncommonName=supplied\n[x]\nsubjectAltName=${names}\n`,
      );
      openssl(
        'req',
        '-new',
        ...NEW_KEY,
        '-subj',
        `/CN=${name}`,
        '-keyout',
        `${name}.key`,
        '-out',
        `${name}.csr`,
      );
      openssl(
        ...['ca', '-batch', '-config', 'ca.cnf', '-name', 'd', '-cert', 'ca.crt', '-keyfile', 'ca.key'],
        ...[
          '-in',
          `${name}.csr`,
          '-out',
          `${name}.crt`,
          '-startdate',
          from,
          '-enddate',
          until,
          '-extensions',
          'x',
        ],
      );
      const read = (ending: string) => readFileSync(join(folder, `${name}.${ending}`), 'utf8');
      return { cert: read('crt'), key: read('key') };
    },
  };
}

/** A time in the form of `openssl ca`, some days from now. */
export function inDays(days: number): string {
  const iso = new Date(Date.now() + days * 86_400_000).toISOString();
  return `${iso.slice(2, 19).replaceAll(/[-T:]/g, '')}Z`;
}

/** Starts an HTTPS server that answers everything with `{}`. */
export async function startTls({ cert, key }: { readonly cert: string; readonly key: string }) {
  let requests = 0;
  const server = createServer({ cert, key }, (_request, response) => {
    requests++;
    response.setHeader('content-type', 'application/json').end('{}');
  });
  await new Promise<void>((resolve) => server.listen(0, 'localhost', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://localhost:${port}`,
    requests: () => requests,
    stop() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    },
  };
}
