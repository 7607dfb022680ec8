import { BulwarkError } from '../errors';

/** Milliseconds that a Pushgateway has to answer. */
const ANSWER_LIMIT = 10_000;
const JOB = '/metrics/job/bulwark_drift';

/**
 * The address that metrics are put to: the one that was named, with the path of a group of metrics where it has none.
 * @throws BulwarkError for one that is no address of HTTP, or holds a password.
 */
export function pushAddress(typed: string): string {
  const url = URL.canParse(typed) ? new URL(typed) : undefined;
  if (!url || !/^https?:$/.test(url.protocol)) {
    throw new BulwarkError(
      // What was typed may hold a password, so it is not repeated.
      '--push: that is no address of HTTP. Write that of a Pushgateway, such as http://pushgateway.monitoring:9091.',
    );
  }
  if (url.username || url.password || url.search || url.hash) {
    throw new BulwarkError(
      '--push: the address holds a password or a query, and other users see the arguments of a process. Leave it out.',
    );
  }
  if (!url.pathname.includes('/metrics/job/')) url.pathname = url.pathname.replace(/\/*$/, JOB);
  return url.href;
}

/**
 * Replaces the metrics of a group on a Pushgateway. With PUT whatever was there goes, so that no older result stays beside a
 * failure.
 * @throws BulwarkError when it does not take them.
 */
export async function pushMetrics(address: string, metrics: string): Promise<void> {
  const headers = { 'content-type': 'text/plain; version=0.0.4' };
  try {
    const signal = AbortSignal.timeout(ANSWER_LIMIT);
    const answer = await fetch(address, { method: 'PUT', headers, body: metrics, redirect: 'error', signal });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
  } catch (error) {
    const { message, cause } = error as Error;
    const why = cause instanceof Error && cause.message ? cause.message : message;
    throw new BulwarkError(
      `--push: ${address} does not take the metrics: ${why}. Look at the Pushgateway, and whether a policy of the network lets this through.`,
    );
  }
}
