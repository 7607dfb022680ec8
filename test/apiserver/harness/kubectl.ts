import { spawnSync } from 'node:child_process';
import { type Impersonation } from './client';
import { cleanEnv } from './processes';

export interface KubectlOptions extends Impersonation {
  /** Standard input, for `-f -`. */
  readonly input?: string;
  /** Return the exit code instead of throwing when it is not 0. */
  readonly allowFailure?: boolean;
}

export interface KubectlResult {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

export interface KubectlTarget {
  readonly command: string;
  readonly kubeconfig: string;
  /** Where kubectl may keep its caches. */
  readonly home: string;
}

/**
 * For `kubectl apply` of what is there already: compares by the types that kubectl has built in. It finds the same as by the
 * OpenAPI schema of the server, which it reads anew for each object: a tenth of the time. That people, who leave this out,
 * see nothing change is told for the whole example.
 */
export const BUILT_IN_TYPES = '--openapi-patch=false';

const TIMEOUT_MS = 120_000;
const MAX_OUTPUT_BYTES = 256 * 1024 * 1024;

export function kubectl(
  target: KubectlTarget,
  args: readonly string[],
  { input, as, groups = [], allowFailure = false }: KubectlOptions,
): KubectlResult {
  const user = as === undefined ? [] : [`--as=${as}`];
  const flags = [
    `--kubeconfig=${target.kubeconfig}`,
    ...user,
    ...groups.map((group) => `--as-group=${group}`),
  ];
  const { error, status, signal, stdout, stderr } = spawnSync(target.command, [...flags, ...args], {
    input: input ?? '',
    encoding: 'utf8',
    env: cleanEnv(target.home),
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  if (error) throw error;
  if (status !== 0 && !(allowFailure && status !== null)) {
    throw new Error(`kubectl ${args.join(' ')}: ${signal ?? `code ${status}`}\n${stderr || stdout}`);
  }
  return { stdout, stderr, code: status };
}
