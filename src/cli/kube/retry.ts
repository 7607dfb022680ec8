import { setTimeout as delay } from 'node:timers/promises';
import { BulwarkError } from '../../errors';
import type { Answer, Connection } from './connection';

/** How long a reader is patient. */
export interface Patience {
  /** When to give up, in milliseconds since 1970. */
  readonly deadline: number;
}

/** Seconds before the second attempt; each further one waits twice as long, up to {@link LONGEST_WAIT}. */
const FIRST_WAIT = 0.25;
const LONGEST_WAIT = 8;
const ATTEMPTS = 8;
/** Milliseconds that one answer may take. */
const ANSWER_LIMIT = 30_000;

/**
 * Asks until there is an answer that is final. An answer of 429 or of 500 and above, and none at all, is asked again, after the time
 * that the server names or twice as long each time.
 * @throws BulwarkError when there is none in time, with what was last seen.
 */
export async function getPatiently(
  connection: Connection,
  path: string,
  accept: string,
  patience: Patience,
): Promise<Answer> {
  const outcome = await askPatiently(connection, (signal) => connection.get(path, accept, signal), patience);
  if (typeof outcome !== 'string') return outcome;
  throw new BulwarkError(
    `${connection.server}${pathOnly(path)} could not be read: ${outcome}, after several attempts. Nothing can be said without it. Look at the API server, or give it longer with --timeout.`,
  );
}

/**
 * The answer that is final, or what was last seen where there was none in time.
 * @throws BulwarkError when the server is not the one that the kubeconfig trusts.
 */
export async function askPatiently(
  { server }: Connection,
  ask: (signal: AbortSignal) => Promise<Answer>,
  { deadline }: Patience,
): Promise<Answer | string> {
  let seen = 'nothing';
  for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
    const left = deadline - Date.now();
    if (left <= 0) break;
    const outcome = await attemptOnce(server, ask, Math.min(left, ANSWER_LIMIT));
    if (typeof outcome !== 'string' && outcome.status !== 429 && outcome.status < 500) return outcome;
    seen = typeof outcome === 'string' ? outcome : `status ${outcome.status}`;
    const wait = typeof outcome === 'string' ? undefined : outcome.retryAfter;
    await delay(1000 * Math.min(wait ?? backOff(attempt), Math.max(0, (deadline - Date.now()) / 1000)));
  }
  return seen;
}

/** Several readers that wait for the same time would come back together. */
function backOff(attempt: number): number {
  return Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** attempt) * (0.5 + Math.random() / 2);
}

async function attemptOnce(
  server: string,
  ask: (signal: AbortSignal) => Promise<Answer>,
  limit: number,
): Promise<Answer | string> {
  try {
    return await ask(AbortSignal.timeout(limit));
  } catch (error) {
    const { name, message, code } = error as NodeJS.ErrnoException;
    if (FINAL.test(code ?? '')) {
      throw new BulwarkError(
        `${server} is not trusted (${code}): its certificate is not signed by the authority of the kubeconfig. Correct certificate-authority of the cluster.`,
      );
    }
    return name === 'AbortError' || name === 'TimeoutError' ? 'no answer in time' : message;
  }
}

/** Errors of TLS that no further attempt mends. */
const FINAL = /CERT|SELF_SIGNED|UNABLE_TO_/;

function pathOnly(path: string): string {
  return path.replace(/\?.*/, '');
}
