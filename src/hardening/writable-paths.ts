import { createHash } from 'node:crypto';
import { BulwarkError } from '../errors';
import { isObject } from '../manifest/manifest';
import { containersOf, type Container, type PodSpec } from '../manifest/pod';
import { parseQuantity } from '../manifest/quantity';
import type { PodAddition } from './harden';

/** A path that a process writes to although its root filesystem is read-only. */
export interface WritablePath {
  /** Absolute path in the container. */
  readonly path: string;
  /** Most that may be written before the kubelet evicts the pod. @default '64Mi' */
  readonly sizeLimit?: string;
  /** `Memory` for a tmpfs, which counts against the container's memory limit. @default the node's disk */
  readonly medium?: 'Memory';
  /** Names of the containers that get it. @default all */
  readonly containers?: readonly string[];
}

/** What may be written to a path that names no limit. */
export const DEFAULT_WRITABLE_LIMIT = '64Mi';
const NAME_LENGTH = 63;

/**
 * Mounts an emptyDir of its own into each container at every path that nothing is mounted at yet. Containers do not share
 * them, so a sidecar cannot plant a file for another.
 * @throws BulwarkError for a path that is not absolute or a size that is no quantity.
 */
export function writablePaths(paths: readonly (string | WritablePath)[]): PodAddition {
  const wanted = paths.map((path) => checkPath(typeof path === 'string' ? { path } : path));
  return ({ spec }) => {
    for (const { container, list } of containersOf(spec)) {
      if (list === 'ephemeralContainers') continue;
      wanted.forEach((path) => mountWritable(spec, container, path));
    }
  };
}

function checkPath(writable: WritablePath): WritablePath {
  const { path } = writable;
  if (!path.startsWith('/') || path === '/' || path.includes(':') || path.split('/').includes('..')) {
    throw new BulwarkError(
      `writablePaths holds '${path}': name the absolute path of one folder below /, for example '/tmp'. The root itself stays read-only.`,
    );
  }
  parseQuantity(writable.sizeLimit ?? DEFAULT_WRITABLE_LIMIT);
  return { ...writable, path: path.replace(/\/+$/, '') };
}

function mountWritable(spec: PodSpec, container: Container, writable: WritablePath): void {
  const { path, medium, sizeLimit = DEFAULT_WRITABLE_LIMIT } = writable;
  const { name: containerName = '', volumeMounts = [] } = container;
  const isWanted = writable.containers?.includes(containerName) ?? true;
  if (!isWanted || volumeMounts.some(({ mountPath }) => mountPath === path)) return;
  const { volumes = [] } = spec;
  const name = volumeName(volumes, `writable-${containerName}${path}`);
  container.volumeMounts = [...volumeMounts, { mountPath: path, name }];
  spec.volumes = [...volumes, { name, emptyDir: { ...(medium && { medium }), sizeLimit } }];
}

/** A DNS label that tells what it is; with a hash where it would be too long or already names another volume. */
function volumeName(volumes: readonly unknown[], text: string): string {
  const label = text.toLowerCase().replaceAll(/[^a-z0-9]+/g, '-');
  const taken = volumes.some((volume) => isObject(volume) && volume.name === label);
  if (label.length <= NAME_LENGTH && !taken && !label.endsWith('-')) return label;
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  return `${label.slice(0, NAME_LENGTH - 9)}-${hash}`.replaceAll(/-+/g, '-');
}
