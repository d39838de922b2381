import { type Fact, factsOf, NO_ADDRESS } from './fact.ts';

const fact = factsOf('versions');
const LEAST_NODE = [20, 19] as const;
const TIMEOUT_MS = 5_000;

/** Versions: of Node, of this command, and of the service, where it is Countersign itself that answers. */
export async function versionFacts(own: string, url: URL | undefined): Promise<Fact[]> {
  return [nodeFact(process.versions.node), fact('countersign', 'good', own), await serviceFact(url, own)];
}

function nodeFact(version: string): Fact {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isEnough = major > LEAST_NODE[0] || (major === LEAST_NODE[0] && minor >= LEAST_NODE[1]);
  return isEnough
    ? fact('node', 'good', version)
    : fact('node', 'wrong', `${version} is too old`, `Install Node ${LEAST_NODE.join('.')} or newer.`);
}

async function serviceFact(url: URL | undefined, own: string): Promise<Fact> {
  if (url === undefined) return fact('service', 'unknown', NO_ADDRESS);
  const version = await serviceVersion(url);
  if (version === undefined) return fact('service', 'unknown', `${url.origin} does not tell it`);
  return version === own
    ? fact('service', 'good', version)
    : fact('service', 'notice', `${version}, and this command is ${own}`);
}

/** What the service says of itself in its OpenAPI document. A proxy before an API says nothing. */
async function serviceVersion(url: URL): Promise<string | undefined> {
  try {
    const response = await fetch(new URL('/openapi.json', url), {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    const { info } = (await response.json()) as { info?: { title?: unknown; version?: unknown } };
    const version = info?.title === 'Countersign' ? info.version : undefined;
    return typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? version : undefined;
  } catch {
    return undefined; // What cannot be reached is said under "clock" and "TLS".
  }
}
