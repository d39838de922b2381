import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { request } from 'node:https';
import { join } from 'node:path';
import { connect } from 'node:tls';
import { afterEach, describe, expect, it } from 'vitest';
import { collect, open } from './raw-http.ts';
import { cleanUp, eventually, newFolder, operatorOf, startProcess } from './service-process.ts';

afterEach(cleanUp);

/** Makes a self-signed certificate for a name, with the openssl command. */
function makeCertificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.crt`), join(folder, `${name}.key`)];
  const subject = ['-subj', `/CN=${name}`, '-addext', 'subjectAltName=IP:127.0.0.1,DNS:localhost'];
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2'];
  execFileSync('openssl', ['req', '-x509', ...kind, ...subject, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  });
  return { cert: readFileSync(cert, 'utf8'), key: readFileSync(key, 'utf8') };
}

/** The common name of the certificate that a port shows. */
function nameOn(port: number, options: object = {}): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', rejectUnauthorized: false, ...options }, () => {
      resolve(String(socket.getPeerCertificate().subject.CN));
      socket.destroy();
    });
    socket.on('error', reject);
  });
}

function get(
  port: number,
  ca: string,
  path: string,
  token?: string,
): Promise<{ status: number | undefined; text: string }> {
  return new Promise((resolve, reject) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const call = request({ port, host: '127.0.0.1', path, ca, headers, agent: false }, (answer) => {
      let text = '';
      answer.on('data', (chunk: Buffer) => {
        text += chunk.toString();
      });
      answer.on('end', () => resolve({ status: answer.statusCode, text }));
    });
    call.on('error', reject).end();
  });
}

describe('TLS', () => {
  it('comes from files, serves the API beyond loopback, and takes new files while it runs', async () => {
    const folder = newFolder();
    const [first, second] = [makeCertificate(folder, 'first'), makeCertificate(folder, 'second')];
    const files = { TLS_CERT: join(folder, 'tls.crt'), TLS_KEY: join(folder, 'tls.key') };
    const install = (cert: string, key: string) => {
      writeFileSync(files.TLS_CERT, cert);
      writeFileSync(files.TLS_KEY, key);
    };
    install(first.cert, first.key);
    const data = join(folder, 'data');
    const service = await startProcess({
      DATA_DIR: data,
      HOST: '0.0.0.0',
      UPSTREAM: 'http://127.0.0.1:9',
      ...files,
    });
    expect(service.url).toMatch(/^https:\/\/0\.0\.0\.0:/);
    const { secret } = operatorOf(data);
    expect((await get(service.port, first.cert, '/v1/keys', secret)).status).toBe(200);
    expect(await nameOn(service.port)).toBe('first');
    expect(await nameOn(service.proxyPort)).toBe('first');
    await expect(
      nameOn(service.port, { maxVersion: 'TLSv1.1', minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' }),
    ).rejects.toThrow();

    const open1 = collect(await open(service.port));
    expect((await plaintext(service.port)).startsWith('HTTP/1.1 200')).toBe(false);
    expect(open1.bytes().length).toBe(0);

    // A certificate with a key that is not its own, then what is no certificate: the old one stays.
    install(second.cert, first.key);
    await eventually(() => service.stderr.includes('the old one stays'), 'the bad files are told');
    expect(await nameOn(service.port)).toBe('first');
    install('no certificate', second.key);
    await eventually(
      () => service.stderr.split('the old one stays').length > 2,
      'the bad files are told again',
    );
    expect(await nameOn(service.port)).toBe('first');

    install(second.cert, second.key);
    await eventually(async () => (await nameOn(service.port)) === 'second', 'the new certificate is shown');
    expect(await nameOn(service.proxyPort)).toBe('second');
    expect((await get(service.port, second.cert, '/livez')).status).toBe(200);
    expect(await service.signal('SIGTERM')).toEqual({ code: 0, signal: null });
    for (const key of [first.key, second.key]) expect(service.output).not.toContain(key.split('\n')[1]);
  });
});

async function plaintext(port: number): Promise<string> {
  const socket = await open(port);
  const received = collect(socket);
  socket.write('GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n');
  return (await received.closed()).text;
}
