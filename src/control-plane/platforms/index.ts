import { K3S, RKE2 } from './k3s';
import { KIND } from './kind';
import { KUBEADM } from './kubeadm';
import type { Platform, PlatformName } from './platform';
import { TALOS } from './talos';

/** Every way of installing Kubernetes that files are made for. */
export const PLATFORMS: Readonly<Record<PlatformName, Platform>> = {
  kubeadm: KUBEADM,
  kind: KIND,
  k3s: K3S,
  rke2: RKE2,
  talos: TALOS,
};
