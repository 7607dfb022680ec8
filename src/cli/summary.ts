import { formatSummary, summarize } from '../report/summary';
import { ClusterTarget } from '../target/target';
import { readPaths } from './input';

/** `bulwark summary`: what a set of manifests is, and which controls hold for its pods. */
export function summaryCommand(paths: readonly string[], options: { readonly target: string }): string {
  const target = ClusterTarget.kubernetes(options.target);
  return formatSummary(
    summarize(
      readPaths(paths).map(({ manifest }) => manifest),
      target,
    ),
  );
}
