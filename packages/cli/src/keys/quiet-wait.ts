import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import type { ApiClient } from '../api-client.ts';
import { CommandError, UsageError } from '../command-error.ts';
import type { Context } from '../context.ts';
import { durationSeconds } from '../option-values.ts';
import { ProblemError, ServiceError } from '../service-error.ts';
import { instant } from '../tables.ts';
import type { Terminal } from '../terminal.ts';
import type { ApiKey } from './api-key.ts';
import { usedText } from './key-view.ts';

/** For how long nobody must have used the version before the current one, and how long that is waited for. */
export interface WaitFlags {
  readonly wait?: boolean;
  readonly quietFor?: number;
  readonly waitAtMost?: number;
}

type Version = ApiKey['secretVersions'][number];

const QUIET_FOR_S = 600;
const POLL_MS = 5_000;
/** A bot that uses the old version all the time is told of this often. */
const TELL_EVERY_MS = 60_000;

export function addWaitOptions(command: Command): Command {
  return command
    .option('--wait', 'wait until the version before is not used any more, then retire it')
    .option('--quiet-for <duration>', 'how long nobody must have used it (default: 10m)', durationSeconds)
    .option(
      '--wait-at-most <duration>',
      'end with 1 if it is still used then (default: until its grace is over)',
      durationSeconds,
    );
}

/** Finds what contradicts itself before anything is done. */
export function checkWaitFlags({ wait, quietFor, waitAtMost }: WaitFlags, graceSeconds?: number): void {
  if (!wait && (quietFor !== undefined || waitAtMost !== undefined))
    throw new UsageError('--quiet-for and --wait-at-most go with --wait.');
  if (!wait) return;
  if (graceSeconds === 0) throw new UsageError('With --grace 0 there is nothing to wait for.');
  if (quietFor === 0 || waitAtMost === 0)
    throw new UsageError('--quiet-for and --wait-at-most must be longer than 0.');
  const quietSeconds = quietFor ?? QUIET_FOR_S;
  if (waitAtMost !== undefined && waitAtMost < quietSeconds)
    throw new UsageError('--wait-at-most must be at least as long as --quiet-for (10m unless it is given).');
  if (graceSeconds !== undefined && graceSeconds <= quietSeconds)
    throw new UsageError('--grace must be longer than --quiet-for (10m unless it is given).');
}

/**
 * Waits until nobody has used the version before the current one for a while, and retires it. How long it is quiet is
 * counted by this process, from now on, so that clocks need not agree. Ctrl-C changes nothing.
 *
 * @returns the key without that version
 */
export async function retireOnceQuiet(
  { terminal, clock }: Context,
  api: ApiClient,
  key: ApiKey,
  flags: WaitFlags,
): Promise<ApiKey> {
  const [current, old] = key.secretVersions;
  if (current === undefined || old === undefined || isOver(old, clock()))
    throw new CommandError('No previous secret version is in its grace.');
  const interrupt = interruption();
  try {
    await untilQuiet({ terminal, clock, api, key, current, old, interrupt: interrupt.signal }, flags);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    throw new CommandError(
      `Nothing was retired: version ${old.version} goes on until ${instant(old.retiresAt)}.\n${howToGoOn(key.id)}`,
      interrupt.exitCode(),
    );
  } finally {
    interrupt.stop();
  }
  return api.call<ApiKey>('retirePrevious', { params: { id: key.id }, body: { version: old.version } });
}

interface Waiting {
  readonly terminal: Terminal;
  readonly clock: () => number;
  readonly api: ApiClient;
  readonly key: ApiKey;
  readonly current: Version;
  readonly old: Version;
  readonly interrupt: AbortSignal;
}

async function untilQuiet(waiting: Waiting, flags: WaitFlags): Promise<void> {
  const { terminal, key, old, interrupt } = waiting;
  const quietMs = (flags.quietFor ?? QUIET_FOR_S) * 1000;
  const startedMs = performance.now();
  let quietSinceMs = startedMs;
  let seen: Version = old;
  let toldMs = Number.NEGATIVE_INFINITY;
  terminal.note(
    `Waiting until nobody has used version ${old.version} for ${quietMs / 1000} s. Its last use: ${usedText(old.lastUsedAt, old.lastUsedIp)}.`,
  );
  for (;;) {
    await pause(Math.min(POLL_MS, Math.max(quietMs / 4, 200)), undefined, { signal: interrupt });
    const next = await look(waiting);
    const nowMs = performance.now();
    if (next === undefined || next.lastUsedAt !== seen.lastUsedAt) quietSinceMs = nowMs;
    if (next !== undefined && next.lastUsedAt !== seen.lastUsedAt) {
      if (next.lastUsedIp !== seen.lastUsedIp || nowMs - toldMs >= TELL_EVERY_MS) {
        terminal.note(
          `Version ${old.version} is still used: last ${usedText(next.lastUsedAt, next.lastUsedIp)}.`,
        );
        toldMs = nowMs;
      }
      seen = next;
    }
    interrupt.throwIfAborted();
    if (nowMs - quietSinceMs >= quietMs) return;
    if (flags.waitAtMost !== undefined && nowMs - startedMs >= flags.waitAtMost * 1000) {
      throw new CommandError(
        `Version ${old.version} is not quiet after ${flags.waitAtMost} s: last used ${usedText(seen.lastUsedAt, seen.lastUsedIp)}. ` +
          `It goes on until ${instant(old.retiresAt)}.\n${howToGoOn(key.id)}`,
      );
    }
  }
}

/** The old version as it is now; undefined when the service cannot say it for the moment. */
async function look({ terminal, clock, api, key, current, old }: Waiting): Promise<Version | undefined> {
  let now: ApiKey;
  try {
    now = await api.call<ApiKey>('showKey', { params: { id: key.id } });
  } catch (error) {
    const isRefusal = error instanceof ProblemError && error.problem.status < 500;
    if (isRefusal || !(error instanceof ServiceError)) throw error;
    terminal.note(`The service does not say who uses it, so the time begins anew: ${error.message}`);
    return undefined;
  }
  if (now.status !== 'active')
    throw new CommandError(`The key is ${now.status} now: nothing more was done with it.`);
  if (now.secretVersions[0]?.version !== current.version)
    throw new CommandError('The key was rotated again meanwhile: nothing more was done with it.');
  const version = now.secretVersions.find((one) => one.version === old.version);
  if (version === undefined || version.retiresAt !== old.retiresAt)
    throw new CommandError(`Version ${old.version} was retired meanwhile, and not by this command.`);
  if (isOver(version, clock()))
    throw new CommandError(
      `The grace of version ${old.version} is over, and it was not quiet before. Last used ${usedText(version.lastUsedAt, version.lastUsedIp)}.`,
    );
  return version;
}

function isOver({ retiresAt }: Version, nowMs: number): boolean {
  return Date.parse(retiresAt ?? '') <= nowMs;
}

function howToGoOn(id: string): string {
  return `Go on waiting: countersign keys retire-previous ${id} --wait\nRetire it now: countersign keys retire-previous ${id}`;
}

/** Turns Ctrl-C and a polite kill into a signal, as long as something is waited for. */
function interruption() {
  const controller = new AbortController();
  let exitCode = 130;
  const onInterrupt = () => controller.abort();
  const onTerminate = () => {
    exitCode = 143;
    controller.abort();
  };
  process.once('SIGINT', onInterrupt);
  process.once('SIGTERM', onTerminate);
  return {
    signal: controller.signal,
    exitCode: () => exitCode,
    stop() {
      process.off('SIGINT', onInterrupt);
      process.off('SIGTERM', onTerminate);
    },
  };
}
