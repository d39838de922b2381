const REDACTED = '[redacted]';

/**
 * Holds a secret text so that it cannot be printed by accident: `String()`, `JSON.stringify`, template
 * strings and `util.inspect` all show `[redacted]`. {@link Secret.expose} is the only way in, and easy to
 * find in a review.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  expose(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
