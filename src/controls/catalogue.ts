import type { Control } from './control';
import { CONFINEMENT_CONTROLS } from './confinement';
import { CONTROL_PLANE_FLAG_CONTROLS } from './control-plane';
import { IDENTITY_CONTROLS } from './identity';
import { IMAGE_CONTROLS } from './images';
import { LEAK_CONTROLS } from './leaks';
import { NAMESPACE_CONTROLS } from './namespaces';
import { NETWORK_CONTROLS } from './network';
import { NETWORK_LINT_CONTROLS } from './network-lint';
import { NODE_FILE_CONTROLS } from './node-files';
import { POD_EXTRA_CONTROLS } from './pod-extras';
import { POD_SECURITY_CONTROLS } from './pod-security';
import { POD_SECURITY_LEVEL_CONTROLS } from './pod-security-levels';
import { RBAC_CONTROLS } from './rbac';
import { RBAC_CHAIN_CONTROLS } from './rbac-chains';
import { SECRET_CONTROLS } from './secrets';
import { WORKLOAD_CONTROLS } from './workload';

/** Every control, by family. */
export const CONTROLS: readonly Control[] = [
  ...POD_SECURITY_CONTROLS,
  ...POD_SECURITY_LEVEL_CONTROLS,
  ...WORKLOAD_CONTROLS,
  ...POD_EXTRA_CONTROLS,
  ...IMAGE_CONTROLS,
  ...SECRET_CONTROLS,
  ...LEAK_CONTROLS,
  ...IDENTITY_CONTROLS,
  ...RBAC_CONTROLS,
  ...RBAC_CHAIN_CONTROLS,
  ...CONFINEMENT_CONTROLS,
  ...NETWORK_CONTROLS,
  ...NETWORK_LINT_CONTROLS,
  ...NAMESPACE_CONTROLS,
  ...CONTROL_PLANE_FLAG_CONTROLS,
  ...NODE_FILE_CONTROLS,
];

const BY_ID: ReadonlyMap<string, Control> = new Map(CONTROLS.map((control) => [control.id, control]));

/** The control of that id, or undefined. */
export function findControl(id: string): Control | undefined {
  return BY_ID.get(id);
}
