import type { Rule } from '@countersign/core';
import type { ManifestFault, ParsedManifest } from '@countersign/engine';
import type { Command } from 'commander';
import { EXIT } from '../command-error.ts';
import type { Context } from '../context.ts';
import { readPublicFile } from '../private-file.ts';
import { table } from '../tables.ts';
import { plain, type Terminal } from '../terminal.ts';
import { withExample } from './service-command.ts';

type GoodManifest = Extract<ParsedManifest, { ok: true }>;

/** `countersign manifest check` */
export function addManifest(program: Command, { terminal }: Context): void {
  const manifest = program.command('manifest').helpCommand(false).description('Work on manifests');
  const check = manifest
    .command('check')
    .description('Check a manifest, without the service. Faults are file:line:column: message')
    .argument('<file>', 'the manifest, or - for standard input')
    .option('--json', 'print JSON')
    .action(async (file: string, { json }: { json?: boolean }) => {
      const text = await readPublicFile(file);
      const { parseManifest } = await import('@countersign/engine');
      const parsed = parseManifest(text);
      if (!parsed.ok) process.exitCode = EXIT.failed;
      if (json) return terminal.printJson(forMachines(parsed));
      terminal.print(parsed.ok ? summary(terminal, parsed) : faultLines(file, parsed.faults));
    });
  withExample(check, 'manifest check manifest.yaml');
}

function faultLines(file: string, faults: readonly ManifestFault[]): string {
  return faults.map(({ line, column, message }) => plain(`${file}:${line}:${column}: ${message}`)).join('\n');
}

function summary(terminal: Terminal, parsed: GoodManifest): string {
  const { manifest, routes } = parsed;
  const rows = permissionsOf(parsed).map(({ name, risk, routes: count }) => [name, risk, String(count)]);
  const open = routes.filter(({ rule }) => rule.isPublic).length;
  const dialects = manifest.dialects?.join(', ') ?? 'all';
  return `${table(terminal, ['PERMISSION', 'RISK', 'ROUTES'], rows)}\n\n${routes.length} routes, ${open} of them public. Dialects: ${dialects}. No faults.`;
}

function forMachines(parsed: ParsedManifest): unknown {
  if (!parsed.ok) return { ok: false, faults: parsed.faults };
  const routes = parsed.routes.map(({ method, path, rule }) => ({
    method,
    path,
    permission: rule.permission?.name ?? null,
    weight: rule.weight,
    cases: rule.cases?.map(({ when, rule: one }) => ({
      when: Object.fromEntries(when.map(({ pointer, values }) => [pointer, values])),
      permission: one.permission?.name,
      weight: one.weight,
    })),
  }));
  return { ok: true, dialects: parsed.manifest.dialects ?? null, permissions: permissionsOf(parsed), routes };
}

function permissionsOf({ manifest, routes }: GoodManifest) {
  return [...manifest.permissions.values()].map(({ name, risk }) => ({
    name,
    risk,
    routes: routes.filter(({ rule }) => permissionsAt(rule).includes(name)).length,
  }));
}

/** The permissions that a route needs, for one body or another. */
function permissionsAt({ permission, cases = [] }: Rule): (string | undefined)[] {
  return [permission, ...cases.map(({ rule }) => rule.permission)].map((one) => one?.name);
}
