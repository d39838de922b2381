import { CREDENTIAL_KINDS, type Manifest, type Template } from '@countersign/core';
import { durationText } from '../manifest/durations.ts';
import { factsThatNobodySays } from './constraint-faults.ts';
import type { Fault } from './key-input.ts';
import { type GovernedKey, policyFaults } from './policy-faults.ts';

/** What stands for what the maker of a key gives: it violates no policy. */
const GIVEN_ADDRESSES = ['192.0.2.1'];

/**
 * Lists what keeps every key from a template from being made or used, by pointers as into a key: the policies of its
 * permissions, held against what the template says and what it needs of the maker. Its fields must be sound in themselves.
 */
export function templateFaults(template: Template, manifest: Manifest): Fault[] {
  const { permissions, needs, expiresInMs, kind } = template;
  const kinds = kind === undefined ? CREDENTIAL_KINDS : [kind];
  const constraints = { ...template.constraints };
  const address = '/constraints/withdrawalAddresses';
  const key: GovernedKey = {
    accountId: '',
    kind: kinds[0] as GovernedKey['kind'],
    permissions,
    allowedIps: needs.includes('/allowedIps') ? GIVEN_ADDRESSES : template.allowedIps,
    expiresAt: needs.includes('/expiresAt') ? 1 : expiresInMs,
    constraints: needs.includes(address)
      ? { ...constraints, withdrawalAddresses: GIVEN_ADDRESSES }
      : constraints,
  };
  const byKind = kinds.map((each) => policyFaults({ ...key, kind: each }, manifest, 0));
  const [best = []] = byKind.sort((a, b) => a.length - b.length);
  return [
    ...best.map((fault) => asOfTemplate(template, fault)),
    ...neverUsable(template, manifest),
    ...neverGiven(template, manifest),
  ];
}

/** Where the maker can give what is missing, the template may ask for it. */
function asOfTemplate({ kind, expiresInMs }: Template, fault: Fault): Fault {
  const { pointer, permission, policy } = fault;
  const why = `${permission} (${policy})`;
  if (pointer === '/kind') {
    return kind === undefined
      ? { ...fault, message: 'no kind of key is one that all of its permissions allow (kinds)' }
      : fault;
  }
  if (pointer === '/expiresAt' && expiresInMs !== undefined) {
    return { ...fault, message: `is too long for ${why}` };
  }
  if (pointer.startsWith('/allowedIps/')) return fault;
  const field = pointer === '/expiresAt' ? 'expiresIn' : pointer.split('/').at(-1);
  const message = `no key from it can be made: ${why} demands "${field}". Say it, or ask for it: needs: [${pointer}]`;
  return { ...fault, message };
}

/** A permission that cools down for longer than the key lives. */
function neverUsable({ permissions, expiresInMs }: Template, manifest: Manifest): Fault[] {
  return permissions.flatMap((name): Fault[] => {
    const coolDownMs = manifest.permissions.get(name)?.policy?.coolDownMs;
    if (expiresInMs === undefined || coolDownMs === undefined || coolDownMs < expiresInMs) return [];
    const message = `ends before ${name} can be used, which cools down for ${durationText(coolDownMs)}`;
    return [{ pointer: '/expiresAt', message, permission: name, policy: 'coolDown' }];
  });
}

/** A constraint that the maker must give, and that no request could meet: whatever is given is refused. */
function neverGiven({ needs }: Template, manifest: Manifest): Fault[] {
  return needs.flatMap((pointer, i) => {
    const [, field, name = ''] = pointer.split('/');
    if (field !== 'constraints') return [];
    return factsThatNobodySays({ [name]: true }, '', manifest).map(({ message }) => ({
      pointer: `/needs/${i}`,
      message,
    }));
  });
}
