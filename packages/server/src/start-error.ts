/** Something that keeps the service from starting. The message says what to do, and is all that is shown. */
export class StartError extends Error {
  override readonly name = 'StartError';
}
