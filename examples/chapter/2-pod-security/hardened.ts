import {
  HardenedDeployment,
  NodeProfiles,
  ProfileLoader,
  ReadyProfiles,
  Tenant,
  type Blueprint,
} from '../../../constructs';

/** nginx without a privilege, under a profile that lets it execute and write nothing else than it has to. */
export function podSecurity(cluster: Blueprint): void {
  const profiles = new NodeProfiles(cluster, 'profiles', {
    loader: ProfileLoader.nodeFiles(),
    appArmor: [ReadyProfiles.nginx({ name: 'web', readable: ['/srv/www/**'] })],
  });
  const web = new HardenedDeployment(new Tenant(cluster, 'pods').namespace('web'), 'web', {
    containers: [{ image: 'registry.example/nginx:1.29.1', port: 8080 }],
    writablePaths: ['/var/cache/nginx', '/var/run'],
  });
  web.useProfile(profiles.appArmor('web'));
}
