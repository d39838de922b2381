/** Writes the id that a page ended with as a cursor. */
export function writeCursor(id: string): string {
  return Buffer.from(id).toString('base64url');
}

/** Undefined for a text that {@link writeCursor} never wrote: the list would begin anew without a word. */
export function readCursor(cursor: string | undefined): string | undefined {
  if (cursor === undefined) return '';
  const id = Buffer.from(cursor, 'base64url').toString();
  return cursor !== '' && writeCursor(id) === cursor ? id : undefined;
}
