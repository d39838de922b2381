import type { Constraints, Manifest, Permission, Template } from '@countersign/core';
import type { Activity } from '../ports/activity.ts';
import type { AuditEntry } from '../ports/audit-log.ts';
import { instrumentsNeeded, usesBy } from './traffic.ts';

/** More instruments are not the same for all who would use the template: it then asks for them. */
const MAX_INSTRUMENTS = 20;
const MAX_ROUTES = 100;

export interface LearnedPermission {
  readonly permission: string;
  readonly requests: number;
  readonly lastAt: number;
  /** Set where the key lacks it, and every request was denied for that. */
  readonly wasDenied: boolean;
}

/** A route of the manifest that the log shows to have been called. */
export interface LearnedRoute {
  readonly route: string;
  readonly permission: string | null;
  readonly requests: number;
}

/** What a bot called, and the template that would let it. */
export interface Learned {
  readonly permissions: readonly LearnedPermission[];
  /** Of the latest requests only. */
  readonly routes: readonly LearnedRoute[];
  readonly template: Template;
}

/**
 * Proposes a template from what a bot of the test environment called, what it was denied for lack of a permission
 * included. Whoever can sign with a test key can put permissions into it: it is a proposal for somebody to read. Undefined
 * when no permission was asked for.
 *
 * @param decisions the latest decisions of the log: routes are taken from them
 */
export function proposeTemplate(
  about: { readonly name: string; readonly description: string },
  activity: readonly Activity[],
  decisions: readonly AuditEntry[],
  manifest: Manifest | undefined,
): Learned | undefined {
  const permissions = permissionsIn(activity);
  if (permissions.length === 0) return undefined;
  const named = (name: string) => manifest?.permissions.get(name);
  const instruments = instrumentsNeeded(activity, named);
  const isFew = instruments !== undefined && instruments.length > 0 && instruments.length <= MAX_INSTRUMENTS;
  const constraints: Constraints | undefined = isFew ? { instruments } : undefined;
  const names = permissions.map(({ permission }) => permission);
  const template: Template = {
    ...about,
    permissions: names,
    constraints,
    expiresInMs: shortest(names.map((name) => named(name)?.policy?.maxLifetimeMs)),
    needs: needsOf(names.map(named), (instruments?.length ?? 0) > MAX_INSTRUMENTS),
  };
  return { permissions, routes: routesIn(decisions, manifest), template };
}

function permissionsIn(activity: readonly Activity[]): LearnedPermission[] {
  const used = usesBy(
    activity.filter(({ wasDenied }) => !wasDenied),
    'permission',
  );
  const denied = usesBy(
    activity.filter(({ wasDenied, permission }) => wasDenied && !used.has(permission)),
    'permission',
  );
  return [
    ...[...used].map(([permission, use]) => ({ permission, ...use, wasDenied: false })),
    ...[...denied].map(([permission, use]) => ({ permission, ...use, wasDenied: true })),
  ].filter(({ permission }) => permission !== '');
}

/** What moves money comes from a network that is known, and goes where it is said to. */
function needsOf(permissions: readonly (Permission | undefined)[], hasManyInstruments: boolean): string[] {
  const needs: string[] = [];
  if (permissions.some((one) => one?.policy?.needsAddressList || isGrave(one))) needs.push('/allowedIps');
  if (permissions.some((one) => one?.policy?.needsWithdrawalAddresses)) {
    needs.push('/constraints/withdrawalAddresses');
  }
  if (hasManyInstruments) needs.push('/constraints/instruments');
  return needs;
}

function isGrave(permission: Permission | undefined): boolean {
  return permission?.risk === 'high' || permission?.risk === 'critical';
}

function shortest(times: readonly (number | undefined)[]): number | undefined {
  const known = times.filter((time) => time !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

function routesIn(decisions: readonly AuditEntry[], manifest: Manifest | undefined): LearnedRoute[] {
  const routes = new Map<string, LearnedRoute>();
  for (const { bytes } of decisions) {
    const { data } = JSON.parse(bytes) as {
      data: { allowed: boolean; code?: string; method: string; path: string; permission?: string };
    };
    if (!data.allowed && data.code !== 'permission_denied') continue;
    const route = manifest?.ruleFor(data.method, data.path)?.route;
    if (route === undefined) continue;
    const { permission = null } = data;
    const name = `${permission} ${route}`;
    routes.set(name, { route, permission, requests: (routes.get(name)?.requests ?? 0) + 1 });
  }
  return [...routes.values()].sort((a, b) => b.requests - a.requests).slice(0, MAX_ROUTES);
}
