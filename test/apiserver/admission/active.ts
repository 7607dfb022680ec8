import { setTimeout as delay } from 'node:timers/promises';
import type { Manifest } from '../../../src/manifest/manifest';
import { type ApiServer, create } from '../harness';

const LIMIT_MS = 45_000;

/** Creates objects and fails if one is refused. */
export async function createAll(server: ApiServer, manifests: readonly Manifest[]): Promise<void> {
  for (const manifest of manifests) {
    const { status, body } = await create(server, manifest);
    if (status !== 201) throw new Error(`${manifest.kind} ${manifest.metadata?.name}: ${body.message}`);
  }
}

/**
 * Waits until policies are in force. The API server takes them up some time after they are made, in no promised order, so
 * each has a probe: a request that it must be against as soon as it is in force.
 *
 * @param missing Probes once, and says what is not in force yet.
 */
export async function until(missing: () => Promise<readonly string[]>): Promise<void> {
  const deadline = Date.now() + LIMIT_MS;
  for (;;) {
    const left = await missing();
    if (left.length === 0) return;
    if (Date.now() > deadline) throw new Error(`not in force: ${left.join(', ')}`);
    await delay(100);
  }
}
