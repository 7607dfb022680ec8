import { CONTROLS, findControl } from '../../../src/controls/catalogue';
import { checkManifests } from '../../../src/controls/check';
import { isPodControl, type Control, type PodControl } from '../../../src/controls/control';
import { bindControl } from '../../../src/controls/judge';
import { controlsOf, podControls, PROFILES, type ProfileName } from '../../../src/controls/profiles';
import { hardenManifest } from '../../../src/hardening/harden';
import { isObject, type JsonObject, type Manifest } from '../../../src/manifest/manifest';
import type { PodSpec } from '../../../src/manifest/pod';
import { ClusterTarget, SUPPORTED_MINORS } from '../../../src/target/target';

const DIGEST = `@sha256:${'0123456789abcdef'.repeat(4)}`;
const PARAMETERS = { registries: ['registry.example/'] };

/** A pod that every control holds for, those too that clusters disagree about. */
const POD: Manifest = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'api', namespace: 'shop' },
  spec: {
    serviceAccountName: 'api',
    containers: [{ name: 'api', image: `registry.example/api:1.4.2${DIGEST}` }],
  },
};

const OLDEST_FIRST = Array.from(
  { length: SUPPORTED_MINORS.newest - SUPPORTED_MINORS.oldest + 1 },
  (_, index) => ClusterTarget.kubernetes(`1.${SUPPORTED_MINORS.oldest + index}`),
);

/** The oldest and the newest target that a control applies to. */
function targetsOf(control: PodControl): ClusterTarget[] {
  // Before 1.30 a pod has no AppArmor field to break.
  const able = OLDEST_FIRST.filter(
    ({ minor }) => minor >= 30 && bindControl(control, ClusterTarget.kubernetes(`1.${minor}`)),
  );
  return [able[0]!, able.at(-1)!];
}

function merge(base: JsonObject, fragment: JsonObject): JsonObject {
  const merged: JsonObject = { ...base };
  for (const [key, value] of Object.entries(fragment)) {
    const old = merged[key];
    merged[key] = isObject(old) && isObject(value) ? merge(old, value) : value;
  }
  // What is undefined is unset.
  return JSON.parse(JSON.stringify(merged)) as JsonObject;
}

function breakBy(control: PodControl, pod: Manifest): Manifest {
  const spec = pod.spec as PodSpec;
  const annotations = { ...pod.metadata?.annotations, ...control.brokenAnnotations };
  if (control.scope === 'pod') {
    return { ...pod, metadata: { ...pod.metadata, annotations }, spec: merge(spec, control.broken!) };
  }
  return {
    ...pod,
    spec: { ...spec, containers: spec.containers!.map((one) => merge(one, control.broken!)) },
  };
}

/** Ids of the controls, of those asked, that do not hold. */
function findings(manifest: Manifest, controls: readonly Control[], target: ClusterTarget): string[] {
  const found = checkManifests([manifest], { target, controls, parameters: PARAMETERS });
  return [...new Set(found.map(({ control }) => control.id))];
}

const judges = (id: string, spec: JsonObject, minor = 30): boolean => {
  const manifest = { ...POD, spec: { containers: [{ name: 'api' }], ...spec } };
  return findings(manifest, [findControl(id)!], ClusterTarget.kubernetes(`1.${minor}`)).length === 0;
};

const judgesContainer = (id: string, container: JsonObject, spec: JsonObject = {}): boolean =>
  judges(id, { ...spec, containers: [{ name: 'api', ...container }] });

describe('each control about pods', () => {
  const controls = CONTROLS.filter(isPodControl);

  it.each(controls)('finds the one thing that breaks it, and nothing in a hardened pod: $id', (control) => {
    for (const target of targetsOf(control)) {
      const hardened = hardenManifest(POD, { target }).manifest;
      expect(findings(hardened, [control], target)).toEqual([]);
      expect(findings(breakBy(control, hardened), [control], target)).toEqual([control.id]);
    }
  });

  // What replaces the containers of the pod, or adds a folder of the node, breaks more than one rule.
  const single = podControls().filter(
    ({ broken }) => !('containers' in broken!) && !JSON.stringify(broken).includes('hostPath'),
  );

  it.each(single)('is the only one of the hardened profile that its example breaks: $id', (control) => {
    for (const target of targetsOf(control)) {
      const hardened = hardenManifest(POD, { target }).manifest;
      // A Pod that has a limit has a request, so without a request there is no limit either.
      const others = control.id === 'resource-requests' ? ['resource-limits'] : [];
      expect(findings(breakBy(control, hardened), podControls(), target)).toEqual([control.id, ...others]);
    }
  });

  it.each(controls.filter(({ repair }) => repair))(
    'holds after its repair, which changes nothing twice: $id',
    (control) => {
      for (const target of targetsOf(control)) {
        const bound = bindControl(control, target)!;
        const pod = JSON.parse(
          JSON.stringify({ spec: { ...(POD.spec as PodSpec), volumes: [{ name: 'tmp', emptyDir: {} }] } }),
        );
        const [container] = pod.spec.containers;
        control.repair!(pod, container, target);
        expect(bound.holds(pod, container)).toBe(true);
        const once = JSON.stringify(pod);
        control.repair!(pod, container, target);
        expect(JSON.stringify(pod)).toBe(once);
      }
    },
  );
});

describe('each control about one object', () => {
  const controls = CONTROLS.filter((control) => control.scope === 'object');

  it.each(controls)('finds its failing example and not the passing one: $id', (control) => {
    const { fails, passes } = control.examples;
    for (const target of OLDEST_FIRST) {
      expect(findings(fails, [control], target)).toEqual([control.id]);
      expect(findings(passes, [control], target)).toEqual([]);
    }
  });
});

describe('the profiles', () => {
  const names = Object.keys(PROFILES) as ProfileName[];

  it.each(names)('%s names controls that there are, each once', (name) => {
    expect(PROFILES[name].filter((id) => !findControl(id))).toEqual([]);
    expect(new Set(PROFILES[name]).size).toBe(PROFILES[name].length);
  });

  it('ask more of a hardened pod than Pod Security does', () => {
    const [newest] = OLDEST_FIRST.slice(-1);
    for (const target of OLDEST_FIRST) {
      const hardened = hardenManifest(POD, { target }).manifest;
      expect(findings(hardened, controlsOf('restricted'), target)).toEqual([]);
      expect(findings(hardened, controlsOf('baseline'), target)).toEqual([]);
    }
    const root = {
      ...POD,
      spec: { ...(POD.spec as PodSpec), hostUsers: false, securityContext: { runAsUser: 0 } },
    };
    const { manifest, violations } = hardenManifest(root, { target: newest! });
    expect(violations.map(({ control }) => control.id)).toEqual(['run-as-user-not-zero']);
    expect(findings(manifest, controlsOf('restricted'), newest!)).toEqual([]);
  });
});

describe('the runtime socket', () => {
  const holds = (path: string) =>
    judges('no-runtime-socket', { volumes: [{ name: 'v', hostPath: { path } }] });

  it.each([
    '/var/run/docker.sock',
    '/run/containerd/containerd.sock',
    '/run/crio/crio.sock',
    '/run/k3s/containerd/containerd.sock',
    '/var/run/cri-dockerd.sock',
    '/',
    '/run',
    '/var/run/',
    '/var',
    '/run/containerd',
  ])('is reached by %s', (path) => expect(holds(path)).toBe(false));

  it.each(['/var/log', '/run/udev', '/var/lib/app', '/srv/containerd', '/etc/docker.socket.d'])(
    'is not reached by %s',
    (path) => expect(holds(path)).toBe(true),
  );
});

describe('what runs in a pod', () => {
  it.each<[string, JsonObject, boolean]>([
    ['no-sudo', { command: ['/usr/bin/sudo', 'server'] }, false],
    ['no-sudo', { args: ['-c', 'cd /srv && sudo server'] }, false],
    ['no-sudo', { command: ['sh', '-c', 'pseudo-server --sudoers=none'] }, true],
    ['no-ssh-port', { ports: [{ containerPort: 2222 }] }, false],
    ['no-ssh-port', { ports: [{ containerPort: 8022 }] }, true],
    ['no-privileged-port', { ports: [{ containerPort: 1023 }] }, false],
    ['no-privileged-port', { ports: [{ containerPort: 1024 }] }, true],
    ['no-interactive-terminal', { stdin: true }, false],
    ['no-interactive-terminal', { tty: false }, true],
    ['run-as-group-not-zero', { securityContext: { runAsGroup: 1000 } }, true],
    ['memory-limit-is-request', { resources: { limits: { memory: '1Gi' } } }, true],
    [
      'memory-limit-is-request',
      { resources: { limits: { memory: '1Gi' }, requests: { memory: '1024Mi' } } },
      true,
    ],
    [
      'memory-limit-is-request',
      { resources: { limits: { memory: '1Gi' }, requests: { memory: '1G' } } },
      false,
    ],
    ['secret-as-file', { envFrom: [{ secretRef: { name: 'database' } }] }, false],
    [
      'secret-as-file',
      { envFrom: [{ configMapRef: { name: 'settings' } }], env: [{ name: 'A', value: 'b' }] },
      true,
    ],
  ])('%s of %j holds: %s', (id, container, expected) => {
    expect(judgesContainer(id, container)).toBe(expected);
  });

  it.each<[string, JsonObject, boolean]>([
    ['no-control-plane-toleration', { tolerations: [{ operator: 'Exists' }] }, false],
    ['no-control-plane-toleration', { tolerations: [{ key: 'node-role.kubernetes.io/master' }] }, false],
    ['no-control-plane-toleration', { tolerations: [{ key: 'gpu', operator: 'Exists' }] }, true],
    ['no-root-supplemental-group', { securityContext: { fsGroup: 0 } }, false],
    ['no-root-supplemental-group', { securityContext: { fsGroup: 1, supplementalGroups: [2] } }, true],
    ['empty-dir-size-limit', { volumes: [{ name: 'v', emptyDir: { medium: 'Memory' } }] }, true],
    ['secret-file-mode', { volumes: [{ name: 'v', secret: { secretName: 's', defaultMode: 0o440 } }] }, true],
    [
      'secret-file-mode',
      { volumes: [{ name: 'v', secret: { defaultMode: 0o400, items: [{ mode: 0o444 }] } }] },
      false,
    ],
    [
      'secret-file-mode',
      { volumes: [{ name: 'v', projected: { sources: [{ secret: { name: 's' } }] } }] },
      false,
    ],
    [
      'secret-file-mode',
      { volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 's' } }] } }] },
      true,
    ],
    ['pss-volume-types', { volumes: [{ name: 'bare' }, { name: 'v', image: { reference: 'a' } }] }, true],
    ['pss-volume-types', { volumes: [{ name: 'v', newVolumeType: {} }] }, false],
    ['apparmor-not-loosened', { hostUsers: true }, true],
  ])('%s of %j holds: %s', (id, spec, expected) => {
    expect(judges(id, spec)).toBe(expected);
  });

  it('is confined although an annotation of another container says otherwise: no', () => {
    const annotations = { 'container.apparmor.security.beta.kubernetes.io/api': 'unconfined' };
    const pod = { ...POD, metadata: { name: 'api', annotations } };
    expect(findings(pod, [findControl('apparmor-not-loosened')!], OLDEST_FIRST[0]!)).toEqual([
      'apparmor-not-loosened',
    ]);
  });
});

describe('images', () => {
  const holds = (id: string, image: string, more: JsonObject = {}) => judgesContainer(id, { image, ...more });

  it.each<[string, string, boolean]>([
    ['image-fixed-tag', 'nginx', false],
    ['image-fixed-tag', 'nginx:latest', false],
    ['image-fixed-tag', 'registry.example:5000/nginx', false],
    ['image-fixed-tag', 'registry.example:5000/nginx:latest', false],
    ['image-fixed-tag', 'nginx@sha256:abc', false],
    ['image-fixed-tag', 'nginx:1.27', true],
    ['image-fixed-tag', 'registry.example:5000/team/nginx:latest-alpine', true],
    ['image-fixed-tag', `nginx${DIGEST}`, true],
    ['image-fixed-tag', `nginx:latest${DIGEST}`, true],
    ['image-digest', 'nginx:1.27', false],
    ['image-digest', `registry.example:5000/nginx:1.27${DIGEST}`, true],
    ['image-digest', `nginx${DIGEST}0`, false],
    ['no-deprecated-registry', 'k8s.gcr.io/pause:3.6', false],
    ['no-deprecated-registry', 'registry.k8s.io/pause:3.6', true],
    ['no-tiller', 'gcr.io/kubernetes-helm/tiller:v2.17.0', false],
    ['no-tiller', 'registry.example/tillers:1.0.0', true],
    ['no-kubernetes-dashboard', 'kubernetesui/dashboard-web:1.4.0', false],
    ['no-kubernetes-dashboard', 'registry.example/sales-dashboard:1.0.0', true],
    ['image-pull-always', 'nginx', true],
    ['image-pull-always', 'nginx:1.27', false],
    ['image-pull-always', `nginx:1.27${DIGEST}`, true],
  ])('%s: %s holds: %s', (id, image, expected) => {
    expect(holds(id, image)).toBe(expected);
  });

  it('are pulled anew where the policy says so, and not where it says otherwise', () => {
    expect(holds('image-pull-always', 'nginx:1.27', { imagePullPolicy: 'Always' })).toBe(true);
    expect(holds('image-pull-always', 'nginx:latest', { imagePullPolicy: 'IfNotPresent' })).toBe(false);
  });

  it.each<[image: string, registries: string[], expected: boolean]>([
    ['registry.io/x:1', ['registry.io/'], true],
    ['registry.io.evil/x:1', ['registry.io/'], false],
    ['registry.io.evil/x:1', ['registry.io'], false],
    ['evil.example/registry.io/x:1', ['registry.io/'], false],
    ['nginx:1.27', ['docker.io/library/'], true],
    ['team/nginx:1.27', ['docker.io/library/'], false],
    ['team/nginx:1.27', ['docker.io/team/'], true],
    ['docker.io/team/nginx:1.27', ['docker.io/team/'], true],
    ['localhost/x:1', ['docker.io/'], false],
    ['localhost:5000/x:1', ['localhost:5000/'], true],
    ['Evil/x:1', ['docker.io/'], false],
    ['registry.example/team/x:1', ['quay.io/', 'registry.example/team/'], true],
    ['registry.example/team-b/x:1', ['registry.example/team/'], false],
  ])('%s from %j is allowed: %s', (image, registries, expected) => {
    const manifest = { ...POD, spec: { containers: [{ name: 'api', image }] } };
    const controls = [findControl('allowed-registries')!];
    const found = checkManifests([manifest], {
      target: OLDEST_FIRST[0]!,
      controls,
      parameters: { registries },
    });
    expect(found.length === 0).toBe(expected);
  });

  it('come from anywhere where nobody names a registry', () => {
    const controls = [findControl('allowed-registries')!];
    expect(checkManifests([POD], { target: OLDEST_FIRST[0]!, controls })).toEqual([]);
  });
});
