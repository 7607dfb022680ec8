import { BulwarkError } from '../errors';
import { isObject, type Manifest } from '../manifest/manifest';

/** What jest wants of a matcher. */
export interface MatcherResult {
  readonly pass: boolean;
  readonly message: () => string;
}

/**
 * The manifests that `expect` was given.
 * @throws BulwarkError when it was given something else.
 */
export function manifestsOf(received: unknown): Manifest[] {
  const manifests = [received].flat() as readonly unknown[];
  if (manifests.every((manifest) => isObject(manifest) && typeof manifest.kind === 'string'))
    return manifests as Manifest[];
  throw new BulwarkError(
    'expect(...) was given something else than manifests. Give it Testing.synth(chart), or one object of it.',
  );
}
