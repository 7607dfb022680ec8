/** The six lessons as one cluster. See README.md. */
import { Blueprint, ClusterTarget } from '../../constructs';
import { serviceAccount } from './1-service-account/hardened';
import { podSecurity } from './2-pod-security/hardened';
import { network } from './3-network/hardened';
import { secrets } from './4-secrets/hardened';
import { tenants } from './5-tenants/hardened';
import { rbac } from './6-rbac/hardened';

/** Everything that the lessons make, which passes every control and is proved apart. */
export function chapter(
  outdir?: string,
  target = ClusterTarget.kubernetes('1.33', { sealedSecrets: true }),
): Blueprint {
  const cluster = new Blueprint({ target, outdir });
  for (const lesson of [serviceAccount, podSecurity, network, secrets, tenants, rbac]) lesson(cluster);
  return cluster;
}

if (require.main === module) console.log(chapter('dist-chapter').synth().describe());
