import { ISSUED_FORMS } from '@countersign/core/credential';
import { INLINED } from './rules/front-end.ts';

/**
 * What has to stand in a text if any rule is to find something in it. The corpus of the tests goes through here like
 * everything else, so that a word too few is a secret that is missed there.
 */
const TELLING = new RegExp(
  [
    '[Ss](?:ecret|ECRET)',
    '[Pp](?:ass_?[Pp]hrase|ASS_?PHRASE)',
    '[Pp](?:riv(?:ate)?_?[Kk]ey|RIV(?:ATE)?_?KEY|RIVATE KEY-)',
    '[Kk](?:ey|EY)[A-Za-z0-9_-]{0,30}["\'`\\\\\\]\\s:=(,>]',
    '_[Pp][Kk]["\'` :=]',
    '[Aa]pi[_-]?[Pp]assword|API_PASSWORD',
    'LS0tLS1CRUdJT',
    `(?:${INLINED})_`,
    '"kty',
    ...ISSUED_FORMS.map(({ pattern }) => pattern.replace(/\[.*$/, '')),
  ].join('|'),
);

/** What says that a text holds others: escapes, literals in pieces, source maps. */
const LAYERED =
  /\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f{]|\/)|["'`]\s{0,64}\+\s{0,64}["'`]|["'`]\)?\.concat\(|\$\{["'`]|sourcesContent|sourceMappingURL=data:/;

/** Whether a text can hold anything that a rule finds. */
export function isTelling(text: string): boolean {
  return TELLING.test(text);
}

/** Whether a text can hold other texts, in which a rule may find what it does not find in this one. */
export function isLayered(text: string): boolean {
  return LAYERED.test(text);
}
