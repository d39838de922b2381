import { visible } from './visible.ts';

/** Where the client's signed text and ours part, with what each has there. */
export interface Alignment {
  readonly isEqual: boolean;
  /** The first byte, counted from 0, at which they differ; absent when they are equal. */
  readonly differsAt?: number | undefined;
  /** What both have before it, the last part of it. */
  readonly before?: string | undefined;
  readonly server?: string | undefined;
  readonly client?: string | undefined;
  /** What both have after it, the first part of it. */
  readonly after?: string | undefined;
}

/** Bytes that are shown of what both have, and of what differs. */
const CONTEXT = 24;
const SHOWN = 200;

/** Lays the client's signed text beside ours: what they have in common before and after, and what differs between. */
export function align(server: Uint8Array, client: Uint8Array): Alignment {
  const shorter = Math.min(server.length, client.length);
  let start = 0;
  while (start < shorter && server[start] === client[start]) start++;
  if (start === server.length && start === client.length) return { isEqual: true };
  let end = 0;
  while (end < shorter - start && server[server.length - 1 - end] === client[client.length - 1 - end]) end++;
  // A character of several bytes is not cut in two.
  start = characterStart(server, start);
  end = server.length - characterEnd(server, server.length - end);
  const middle = (bytes: Uint8Array) => shown(bytes.subarray(start, Math.max(start, bytes.length - end)));
  return {
    isEqual: false,
    differsAt: start,
    before: visible(server.subarray(characterStart(server, Math.max(0, start - CONTEXT)), start)),
    server: middle(server),
    client: middle(client),
    after: visible(server.subarray(server.length - end, characterEnd(server, server.length - end + CONTEXT))),
  };
}

function shown(bytes: Uint8Array): string {
  if (bytes.length <= SHOWN) return visible(bytes);
  return `${visible(bytes.subarray(0, characterStart(bytes, SHOWN)))}… (${bytes.length} bytes)`;
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function characterStart(bytes: Uint8Array, at: number): number {
  let start = at;
  while (start > 0 && at - start < 3 && isContinuation(bytes[start])) start--;
  return start;
}

function characterEnd(bytes: Uint8Array, at: number): number {
  let end = Math.min(at, bytes.length);
  while (end < bytes.length && end - at < 3 && isContinuation(bytes[end])) end++;
  return end;
}
