import { isObject } from '../manifest/manifest';
import type { PodAddition } from './harden';

/** Group that owns mounted secrets and tokens where the pod names none. Any number from 1 up does; images use it as `nonroot`. */
const FILE_GROUP = 65532;

/**
 * Gives the pod a group for the files the kubelet writes. Without it a secret of mode 0400 belongs to root, and a process
 * that is not root could not read it; with it the kubelet makes the file readable by the group (0440) and by nobody else.
 */
export const fileGroup: PodAddition = ({ spec }) => {
  // The API server refuses the field in Windows pods.
  if (isObject(spec.os) && spec.os.name === 'windows') return;
  spec.securityContext = { fsGroup: FILE_GROUP, ...spec.securityContext };
};
