import { ApiObject, Chart } from 'cdk8s';
import type { Construct } from 'constructs';
import { operatorAppArmorProfile } from '../../src/apparmor';
import { operatorSeccompProfile } from '../../src/seccomp';
import type { Manifest } from '../../src/manifest/manifest';
import { targetOf } from '../blueprint/settings';
import type { ProfileSet } from './profile-set';

/** Emits one resource of the Security Profiles Operator for each profile. */
export function loadByOperator(scope: Construct, { appArmor, seccomp }: ProfileSet): void {
  const chart = new Chart(scope, 'Profiles');
  const add = (id: string, { apiVersion, kind, metadata, ...rest }: Manifest) =>
    new ApiObject(chart, id, { apiVersion, kind, metadata: { name: metadata!.name! }, ...rest });
  appArmor.forEach(({ profile }) => add(`AppArmor-${profile.name}`, operatorAppArmorProfile(profile)));
  seccomp.forEach(({ profile }) => add(`Seccomp-${profile.name}`, operatorSeccompProfile(profile)));
  scope.node.addValidation({
    validate: () =>
      targetOf(scope).securityProfilesOperator
        ? []
        : [
            'needs the Security Profiles Operator, which the target does not have, so the API server would not know the kinds. ' +
              'Install it and say so: ClusterTarget.kubernetes(version, { securityProfilesOperator: true }), or use ProfileLoader.nodeFiles().',
          ],
  });
}
