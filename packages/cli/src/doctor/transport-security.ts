import { isIP } from 'node:net';
import { checkServerIdentity, connect, type PeerCertificate, type TLSSocket } from 'node:tls';
import { type Fact, factsOf, NO_ADDRESS } from './fact.ts';

const fact = factsOf('TLS');
const TIMEOUT_MS = 10_000;
const DAY_MS = 86_400_000;
const SOON_DAYS = 14;
const OTHER_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

/** What a server showed of itself when a connection was opened. Nothing was sent over it. */
interface Shown {
  readonly certificate: PeerCertificate;
  readonly protocol: string;
  /** Node's code of what is wrong with the chain. */
  readonly chainFault: string | undefined;
  readonly identityFault: boolean;
}

/** The certificate of a server: its chain, its name, its end, and the protocol. */
export async function tlsFacts(url: URL | undefined, nowMs: number): Promise<Fact[]> {
  if (url === undefined) return [fact('connection', 'unknown', NO_ADDRESS)];
  if (!/^(?:https|wss):$/.test(url.protocol)) return [plaintextFact(url)];
  const shown = await look(url);
  if (typeof shown === 'string') {
    return [fact('connection', 'wrong', `there is none with TLS (${shown})`, 'Check the address.')];
  }
  const { certificate, protocol, chainFault, identityFault } = shown;
  return [
    fact('protocol', 'good', protocol),
    chainFact(chainFault),
    identityFault
      ? fact(
          'host name',
          'wrong',
          'the certificate is for another name',
          'Check the host name in the address.',
        )
      : fact('host name', 'good', 'the certificate is for it'),
    expiryFact(Date.parse(certificate.valid_to), Date.parse(certificate.valid_from), nowMs),
  ];
}

function plaintextFact({ hostname }: URL): Fact {
  const isHere = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return isHere
    ? fact('connection', 'good', 'http, and the server is this machine')
    : fact('connection', 'wrong', 'http: whoever listens reads and changes everything', 'Use https.');
}

function chainFact(fault: string | undefined): Fact {
  if (fault === undefined) return fact('chain', 'good', 'leads to an authority that is trusted here');
  const advice =
    fault === 'CERT_HAS_EXPIRED' || fault === 'CERT_NOT_YET_VALID'
      ? 'Have the certificate renewed; if it is good, the clock of this machine is off.'
      : 'Name a private authority in NODE_EXTRA_CA_CERTS; never turn the check off.';
  return fact('chain', 'wrong', `is not trusted here (${fault})`, advice);
}

function expiryFact(end: number, begin: number, nowMs: number): Fact {
  if (Number.isNaN(end) || Number.isNaN(begin))
    return fact('end', 'unknown', 'the certificate has no dates that can be read');
  if (nowMs < begin)
    return fact('end', 'wrong', 'the certificate is not valid yet', 'Check the clock of this machine.');
  const days = Math.floor((end - nowMs) / DAY_MS);
  if (end < nowMs) return fact('end', 'wrong', `the certificate ended ${-days} days ago`, 'Have it renewed.');
  return days <= SOON_DAYS
    ? fact('end', 'notice', `the certificate ends in ${days} days`, 'Have it renewed.')
    : fact('end', 'good', `the certificate ends in ${days} days`);
}

/** Opens a connection and looks; or gives the system's code. Whether the server is believed is for the facts to say. */
function look({ hostname, port }: URL): Promise<Shown | string> {
  const host = hostname.replace(/^\[|\]$/g, '');
  return new Promise((resolve) => {
    const socket = connect({
      host,
      port: Number(port || '443'),
      ...(isIP(host) === 0 ? { servername: host } : {}),
      rejectUnauthorized: false,
    });
    const end = (result: Shown | string) => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(TIMEOUT_MS, () => end('no answer'));
    socket.once('error', ({ code = 'no reason given' }: NodeJS.ErrnoException) => end(code));
    socket.once('close', () => end('closed'));
    socket.once('secureConnect', () => end(seenOn(socket, host)));
  });
}

function seenOn(socket: TLSSocket, host: string): Shown {
  const certificate = socket.getPeerCertificate();
  const error = socket.authorizationError as unknown as string | Error | undefined | null;
  const code = typeof error === 'string' ? error : (error as NodeJS.ErrnoException | undefined | null)?.code;
  return {
    certificate,
    protocol: socket.getProtocol() ?? 'unknown',
    chainFault: code === OTHER_NAME ? undefined : (code ?? undefined),
    identityFault: checkServerIdentity(host, certificate) !== undefined,
  };
}
