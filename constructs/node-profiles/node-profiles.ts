import { Construct, type IConstruct } from 'constructs';
import { renderAppArmorProfile, type AppArmorProfile } from '../../src/apparmor';
import { BulwarkError } from '../../src/errors';
import { renderSeccompProfile, type SeccompProfile } from '../../src/seccomp';
import { targetOf } from '../blueprint/settings';
import { addToPods } from '../workload/hardening';
import { confine, type ProfileField } from './confine';
import type { ProfileLoader } from './loader';
import { registerProfile } from './registry';

/** Properties of {@link NodeProfiles}. */
export interface NodeProfilesProps {
  /** How the profiles get onto nodes. */
  readonly loader: ProfileLoader;
  /** @default none */
  readonly appArmor?: readonly AppArmorProfile[];
  /** @default none */
  readonly seccomp?: readonly SeccompProfile[];
}

/** A profile that nodes have, for a workload to be confined by: `workload.useProfile(profile)`. */
export interface NodeProfile {
  /** What pods write into `localhostProfile`: it ends with a hash of the content. */
  readonly name: string;
  /**
   * Confines containers below a construct, whatever made them.
   * @param containers Their names. @default all but init containers
   */
  confine(workload: IConstruct, containers?: readonly string[]): void;
}

/**
 * AppArmor and seccomp profiles of the cluster's own, and what brings them onto its nodes.
 *
 * @example
 * const profiles = new NodeProfiles(cluster, 'profiles', {
 *   loader: ProfileLoader.nodeFiles(),
 *   appArmor: [ReadyProfiles.nginx({ name: 'web', readable: ['/srv/www/**'] })],
 * });
 * web.useProfile(profiles.appArmor('web'));
 */
export class NodeProfiles extends Construct {
  private readonly known = {
    appArmor: new Map<string, NodeProfile>(),
    seccomp: new Map<string, NodeProfile>(),
  };

  /** @throws BulwarkError for a profile that is not in order, or that has the name of another one. */
  constructor(scope: Construct, id: string, { loader, appArmor = [], seccomp = [] }: NodeProfilesProps) {
    super(scope, id);
    const set = {
      appArmor: appArmor.map((profile) => ({ profile, rendered: renderAppArmorProfile(profile) })),
      seccomp: seccomp.map((profile) => ({ profile, rendered: renderSeccompProfile(profile) })),
    };
    set.appArmor.forEach(({ profile, rendered }) => this.add('appArmor', profile.name, rendered.name));
    set.seccomp.forEach(({ profile, rendered }) =>
      this.add('seccomp', profile.name, `${loader.seccompFolder}/${rendered.name}.json`),
    );
    loader.load(this, set);
  }

  /** The AppArmor profile of that name. @throws BulwarkError when there is none. */
  appArmor(name: string): NodeProfile {
    return this.find('appArmor', name);
  }

  /** The seccomp profile of that name. @throws BulwarkError when there is none. */
  seccomp(name: string): NodeProfile {
    return this.find('seccomp', name);
  }

  private find(kind: 'appArmor' | 'seccomp', name: string): NodeProfile {
    const profile = this.known[kind].get(name);
    if (profile) return profile;
    const names = [...this.known[kind].keys()];
    throw new BulwarkError(
      `${this.node.path}: has no ${kind} profile '${name}', only ${names.join(', ') || 'none'}. Add it to the property ${kind}.`,
    );
  }

  private add(kind: 'appArmor' | 'seccomp', name: string, loaded: string): void {
    if (this.known[kind].has(name)) {
      throw new BulwarkError(
        `${this.node.path}: two ${kind} profiles are named '${name}'. Give one of them another name.`,
      );
    }
    registerProfile(this, kind, loaded);
    const field: ProfileField = `${kind}Profile`;
    this.known[kind].set(name, {
      name: loaded,
      confine: (workload, containers) => {
        if (kind === 'appArmor') refuseWithoutAppArmor(workload);
        addToPods(workload, confine({ field, name: loaded, containers, where: workload.node.path }));
      },
    });
  }
}

function refuseWithoutAppArmor(workload: IConstruct): void {
  if (targetOf(workload).appArmor !== 'none') return;
  throw new BulwarkError(
    `${workload.node.path}: asks for an AppArmor profile, and the target's nodes have no AppArmor (appArmor: 'none'), so its pods would not start. ` +
      'Remove the call, or the capability from the target.',
  );
}
