/**
 * A mistake in the user's input. The message alone tells where, what, why and how to fix it, so no stack trace is shown for
 * it: the command prints the message and exits with 2.
 */
export class BulwarkError extends Error {
  override readonly name: string = 'BulwarkError';

  constructor(message: string) {
    super(message);
    // A stack trace into this library says nothing to the person who has to fix a manifest.
    this.stack = `${this.name}: ${message}`;
  }
}
