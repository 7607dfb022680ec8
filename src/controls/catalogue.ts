import type { PodControl } from './control';
import { POD_SECURITY_CONTROLS } from './pod-security';
import { WORKLOAD_CONTROLS } from './workload';

/** Every control, in the order in which they are repaired and reported. */
export const CONTROLS: readonly PodControl[] = [...POD_SECURITY_CONTROLS, ...WORKLOAD_CONTROLS];

const BY_ID: ReadonlyMap<string, PodControl> = new Map(CONTROLS.map((control) => [control.id, control]));

/** The control of that id, or undefined. */
export function findControl(id: string): PodControl | undefined {
  return BY_ID.get(id);
}
