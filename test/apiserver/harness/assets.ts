import { execFileSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';

/** Paths of the binaries, as setup-envtest lays them out. */
export interface Assets {
  readonly etcd: string;
  readonly apiServer: string;
  readonly kubectl: string;
  /** Absent from many distributions of the assets. */
  readonly controllerManager?: string;
}

/**
 * The binaries in the folder named by `KUBEBUILDER_ASSETS`.
 *
 * @returns `undefined` when the variable is unset, so that a contributor without the binaries can run the
 * other tests.
 * @throws when the variable is unset in CI, where a skipped test would pass for a good one, and when the folder
 * lacks a binary.
 */
export function assets(): Assets | undefined {
  const dir = process.env.KUBEBUILDER_ASSETS;
  if (dir) return assetsIn(dir);
  if (process.env.CI) throw new Error('KUBEBUILDER_ASSETS must name the folder of kube-apiserver in CI');
  return undefined;
}

/**
 * The minor version of the API server, for example 30, known before it runs: a test that needs a newer one is then not
 * declared at all. `undefined` when there are no {@link assets}.
 */
export function serverMinor(): number | undefined {
  const found = assets();
  if (!found) return undefined;
  const version = execFileSync(found.apiServer, ['--version'], { encoding: 'utf8' });
  const [, minor] = /^Kubernetes v1\.(\d+)\./.exec(version) ?? [];
  if (!minor) throw new Error(`${found.apiServer} says of itself: ${version}`);
  return Number(minor);
}

function assetsIn(dir: string): Assets {
  const required = (name: string): string => {
    const path = executable(dir, name);
    if (!path) throw new Error(`KUBEBUILDER_ASSETS is ${dir}, which has no executable ${name}`);
    return path;
  };
  return {
    etcd: required('etcd'),
    apiServer: required('kube-apiserver'),
    kubectl: required('kubectl'),
    controllerManager: executable(dir, 'kube-controller-manager'),
  };
}

function executable(dir: string, name: string): string | undefined {
  const path = join(dir, name);
  try {
    accessSync(path, constants.X_OK);
    return path;
  } catch {
    return undefined;
  }
}
