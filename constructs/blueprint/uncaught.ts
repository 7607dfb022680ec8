import { BulwarkError } from '../../src/errors';

const installed = Symbol.for('cdk8s-bulwark.uncaught');

/**
 * Lets a program that synthesizes end with the message alone and exit code 2 when a BulwarkError reaches the top: a person
 * who has to fix a manifest gains nothing from a stack trace into a library. The monitor sees only what nobody caught, so
 * programs and tests that catch the error notice nothing.
 */
export function reportUncaughtErrors(): void {
  const marked = process as unknown as Record<symbol, boolean>;
  if (marked[installed]) return;
  marked[installed] = true;
  process.on('uncaughtExceptionMonitor', (error) => {
    if (!(error instanceof BulwarkError)) return;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  });
}
