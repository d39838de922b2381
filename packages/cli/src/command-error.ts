/** What the command ends with. Documented in `countersign --help`. */
export const EXIT = {
  ok: 0,
  /** The service refused, or something failed. */
  failed: 1,
  /** The command line itself is wrong; nothing was tried. */
  usage: 2,
} as const;

/** A failure that is explained by its message alone, without a stack. Never holds a secret. */
export class CommandError extends Error {
  override readonly name: string = 'CommandError';
  readonly exitCode: number;

  /** @param exitCode one of {@link EXIT}, unless it is what a program that was to be run would have ended with */
  constructor(message: string, exitCode: number = EXIT.failed) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** A command line that cannot be carried out as it is. */
export class UsageError extends CommandError {
  override readonly name = 'UsageError';

  constructor(message: string) {
    super(message, EXIT.usage);
  }
}
