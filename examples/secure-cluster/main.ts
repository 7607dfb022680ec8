/**
 * A shared cluster: an online shop, an analytics team and the platform they run on. Each service reaches what it needs and
 * nothing else; the output in dist/ is what `kubectl apply -f dist` takes.
 */
import {
  Blueprint,
  ClusterTarget,
  ControlPlane,
  Dns,
  Guardrails,
  NodeProfiles,
  ProfileLoader,
  ReadyProfiles,
} from '../../constructs';
import { Analytics } from './analytics';
import { SSO } from './people';
import { Platform } from './platform';
import { Shop } from './shop';

/** The whole cluster as code. The target is the oldest API server of the fleet: its output is accepted by every newer one. */
export function secureCluster(
  target: ClusterTarget = ClusterTarget.kubernetes('1.30', CAPABILITIES),
  outdir?: string,
): Blueprint {
  const cluster = new Blueprint({ target, outdir });

  const platform = new Platform(cluster);
  const shop = new Shop(cluster);
  const analytics = new Analytics(cluster);

  // The only way into the shop is through the ingress controller, for customers and for the load generator alike. Both sides
  // of a border have to say it: whoever reaches out, and whoever lets in.
  platform.ingress.allowTo(shop.frontend);
  shop.frontend.offerTo(platform.ingress);
  shop.loadGenerator.allowTo(platform.ingress, { ports: ['http'] });

  // Monitoring scrapes these ports and reaches nothing else.
  platform.monitoring.allowTo(platform.ingress, { ports: ['metrics'] });
  platform.monitoring.allowTo(shop.cartStore, { ports: ['metrics'] });
  platform.monitoring.allowTo(analytics.store, { ports: ['metrics'] });
  for (const tenant of [shop, analytics]) tenant.offerTo(platform.monitoring, { ports: ['metrics'] });

  // What faces the internet can execute nothing but itself. Nodes get the profile with their image, from dist/nodes.
  const profiles = new NodeProfiles(cluster, 'node-profiles', {
    loader: ProfileLoader.nodeFiles(),
    appArmor: [
      ReadyProfiles.goBinary({ name: 'shop-frontend', binary: '/src/server', readable: ['/src/**'] }),
    ],
  });
  shop.frontend.useProfile(profiles.appArmor('shop-frontend'));

  // The same rules in the API server, for whoever applies something by hand.
  new Guardrails(cluster, 'guardrails', { controls: ['image-pull-always'] });

  // Who signs in, what is encrypted in etcd and what is logged: files for the nodes, below dist/control-plane.
  new ControlPlane(cluster, 'control-plane', { authentication: { issuers: [SSO.asIssuer()] } });

  return cluster;
}

/** What the cluster can do beyond its version. */
export const CAPABILITIES = {
  dns: Dns.coreDns({ nodeLocal: '169.254.20.10' }),
  apiServer: { cidrs: ['192.0.2.10/32', '192.0.2.11/32', '192.0.2.12/32'], ports: [443, 6443] },
  cni: 'cilium',
  sealedSecrets: true,
};

if (require.main === module) {
  console.log(secureCluster().synth({ report: 'report.html' }).describe());
}
