import { DENIALS, type DescribedRefusal, type JsonTemplate, PLACEHOLDERS } from '@countersign/core';
import type { ManifestFields, Path } from './manifest-fields.ts';

const MAX_DEPTH = 8;
const CODE = /^[\x20-\x7e]{1,64}$/;

/** Reads how a dialect of an operator's own refuses. */
export function readRefusal(value: unknown, at: Path, fields: ManifestFields): DescribedRefusal {
  const given = fields.mapping(value, at, ['status', 'codes', 'body']);
  if (given.status !== undefined && !isStatus(given.status))
    fields.fault([...at, 'status'], '"status" must be 200, or from 400 to 599');
  const codes = given.codes === undefined ? {} : fields.mapping(given.codes, [...at, 'codes']);
  for (const [denial, code] of Object.entries(codes)) {
    const fault = faultInCode(denial, code);
    if (fault !== undefined) fields.fault([...at, 'codes', denial], fault);
  }
  fields.mapping(given.body, [...at, 'body']);
  checkTemplate(given.body, [...at, 'body'], fields);
  return {
    status: given.status as number | undefined,
    codes: codes as DescribedRefusal['codes'],
    body: given.body as JsonTemplate,
  };
}

function isStatus(value: unknown): boolean {
  return Number.isInteger(value) && (value === 200 || ((value as number) >= 400 && (value as number) <= 599));
}

function faultInCode(denial: string, code: unknown): string | undefined {
  if (!Object.hasOwn(DENIALS, denial)) return `there is no denial ${JSON.stringify(denial)}`;
  if (denial === 'credential_revoked') return 'is answered as "credential_unknown", so that nobody can tell';
  if (Number.isSafeInteger(code) || (typeof code === 'string' && CODE.test(code))) return undefined;
  return 'a code is a whole number, or 1 to 64 characters of ASCII';
}

function checkTemplate(value: unknown, at: Path, fields: ManifestFields, depth = 1): void {
  if (typeof value === 'string') {
    for (const [, name] of value.matchAll(/\{(\w+)\}/g)) {
      if (!(PLACEHOLDERS as readonly unknown[]).includes(name))
        fields.fault(
          at,
          `there is no {${name}}, only ${PLACEHOLDERS.map((known) => `{${known}}`).join(', ')}`,
        );
    }
  } else if (typeof value === 'object' && value !== null) {
    if (depth > MAX_DEPTH) {
      fields.fault(at, `"body" is nested more than ${MAX_DEPTH} levels deep`);
      return;
    }
    for (const [name, item] of Object.entries(value)) {
      checkTemplate(item, [...at, Array.isArray(value) ? Number(name) : name], fields, depth + 1);
    }
  } else if (typeof value === 'number' && !Number.isFinite(value)) {
    fields.fault(at, 'JSON has no such number');
  }
}
