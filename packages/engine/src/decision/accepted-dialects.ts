import type { Dialect, DialectTable, WireRequest } from '@countersign/core';

/** The dialects that customers may speak here. */
export interface AcceptedDialects {
  /** Whose error format a request gets in which no credential was recognised. */
  readonly preferred: Dialect | undefined;
  /** The named dialect, or the one that the request shows, or the message inside its WebSocket. */
  choose(request: WireRequest, name: string | undefined): Dialect | undefined;
}

/** @param names the manifest's list; absent: all dialects of the table, and none preferred */
export function acceptedDialects(
  table: DialectTable,
  names: readonly string[] | undefined,
): AcceptedDialects {
  const accepted = names === undefined ? table.all : table.all.filter(({ name }) => names.includes(name));
  return {
    preferred: names === undefined ? undefined : accepted.find(({ name }) => name === names[0]),
    choose(request, name) {
      // A dialect that the caller names is the caller's choice: the management API speaks its own.
      if (name !== undefined) return table.named(name);
      const { message } = request;
      if (message === undefined) return accepted.find((dialect) => dialect.recognises(request));
      return accepted.find(({ webSocket }) => webSocket?.recognises(message));
    },
  };
}
