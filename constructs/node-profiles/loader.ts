import type { Construct } from 'constructs';
import { loadByDaemonSet, type DaemonSetLoaderOptions } from './daemon-set-loader';
import { loadFromFiles } from './file-loader';
import { loadByOperator } from './operator-loader';
import type { ProfileSet } from './profile-set';

/** How profiles get onto nodes. Kubernetes itself does not bring them there. */
export interface ProfileLoader {
  /** Folder of seccomp profiles, below that of the kubelet. */
  readonly seccompFolder: string;
  /** Adds what brings the profiles onto nodes. @internal */
  load(scope: Construct, profiles: ProfileSet): void;
}

/** Ways to bring profiles onto nodes. */
export const ProfileLoader = {
  /**
   * Writes the profiles as files into `nodes/` of the output folder, for the image or the provisioning of the nodes, with the
   * commands in `nodes/README.md`. Nothing in the cluster gets any right over nodes.
   */
  nodeFiles(): ProfileLoader {
    return { seccompFolder: 'bulwark', load: loadFromFiles };
  },

  /**
   * Emits resources of the Security Profiles Operator, which has to be installed (`securityProfilesOperator` of the target),
   * for AppArmor with `enableAppArmor: true` in its configuration.
   */
  operator(): ProfileLoader {
    return { seccompFolder: 'operator', load: loadByOperator };
  },

  /**
   * Emits a DaemonSet that loads the profiles when it starts on a node. Its init containers run as root, one of them with the
   * capability MAC_ADMIN, in a namespace of Pod Security `privileged`; both end before the container that stays, which may
   * nothing.
   */
  daemonSet(options: DaemonSetLoaderOptions): ProfileLoader {
    return { seccompFolder: 'bulwark', load: (scope, profiles) => loadByDaemonSet(scope, profiles, options) };
  },
} as const;
