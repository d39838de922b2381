import { existsSync } from 'node:fs';
import { environmentOf, hasChecksum } from '@countersign/core';
import { faultsOfVariable } from '../env/env-text.ts';
import { type Fact, factsOf } from './fact.ts';

type Values = Readonly<Record<string, string | undefined>>;

const fact = factsOf('environment');
const OURS = /^COUNTERSIGN_[A-Z0-9_]{1,60}$/;

/**
 * Which variables of ours are set, and what is wrong with them.
 *
 * @param values the environment without what Node took from an --env-file
 */
export function environmentFacts(values: Values): Fact[] {
  const own = Object.keys(values)
    .filter((name) => OURS.test(name))
    .sort();
  return [
    fact('set', 'good', own.join(', ') || 'no COUNTERSIGN_ variable'),
    ...valueFacts(values),
    ...nodeFacts(values),
  ];
}

function valueFacts(values: Values): Fact[] {
  const own = Object.entries(values).filter(([name, value]) => OURS.test(name) && value !== undefined);
  const faults = own.flatMap(([name, value = '']) =>
    faultsOf(name, value).map((text) =>
      fact(name, 'wrong', text, 'Take it anew from where the key was made, or correct what sets it.'),
    ),
  );
  const [ofId, ofSecret] = [values.COUNTERSIGN_KEY_ID, values.COUNTERSIGN_SECRET].map((value) =>
    environmentOf(value ?? ''),
  );
  if (ofId === undefined || ofSecret === undefined || ofId === ofSecret) return faults;
  const text = `is of the environment ${ofSecret}, and COUNTERSIGN_KEY_ID of ${ofId}`;
  return [...faults, fact('COUNTERSIGN_SECRET', 'wrong', text, 'Give id and secret of one key.')];
}

function faultsOf(name: string, value: string): string[] {
  const faults = faultsOfVariable(name, value);
  if (faults.length > 0) return faults;
  const isOurs = /^c[ksb][_/](?:live|test)[_/]/.test(value.trim());
  return isOurs && !hasChecksum(value.trim()) ? [`${name} is not whole: its checksum is wrong`] : [];
}

/** What changes whom Node trusts. */
function nodeFacts({ NODE_TLS_REJECT_UNAUTHORIZED: check, NODE_EXTRA_CA_CERTS: file }: Values): Fact[] {
  const facts: Fact[] = [];
  if (check === '0') {
    facts.push(
      fact(
        'NODE_TLS_REJECT_UNAUTHORIZED',
        'wrong',
        'turns the check of certificates off',
        'Unset it, and name a private authority in NODE_EXTRA_CA_CERTS.',
      ),
    );
  }
  if (file) {
    facts.push(
      existsSync(file)
        ? fact('NODE_EXTRA_CA_CERTS', 'good', 'is set, and the file is there')
        : fact('NODE_EXTRA_CA_CERTS', 'wrong', 'names a file that is not there', 'Correct the path.'),
    );
  }
  return facts;
}
