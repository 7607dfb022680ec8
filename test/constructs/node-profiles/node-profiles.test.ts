import fs from 'node:fs';
import path from 'node:path';
import { ApiObject } from 'cdk8s';
import {
  HardenedDeployment,
  NodeProfiles,
  ProfileLoader,
  ReadyProfiles,
  type Blueprint,
} from '../../../constructs';
import type { SeccompProfile } from '../../../src/seccomp';
import { compile, hasParser } from '../../support/apparmor-parser';
import { errorOf } from '../../support/objects';
import { blueprint, CAPABILITIES, objectOf, specOf } from '../support';

const APP_ARMOR = ReadyProfiles.goBinary({ name: 'api', binary: '/server' });
const SECCOMP: SeccompProfile = {
  name: 'api',
  rules: [{ action: 'allow', syscalls: ['socket', 'bind', 'accept4'] }],
};
const IMAGE = `registry.example/apparmor@sha256:${'0'.repeat(64)}`;
const OPERATOR = { ...CAPABILITIES, securityProfilesOperator: true };

function withApi(version: string, loader: ProfileLoader, capabilities: object = CAPABILITIES) {
  const { cluster, web } = blueprint(version, capabilities);
  const profiles = new NodeProfiles(cluster, 'profiles', {
    loader,
    appArmor: [APP_ARMOR],
    seccomp: [SECCOMP],
  });
  const api = new HardenedDeployment(web, 'api', {
    containers: [
      { name: 'api', image: 'registry.example/api:1.0.0' },
      { name: 'side', image: 'registry.example/side:1.0.0' },
    ],
  });
  return { cluster, web, profiles, api };
}

const templateOf = (cluster: Blueprint) => specOf(objectOf(cluster, 'Deployment', 'api')).template;

describe('a workload with a profile of its own', () => {
  it('asks for it in a field, from Kubernetes 1.30 on', () => {
    const { cluster, profiles, api } = withApi('1.33', ProfileLoader.nodeFiles());
    api.useProfile(profiles.appArmor('api'), { containers: ['api'] });
    api.useProfile(profiles.seccomp('api'));
    const { metadata, spec } = templateOf(cluster);
    const [server, side] = spec.containers.map(({ securityContext }: any) => securityContext);
    expect(server.appArmorProfile).toEqual({
      type: 'Localhost',
      localhostProfile: profiles.appArmor('api').name,
    });
    expect(spec.securityContext.appArmorProfile ?? side.appArmorProfile).toEqual({ type: 'RuntimeDefault' });
    for (const context of [server, side]) {
      expect(context.seccompProfile).toEqual({
        type: 'Localhost',
        localhostProfile: expect.stringMatching(/^bulwark\/api-[0-9a-f]{10}\.json$/),
      });
    }
    expect(JSON.stringify(metadata)).not.toContain('apparmor');
  });

  it('asks for it in an annotation before, and in no field that the API server would refuse', () => {
    const { cluster, profiles, api } = withApi('1.29', ProfileLoader.nodeFiles());
    api.useProfile(profiles.appArmor('api'), { containers: ['api'] });
    const { metadata, spec } = templateOf(cluster);
    expect(metadata.annotations).toMatchObject({
      'container.apparmor.security.beta.kubernetes.io/api': `localhost/${profiles.appArmor('api').name}`,
      'container.apparmor.security.beta.kubernetes.io/side': 'runtime/default',
    });
    expect(JSON.stringify(spec)).not.toContain('appArmorProfile');
  });

  it('says both for a fleet that needs both, and both the same', () => {
    const { cluster, profiles, api } = withApi('1.33', ProfileLoader.nodeFiles(), {
      ...CAPABILITIES,
      appArmor: 'both',
    });
    api.useProfile(profiles.appArmor('api'), { containers: ['api'] });
    const { metadata, spec } = templateOf(cluster);
    const { name } = profiles.appArmor('api');
    expect(metadata.annotations['container.apparmor.security.beta.kubernetes.io/api']).toBe(
      `localhost/${name}`,
    );
    expect(spec.containers[0].securityContext.appArmorProfile.localhostProfile).toBe(name);
  });

  it.each([
    [
      'a container that is not there',
      (api: HardenedDeployment, profiles: NodeProfiles) =>
        api.useProfile(profiles.appArmor('api'), { containers: ['apj'] }),
      /useProfile names the container 'apj', and there are only api, side/,
    ],
    [
      'a profile that is not there',
      (_: HardenedDeployment, profiles: NodeProfiles) => profiles.appArmor('web'),
      /has no appArmor profile 'web', only api/,
    ],
  ])('is refused %s', (_, act, message) => {
    const { api, profiles } = withApi('1.33', ProfileLoader.nodeFiles());
    expect(() => act(api, profiles)).toThrow(message);
  });

  it('is refused a second profile of one kind, and an AppArmor profile where nodes have no AppArmor', () => {
    const { cluster, api, profiles } = withApi('1.33', ProfileLoader.nodeFiles());
    api.useProfile(profiles.appArmor('api'));
    api.useProfile(profiles.appArmor('api'));
    expect(() => cluster.synth()).toThrow(/has a appArmorProfile already|has an appArmorProfile already/);
    const none = withApi('1.33', ProfileLoader.nodeFiles(), { ...CAPABILITIES, appArmor: 'none' });
    expect(() => none.api.useProfile(none.profiles.appArmor('api'))).toThrow(/nodes have no AppArmor/);
  });
});

describe('a profile that no node has', () => {
  const unknown = (capabilities: object) => {
    const { cluster, web } = blueprint('1.33', capabilities);
    new ApiObject(web, 'pod', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'pod' },
      spec: {
        serviceAccountName: 'default',
        securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'mine/x.json' } },
        containers: [
          {
            name: 'a',
            image: 'registry.example/a:1.0.0',
            securityContext: { appArmorProfile: { type: 'Localhost', localhostProfile: 'k8s-mine' } },
          },
        ],
      },
    });
    return cluster;
  };

  it('fails the synthesis with the field, the reason and the fix', () => {
    const { message } = errorOf(() => unknown(CAPABILITIES).synth());
    expect(message).toContain(
      'spec.containers[0].securityContext.appArmorProfile.localhostProfile: there is no AppArmor profile "k8s-mine".',
    );
    expect(message).toContain(
      'spec.securityContext.seccompProfile.localhostProfile: there is no seccomp profile "mine/x.json".',
    );
    expect(message).toContain('nodeProfiles: { seccomp: ["mine/x.json"] }');
  });

  it('is fine where the target says that nodes have it', () => {
    const nodeProfiles = { appArmor: ['k8s-mine'], seccomp: ['mine/x.json'] };
    expect(() => unknown({ ...CAPABILITIES, nodeProfiles }).synth()).not.toThrow();
  });

  it('is looked for in annotations, too', () => {
    const { cluster, web } = blueprint('1.29', CAPABILITIES);
    const api = new HardenedDeployment(web, 'api', {
      containers: [{ name: 'api', image: 'registry.example/api:1.0.0' }],
    });
    api.podMetadata.addAnnotation('container.apparmor.security.beta.kubernetes.io/api', 'localhost/mine');
    expect(() => cluster.synth()).toThrow(/there is no AppArmor profile "mine"/);
  });
});

describe('ProfileLoader.nodeFiles', () => {
  it('writes the profiles and how to install them into a folder that kubectl does not read', () => {
    const { cluster, profiles, api } = withApi('1.33', ProfileLoader.nodeFiles());
    api.useProfile(profiles.appArmor('api'));
    const { otherFiles } = cluster.synth();
    const { name } = profiles.appArmor('api');
    const file = profiles.seccomp('api').name.replace('bulwark/', '');
    expect(otherFiles).toEqual([`nodes/apparmor/${name}`, `nodes/seccomp/${file}`, 'nodes/README.md']);
    const read = (of: string) => fs.readFileSync(path.join(cluster.outdir, of), 'utf8');
    expect(JSON.parse(read(`nodes/seccomp/${file}`)).defaultAction).toBe('SCMP_ACT_ERRNO');
    expect(read('nodes/README.md')).toContain(`- ${name}\n`);
    if (hasParser()) expect(compile([read(`nodes/apparmor/${name}`)])).toEqual({ status: 0, output: '' });
  });
});

describe('ProfileLoader.operator', () => {
  it('emits a resource for each profile, and pods ask for the path that the operator writes to', () => {
    const { cluster, profiles } = withApi('1.33', ProfileLoader.operator(), OPERATOR);
    expect(objectOf(cluster, 'AppArmorProfile', profiles.appArmor('api').name).metadata).toEqual({
      name: profiles.appArmor('api').name,
    });
    const seccomp = profiles.seccomp('api').name;
    expect(seccomp).toMatch(/^operator\//);
    objectOf(cluster, 'SeccompProfile', seccomp.slice('operator/'.length, -'.json'.length));
  });

  it('needs the operator', () => {
    const { cluster } = withApi('1.33', ProfileLoader.operator());
    expect(() => cluster.synth()).toThrow(
      /needs the Security Profiles Operator.*securityProfilesOperator: true/,
    );
  });
});

describe('ProfileLoader.daemonSet', () => {
  it('gives the init containers what loading takes, with reasons, and the container that stays nothing', () => {
    const { cluster } = withApi('1.33', ProfileLoader.daemonSet({ image: IMAGE }));
    const daemonSet = objectOf(cluster, 'DaemonSet', 'loader');
    const { initContainers, containers, volumes } = specOf(daemonSet).template.spec;
    const [apparmor, seccomp] = initContainers.map(({ securityContext }: any) => securityContext);
    expect(apparmor.capabilities).toEqual({ drop: ['ALL'], add: ['MAC_ADMIN'] });
    expect(seccomp.capabilities).toEqual({ drop: ['ALL'] });
    expect([apparmor, seccomp].map(({ privileged }) => privileged)).toEqual([undefined, undefined]);
    expect(containers).toHaveLength(1);
    expect(containers[0].securityContext).toMatchObject({
      runAsUser: 65532,
      runAsNonRoot: true,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
      appArmorProfile: { type: 'RuntimeDefault' },
    });
    expect(containers[0].volumeMounts).toBeUndefined();
    expect(volumes.flatMap(({ hostPath }: any) => hostPath?.path ?? [])).toEqual([
      '/sys/kernel/security',
      '/var/lib/kubelet/seccomp/bulwark',
    ]);
    const waived = Object.keys(daemonSet.metadata?.annotations ?? {}).sort();
    expect(waived).toEqual(
      [
        'apparmor-profile',
        'capabilities-add-limited',
        'host-path-read-only',
        'no-way-out-of-tenant',
        'restricted-volume-types',
        'run-as-group-not-zero',
        'run-as-non-root',
        'run-as-user-not-zero',
        'user-namespace',
      ].map((control) => `cdk8s-bulwark/waive.${control}`),
    );
  });

  it('restarts when a profile changes: the ConfigMap is named by what is in it', () => {
    const nameOf = (binary: string) => {
      const { cluster } = blueprint();
      new NodeProfiles(cluster, 'profiles', {
        loader: ProfileLoader.daemonSet({ image: IMAGE }),
        appArmor: [ReadyProfiles.goBinary({ name: 'api', binary })],
      });
      return specOf(objectOf(cluster, 'DaemonSet', 'loader')).template.spec.volumes[0].configMap.name;
    };
    expect(nameOf('/a')).toMatch(/^apparmor-[0-9a-f]{10}$/);
    expect(nameOf('/a')).not.toBe(nameOf('/b'));
  });

  it('refuses an image that is not pinned', () => {
    expect(() => withApi('1.33', ProfileLoader.daemonSet({ image: 'registry.example/apparmor:1' }))).toThrow(
      /not pinned by digest/,
    );
  });
});
