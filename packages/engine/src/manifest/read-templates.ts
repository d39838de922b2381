import {
  CREDENTIAL_KINDS,
  type CredentialKind,
  type Manifest,
  type RateLimit,
  type Template,
} from '@countersign/core';
import { faultsInRestrictions } from '../keys/key-faults.ts';
import { templateFaults } from '../keys/template-faults.ts';
import { readDuration } from './durations.ts';
import type { ManifestFields, Path } from './manifest-fields.ts';
import { CONSTRAINT_NAMES, readConstraints, readTexts } from './read-constraints.ts';

const NAME = /^[A-Za-z0-9](?:[A-Za-z0-9 _.-]{0,62}[A-Za-z0-9])?$/;
const MAX_TEMPLATES = 100;
const FIELDS = [
  'description',
  'permissions',
  'kind',
  'allowedIps',
  'constraints',
  'rateLimits',
  'expiresIn',
  'needs',
];
/** What the maker of a key can be asked for. */
const NEEDED =
  /^\/(?:label|dialects|allowedIps|expiresAt|rateLimits|metadata\/[^/~]{1,64}|constraints\/[A-Za-z0-9]{1,64})$/;
const LIMIT_NAME = /^[A-Za-z0-9][A-Za-z0-9_.:@-]{0,63}$/;

/**
 * Reads `templates`. What a template says is checked as it is for a new key, and so is that a key from it can be made at
 * all, with what it needs of its maker.
 */
export function readTemplates(
  value: unknown,
  manifest: Manifest,
  fields: ManifestFields,
): Map<string, Template> {
  const templates = new Map<string, Template>();
  if (value === undefined) return templates;
  const given = Object.entries(fields.mapping(value, ['templates']));
  if (given.length > MAX_TEMPLATES) fields.fault(['templates'], `has over ${MAX_TEMPLATES} templates`);
  for (const [name, members] of given) {
    const path = ['templates', name];
    if (!NAME.test(name)) {
      fields.fault(
        path,
        `${JSON.stringify(name)} is no name of a template (letters, digits, spaces, "_", "." and "-")`,
      );
    }
    const template = readTemplate(name, members, path, fields);
    if (template === undefined) continue;
    templates.set(name, template);
    const { permissions, allowedIps, constraints, rateLimits } = template;
    const wrong = faultsInRestrictions({ permissions, allowedIps, constraints, rateLimits }, '', manifest, 0);
    for (const { pointer, message } of wrong.length > 0 ? wrong : templateFaults(template, manifest)) {
      fields.fault([...path, ...pathOf(pointer)], message);
    }
  }
  return templates;
}

/** Undefined when its shape is wrong: then there is nothing to check further. */
function readTemplate(
  name: string,
  value: unknown,
  path: Path,
  fields: ManifestFields,
): Template | undefined {
  let isSound = true;
  const own: ManifestFields = {
    ...fields,
    fault(at, message) {
      isSound = false;
      fields.fault(at, message);
    },
  };
  const given = own.mapping(value, path, FIELDS);
  const at = (field: string) => [...path, field];
  const { description, kind } = given;
  if (description !== undefined && typeof description !== 'string') {
    own.fault(at('description'), '"description" must be a text');
  }
  if (kind !== undefined && !CREDENTIAL_KINDS.includes(kind as CredentialKind)) {
    own.fault(at('kind'), `"kind" must be one of ${CREDENTIAL_KINDS.join(', ')}`);
  }
  const template: Template = {
    name,
    description: description as string | undefined,
    kind: kind as CredentialKind | undefined,
    permissions: readTexts(given.permissions, at('permissions'), own),
    allowedIps: optional(given.allowedIps, (texts) => readTexts(texts, at('allowedIps'), own)),
    constraints: optional(given.constraints, (members) => readConstraints(members, at('constraints'), own)),
    rateLimits: optional(given.rateLimits, (limits) => readRateLimits(limits, at('rateLimits'), own)),
    expiresInMs: optional(given.expiresIn, (text) => readDuration(text, at('expiresIn'), own)),
    needs: optional(given.needs, (pointers) => readTexts(pointers, at('needs'), own)) ?? [],
  };
  for (const [i, pointer] of template.needs.entries()) checkNeed(pointer, given, [...at('needs'), i], own);
  return isSound ? template : undefined;
}

function checkNeed(
  pointer: string,
  given: Readonly<Record<string, unknown>>,
  path: Path,
  fields: ManifestFields,
): void {
  if (!NEEDED.test(pointer)) {
    fields.fault(
      path,
      `${JSON.stringify(pointer)} is no field that can be asked for, like "/allowedIps" or "/constraints/instruments"`,
    );
    return;
  }
  const [, field = '', member = ''] = pointer.split('/');
  if (field === 'constraints' && !CONSTRAINT_NAMES.includes(member)) {
    fields.fault(
      path,
      `there is no constraint ${JSON.stringify(member)}, only ${CONSTRAINT_NAMES.join(', ')}`,
    );
  }
  const own = given[field === 'expiresAt' ? 'expiresIn' : field] as Record<string, unknown> | undefined;
  if (field === 'constraints' ? own?.[member] !== undefined : own !== undefined) {
    fields.fault(path, 'the template says it itself, so it need not be given');
  }
}

function readRateLimits(value: unknown, path: Path, fields: ManifestFields): RateLimit[] {
  return fields.list(value, path).map((given, i) => {
    const at = [...path, i];
    const { name, quota, windowSeconds } = fields.mapping(given, at, ['name', 'quota', 'windowSeconds']);
    if (typeof name !== 'string' || !LIMIT_NAME.test(name)) {
      fields.fault([...at, 'name'], '"name" must have letters, digits and _ . : @ -');
    }
    if (!isCount(quota, 1_000_000_000))
      fields.fault([...at, 'quota'], '"quota" must be from 1 to 1000000000');
    if (!isCount(windowSeconds, 2_592_000)) {
      fields.fault([...at, 'windowSeconds'], '"windowSeconds" must be from 1 to 2592000');
    }
    return { name: name as string, quota: quota as number, windowSeconds: windowSeconds as number };
  });
}

function isCount(value: unknown, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= 1 && (value as number) <= most;
}

function optional<T>(value: unknown, read: (value: unknown) => T): T | undefined {
  return value === undefined ? undefined : read(value);
}

/** From the pointer into a key to the path in its template. */
function pathOf(pointer: string): (string | number)[] {
  return pointer
    .split('/')
    .slice(1)
    .map((member) => (member === 'expiresAt' ? 'expiresIn' : /^\d+$/.test(member) ? Number(member) : member));
}
