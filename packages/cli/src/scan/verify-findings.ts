import { idInToken } from '@countersign/core/credential';
import type { ApiClient } from '../api-client.ts';
import { ProblemError } from '../service-error.ts';
import type { Finding } from './finding.ts';

/** So many keys are asked for at most: a text full of ids is no reason to call a service without end. */
const MOST_KEYS = 200;

/**
 * Asks the service, and nobody else, for the keys that were found: `GET /v1/keys/{id}`, with the id alone. No secret
 * is ever sent. A secret that holds no id takes that of the only id found in the same file.
 */
export async function verifyFindings(api: ApiClient, findings: readonly Finding[]): Promise<Finding[]> {
  const ids = new Map<Finding, string>();
  for (const finding of findings) {
    const id = idFor(finding, findings);
    if (id !== undefined) ids.set(finding, id);
  }
  const standings = new Map<string, string>();
  for (const id of new Set(ids.values())) {
    standings.set(
      id,
      standings.size < MOST_KEYS ? await standingOf(api, id) : 'was not asked for: too many keys',
    );
  }
  return findings.map((finding) => {
    const id = ids.get(finding);
    return id === undefined ? withoutId(finding) : { ...finding, standing: `${standings.get(id)}` };
  });
}

function idFor(finding: Finding, findings: readonly Finding[]): string | undefined {
  if (finding.rule === 'countersign-id') return finding.reveal();
  if (finding.rule !== 'countersign-secret') return undefined;
  const inToken = idInToken(finding.reveal());
  if (inToken !== undefined) return inToken;
  const near = findings.filter(
    ({ rule, path, commit }) =>
      rule === 'countersign-id' && path === finding.path && commit === finding.commit,
  );
  const [id, another] = new Set(near.map(({ reveal }) => reveal()));
  return another === undefined ? id : undefined;
}

function withoutId(finding: Finding): Finding {
  return finding.rule === 'countersign-secret'
    ? { ...finding, standing: 'cannot be asked for: which key it belongs to is not told near it' }
    : finding;
}

async function standingOf(api: ApiClient, id: string): Promise<string> {
  try {
    const { status } = await api.call<{ status: string }>('showKey', { params: { id } });
    return `key ${id} is ${status}`;
  } catch (error) {
    if (error instanceof ProblemError && error.problem.status === 404)
      return `key ${id} is not known to the service`;
    throw error;
  }
}
