import type { CountersignError } from '@countersign/client';
import type { BotKey } from '../signing/bot-key.ts';
import type { BotKeyFlags, SignerFlags } from '../signing/signer-options.ts';
import type { Probe } from './probe.ts';

/** What is to be looked at. */
export interface Examination extends BotKeyFlags, Partial<Pick<SignerFlags, 'dialect' | 'kind'>> {
  /** What the bot talks to; undefined where nobody said it. */
  readonly server: URL | undefined;
  readonly operatorEnvFile?: string | undefined;
  readonly probe?: Probe | undefined;
  /** Of this command. */
  readonly version: string;
}

/** A key, or why there is none. */
export type FoundKey =
  | { readonly bot: BotKey; readonly fault: undefined }
  | { readonly bot: undefined; readonly fault: CountersignError };
