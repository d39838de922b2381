import { CREDENTIAL_KINDS, ENVIRONMENTS } from '@countersign/core/credential';
import { type Command, Option } from 'commander';
import { UsageError } from '../command-error.ts';
import {
  collect,
  collectMetadata,
  collectRateLimit,
  instantFrom,
  type RateLimitValue,
  wholeNumber,
} from '../option-values.ts';
import {
  addConstraintOptions,
  addConstraintRemovals,
  type ConstraintFlags,
  type Constraints,
  constraintsOf,
  isConstrained,
} from './constraint-options.ts';

type OrNone<T> = T | false;

/** Options that restrict a key. `false` is what a `--no-…` option leaves. */
export interface RestrictionFlags extends ConstraintFlags {
  readonly label?: string;
  readonly permission?: OrNone<readonly string[]>;
  readonly allowIp?: OrNone<readonly string[]>;
  readonly expires?: OrNone<string>;
  readonly rateLimit?: OrNone<readonly RateLimitValue[]>;
  readonly nonceWindow?: number;
  readonly metadata?: OrNone<Readonly<Record<string, string>>>;
}

/** Options that say what a new key is, and what it may do. */
export interface NewKeyFlags extends RestrictionFlags {
  readonly account?: string;
  readonly environment?: string;
  readonly kind?: string;
  readonly dialect?: readonly string[];
  readonly template?: string;
}

/** The options that only a new key has: what it is cannot be edited. */
export function addNewKeyOptions(command: Command): Command {
  return command
    .option('--account <id>', 'the account that the key acts for')
    .addOption(new Option('--environment <name>', 'where it acts').choices(ENVIRONMENTS))
    .addOption(new Option('--kind <kind>', 'what it signs with').choices(CREDENTIAL_KINDS))
    .option(
      '--dialect <name>',
      'dialect that it may sign in, repeatable (default: any that fits the kind)',
      collect,
    );
}

/** The options for what a key may do. */
export function addRestrictionOptions(command: Command, nowMs: number): Command {
  command
    .option('--label <text>', 'a name for people')
    .option('--permission <name>', 'what it may do, repeatable', collect)
    .option('--no-permission', 'no permission at all')
    .option('--allow-ip <cidr>', 'address or CIDR block that it may be used from, repeatable', collect)
    .option('--expires <when>', 'its end: 2027-02-01, 2027-02-01T08:00:00Z or 90d', instantFrom(nowMs))
    .option('--rate-limit <limit>', 'quota by name, repeatable: orders=10/1s', collectRateLimit)
    .option('--nonce-window <n>', 'how far below the highest nonce a lower one may come', wholeNumber)
    .option('--metadata <name=value>', 'a text to keep with it, repeatable', collectMetadata);
  return addConstraintOptions(command);
}

/** The options that take a restriction away again. */
export function addRemovalOptions(command: Command): Command {
  command
    .option('--no-allow-ip', 'any address')
    .option('--no-expires', 'no end')
    .option('--no-rate-limit', 'no rate limit')
    .option('--no-metadata', 'no metadata');
  return addConstraintRemovals(command);
}

/** What a template can say in the place of an option. */
const FROM_TEMPLATE = ['kind', 'permission'] as const;

/**
 * Makes the body that issues or imports a key, without what proves possession of it.
 *
 * @throws {@link UsageError} that lists every option that is missing
 */
export function newKeyBody(flags: NewKeyFlags): Record<string, unknown> {
  const needed = ['account', 'environment', ...(flags.template === undefined ? FROM_TEMPLATE : [])] as const;
  const missing = needed.filter((name) => flags[name] === undefined).map((name) => `--${name}`);
  if (missing.length > 0) {
    const orNone = missing.includes('--permission') ? ' (--no-permission for a key that may do nothing)' : '';
    throw new UsageError(`Needed, and missing: ${missing.join(', ')}${orNone}.`);
  }
  const { permission, allowIp, expires, rateLimit, nonceWindow, metadata } = flags;
  const constraints = constraintsOf(flags, {});
  return {
    accountId: flags.account,
    label: flags.label,
    environment: flags.environment,
    template: flags.template,
    kind: flags.kind,
    dialects: flags.dialect,
    permissions: permission === false ? [] : permission,
    allowedIps: allowIp || undefined,
    expiresAt: expires || undefined,
    constraints: Object.keys(constraints).length === 0 ? undefined : constraints,
    rateLimits: rateLimit || undefined,
    nonceWindow,
    metadata: metadata || undefined,
  };
}

/** Whether no option names anything to change. */
export function isEmptyEdit(flags: RestrictionFlags): boolean {
  return Object.keys(plainEdit(flags)).length === 0 && !isConstrained(flags);
}

/**
 * Makes the body of an edit: only what an option names. A list replaces the list; the constraints that no option
 * names stay as they are, although the API replaces them as one.
 */
export function editBody(flags: RestrictionFlags, current: Constraints): Record<string, unknown> {
  const body = plainEdit(flags);
  return isConstrained(flags) ? { ...body, constraints: constraintsOf(flags, current) } : body;
}

function plainEdit(flags: RestrictionFlags): Record<string, unknown> {
  const { label, permission, allowIp, expires, rateLimit, nonceWindow, metadata } = flags;
  return withoutUndefined({
    label,
    permissions: permission === false ? [] : permission,
    allowedIps: allowIp === false ? null : allowIp,
    expiresAt: expires === false ? null : expires,
    rateLimits: rateLimit === false ? [] : rateLimit,
    nonceWindow,
    metadata: metadata === false ? {} : metadata,
  });
}

function withoutUndefined(value: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value).filter(([, member]) => member !== undefined));
}
