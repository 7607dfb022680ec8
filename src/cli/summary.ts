import { BulwarkError } from '../errors';
import { formatSummary, summarize } from '../report/summary';
import { targetFor } from '../target/target';
import { readPaths } from './input';

/** `bulwark summary`: what a set of manifests is, and which controls hold for its pods. */
export function summaryCommand(paths: readonly string[], options: { readonly target?: string }): string {
  const target = targetFor(options.target);
  const { manifests, errors } = readPaths(paths);
  if (errors.length > 0) throw new BulwarkError(errors.map(({ message }) => message).join('\n'));
  const objects = manifests.map(({ manifest }) => manifest);
  return formatSummary(summarize(objects, target));
}
