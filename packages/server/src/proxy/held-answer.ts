import type { ServerResponse } from 'node:http';
import { Writable } from 'node:stream';
import { allHeaders, type RawHeaders, singleHeader, type WireRequest } from '@countersign/core';
import {
  type AnswerSigner,
  hasNoBody,
  OURS_ALONE,
  type UnsignedReason,
  unsigned,
} from '../signed-answers/answer-signer.ts';

/**
 * The longest answer of an upstream that is held back to be signed, in bytes; and the most of all answers that are under
 * way on one connection, on which a client can ask for many at once.
 */
export const MAX_HELD_BYTES = 1024 * 1024;
/** How long its end is waited for, in ms. */
const HELD_MS = 5_000;

/** Bytes that are held for each connection. */
const heldOn = new WeakMap<object, number>();
/** Media types of answers that go on until somebody leaves. */
const STREAMS =
  /\b(?:text\/event-stream|multipart\/x-mixed-replace|application\/(?:x-)?ndjson|application\/grpc)\b/i;
const DIGEST: ReadonlySet<string> = new Set(['content-digest']);

export interface HeldAnswerParts {
  readonly signer: AnswerSigner;
  readonly request: WireRequest;
  /** Where the answer goes. Nothing is written to it before the end is known, or given up. */
  readonly response: ServerResponse;
  /** The client's connection: the response may be waiting for it. */
  readonly connection: object;
  readonly heldMs?: number | undefined;
}

/** The head of an upstream's answer, with headers that may go on to a client. */
export interface AnswerHead {
  readonly status: number;
  readonly headers: RawHeaders;
}

/**
 * Takes an upstream's answer, and sends it on signed: it holds the body back until its end, because the head carries
 * the digest.
 *
 * Answers that have no end, are longer than {@link MAX_HELD_BYTES} or take longer than 5 seconds go on without a
 * signature, with a header that says why: from then on as they come, no faster than the client reads. What an upstream
 * says in headers that are ours alone is dropped in any case. Its Content-Digest is checked and signed; if it does not
 * fit, the answer contradicts itself, and goes on without a signature.
 */
export class HeldAnswer extends Writable {
  readonly #parts: HeldAnswerParts;
  readonly #head: AnswerHead;
  #held: Buffer[] = [];
  #size = 0;
  #isHeld = true;
  readonly #deadline: NodeJS.Timeout;

  constructor(parts: HeldAnswerParts, { status, headers }: AnswerHead) {
    super();
    this.#parts = parts;
    this.#head = { status, headers: without(headers, OURS_ALONE) };
    parts.response.once('close', () => {
      // What was held lay with the response until it was written, or given up.
      heldOn.set(parts.connection, (heldOn.get(parts.connection) ?? 0) - this.#size);
      // A client that leaves would otherwise be waited for.
      this.destroy();
    });
    this.#deadline = setTimeout(() => this.#giveUp(), parts.heldMs ?? HELD_MS);
    const reason = this.#cannotWait();
    if (reason !== undefined) this.#release(reason);
  }

  override _write(chunk: Buffer, _encoding: string, done: (error?: Error | null) => void): void {
    if (!this.#isHeld) {
      this.#parts.response.write(chunk, done);
      return;
    }
    // Before it is kept: what is held never passes the limit.
    const ofConnection = heldOn.get(this.#parts.connection) ?? 0;
    if (ofConnection + chunk.length > MAX_HELD_BYTES) {
      this.#release('too-long');
      this.#parts.response.write(chunk, done);
      return;
    }
    heldOn.set(this.#parts.connection, ofConnection + chunk.length);
    this.#held.push(chunk);
    this.#size += chunk.length;
    done();
  }

  override _final(done: (error?: Error | null) => void): void {
    clearTimeout(this.#deadline);
    const { response } = this.#parts;
    if (!this.#isHeld) {
      response.end(done);
      return;
    }
    const body = Buffer.concat(this.#held, this.#size);
    this.#letGo();
    response.writeHead(this.#head.status, this.#signedHeaders(body));
    response.end(body, done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    clearTimeout(this.#deadline);
    this.#letGo();
    done(error);
  }

  /** Why the answer is not to be held back at all. */
  #cannotWait(): UnsignedReason | undefined {
    const { request } = this.#parts;
    if (hasNoBody(this.#head, request)) return undefined;
    if (STREAMS.test(allHeaders(this.#head.headers, 'content-type').join())) return 'stream';
    const length = Number(allHeaders(this.#head.headers, 'content-length')[0] ?? 0);
    return length > MAX_HELD_BYTES ? 'too-long' : undefined;
  }

  #signedHeaders(body: Buffer): string[] {
    const { signer, request } = this.#parts;
    const { status, headers } = this.#head;
    const isEmpty = hasNoBody({ status }, request);
    // Where no body is sent, a digest is of another one (RFC 9530 section 2).
    const given = isEmpty ? without(headers, DIGEST) : headers;
    const added = signer.headersFor({ status, headers: given, body }, request);
    const isSized = isEmpty || singleHeader(given, 'content-length') !== undefined;
    const length = isSized ? [] : ['content-length', String(body.length)];
    return [...given, ...length, ...Object.entries(added).flat()];
  }

  #giveUp(): void {
    try {
      this.#release('too-slow');
    } catch (error) {
      // A head that Node does not send. Thrown from a timer it would end the service.
      this.destroy(error as Error);
    }
  }

  /** Sends what there is without a signature, and from now on what comes. */
  #release(reason: UnsignedReason): void {
    if (!this.#isHeld || this.destroyed) return;
    clearTimeout(this.#deadline);
    const { response } = this.#parts;
    const { status, headers } = this.#head;
    response.writeHead(status, [...headers, ...Object.entries(unsigned(reason)).flat()]);
    const held = Buffer.concat(this.#held, this.#size);
    this.#letGo();
    if (held.length > 0) response.write(held);
    else response.flushHeaders();
  }

  #letGo(): void {
    this.#isHeld = false;
    this.#held = [];
  }
}

function without(headers: RawHeaders, names: ReadonlySet<string>): string[] {
  return headers.filter((_, i) => !names.has((headers[i - (i % 2)] as string).toLowerCase()));
}
