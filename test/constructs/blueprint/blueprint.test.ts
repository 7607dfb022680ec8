import fs from 'node:fs';
import path from 'node:path';
import { ApiObject, Chart, Testing, YamlOutputType, type IResolver } from 'cdk8s';
import { ClusterRole, Deployment, Ingress, IngressBackend } from 'cdk8s-plus-27';
import { Construct } from 'constructs';
import {
  Blueprint,
  BulwarkError,
  ClusterTarget,
  DefaultDeny,
  HardenedDeployment,
  Hardening,
  Tenant,
  type BlueprintProps,
} from '../../../constructs';
import { filesIn, manifestsIn, manifestsOf, useTemporaryFolder } from '../../support/folders';
import { configMap, errorOf, labelsOf, namespace, pod } from '../../support/objects';

const TARGET = ClusterTarget.kubernetes('1.33');
const folder = useTemporaryFolder();

function blueprint(props: Partial<BlueprintProps> = {}): Blueprint {
  return new Blueprint({ target: TARGET, outdir: dist(), ...props });
}

const dist = () => path.join(folder.path, 'dist');

/** Sets variables of the environment for a step. */
function withEnvironment<T>(variables: Record<string, string>, step: () => T): T {
  const before = { ...process.env };
  Object.assign(process.env, variables);
  try {
    return step();
  } finally {
    process.env = before;
  }
}

describe('the files of a blueprint', () => {
  it('are one for each namespace, after one for what belongs to none', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'all');
    ['web', 'api-internal', 'api'].forEach((name) => {
      namespace(cluster, name);
      configMap(chart, 'settings', name);
    });
    new ClusterRole(chart, 'role', { metadata: { name: 'reader' } }).allowRead({
      asApiResource: () => undefined,
      asNonApiResource: () => '/healthz',
    });
    const { files, manifests } = cluster.synth();

    expect(files).toEqual([
      '00-cluster.k8s.yaml',
      '10-api-internal.k8s.yaml',
      '10-api.k8s.yaml',
      '10-web.k8s.yaml',
    ]);
    expect(Object.keys(filesIn(dist()))).toEqual(files);
    expect(manifestsIn(dist())).toEqual(manifests);
    expect(labelsOf(manifests)).toEqual([
      'Namespace api',
      'Namespace api-internal',
      'Namespace web',
      'ClusterRole reader',
      'ConfigMap api-internal/settings',
      'ConfigMap api/settings',
      'ConfigMap web/settings',
    ]);
  });

  it('have what restricts pods before the pods, and what calls a pod after it', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    const api = new HardenedDeployment(web, 'api', {
      containers: [{ image: 'registry.example/api:1.0.0', port: 8080 }],
    });
    api.allowFrom(api);
    const rules = [{ host: 'shop.example', backend: IngressBackend.fromService(api.exposeViaService()) }];
    new Ingress(web, 'in', { rules, tls: [{ hosts: ['shop.example'] }] });
    configMap(web, 'settings');
    new ApiObject(web, 'Custom', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } });

    expect(labelsOf(cluster.synth().manifests)).toEqual([
      'Namespace shop-web',
      'ConfigMap shop-web/tenant-allowances',
      'ResourceQuota shop-web/priority',
      'ResourceQuota shop-web/quota',
      'LimitRange shop-web/limits',
      'NetworkPolicy shop-web/allow-dns',
      'NetworkPolicy shop-web/api',
      'NetworkPolicy shop-web/default-deny',
      'ServiceAccount shop-web/api',
      'ConfigMap shop-web/settings',
      'Widget shop-web/w',
      expect.stringMatching(/^Service shop-web\//),
      'Deployment shop-web/api',
      expect.stringMatching(/^Ingress shop-web\//),
    ]);
  });

  it('keep objects without a namespace out of the way of every namespace', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    configMap(chart, 'nowhere');
    new ApiObject(chart, 'w', { apiVersion: 'example.com/v1', kind: 'Widget', metadata: { name: 'w' } });
    expect(cluster.synth().files).toEqual(['00-custom.k8s.yaml', '10-_current-namespace.k8s.yaml']);
  });

  it('are none for a blueprint without objects', () => {
    expect(blueprint().synth().files).toEqual([]);
    expect(fs.readdirSync(dist())).toEqual([]);
  });

  it('start by saying that they are made', () => {
    const cluster = blueprint();
    configMap(new Chart(cluster, 'chart'), 'a', 'ns');
    cluster.synth();
    expect(filesIn(dist())['10-ns.k8s.yaml']).toMatch(
      /^# Made by cdk8s-bulwark\. .*\n(---\n)?apiVersion: v1\n/,
    );
  });

  it('are the same bytes in whatever order the code makes the objects', () => {
    const make = (order: readonly number[]) => {
      const cluster = blueprint();
      const steps = [
        () => configMap(new Chart(cluster, 'one', { namespace: 'alpha' }), 'settings'),
        () => pod(new Chart(cluster, 'two', { namespace: 'alpha' }), 'web'),
        () => pod(new Chart(cluster, 'three', { namespace: 'alpha-2' }), 'web'),
        () => new DefaultDeny(namespace(cluster, 'alpha'), 'deny', { namespace: 'alpha' }),
        () => new DefaultDeny(namespace(cluster, 'alpha-2'), 'deny', { namespace: 'alpha-2' }),
        () => new Tenant(cluster, 'shop').namespace('web'),
      ];
      order.forEach((step) => steps[step]!());
      cluster.synth();
      return filesIn(dist());
    };
    const first = make([0, 1, 2, 3, 4, 5]);
    expect(Object.keys(first)).toHaveLength(4);
    expect(make([5, 4, 3, 2, 1, 0])).toEqual(first);
    expect(make([2, 4, 0, 5, 1, 3])).toEqual(first);
  });

  it('are the same bytes when one blueprint is synthesized twice', () => {
    const cluster = blueprint();
    const web = new Tenant(cluster, 'shop').namespace('web');
    new HardenedDeployment(web, 'api', { containers: [{ image: 'registry.example/api:1.0.0', port: 80 }] });
    cluster.synth();
    const first = filesIn(dist());
    cluster.synth();
    expect(filesIn(dist())).toEqual(first);
  });

  it('are not touched when nothing changed', () => {
    const cluster = blueprint();
    configMap(new Chart(cluster, 'chart'), 'a', 'ns');
    cluster.synth();
    const before = fs.statSync(dist()).ino;
    cluster.synth();
    expect(fs.statSync(dist()).ino).toBe(before);
  });

  it('quote what a YAML 1.1 reader would take for something else', () => {
    const cluster = blueprint();
    new ApiObject(new Chart(cluster, 'chart'), 'c', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c', namespace: 'ns' },
      data: { a: 'yes', b: '012', c: '1e3', d: 'on', e: 'null' },
    });
    cluster.synth();
    expect(filesIn(dist())['10-ns.k8s.yaml']).toMatch(
      /a: 'yes'\n {2}b: '012'\n {2}c: '1e3'\n {2}d: 'on'\n {2}e: 'null'\n/,
    );
  });
});

describe('where a blueprint writes', () => {
  it.each([
    ['outdir', () => ({ outdir: path.join(folder.path, 'a/b') }), 'a/b'],
    ['CDK8S_OUTDIR', () => ({ outdir: undefined }), 'from-environment'],
    ['outdir before CDK8S_OUTDIR', () => ({ outdir: path.join(folder.path, 'mine') }), 'mine'],
  ])('is decided by %s', (_, props, expected) => {
    withEnvironment({ CDK8S_OUTDIR: path.join(folder.path, 'from-environment') }, () => {
      const cluster = blueprint(props());
      configMap(new Chart(cluster, 'chart'), 'a', 'ns');
      cluster.synth();
    });
    expect(fs.readdirSync(path.join(folder.path, expected))).toEqual(['10-ns.k8s.yaml']);
    expect(fs.readdirSync(folder.path)).toEqual([expected.split('/')[0]]);
  });

  it('gives files the extension that was asked for, and still in the order of application', () => {
    // '-' comes before '.', so `ns-b` would be read before `ns` with one extension and after it with another.
    for (const outputFileExtension of ['.yaml', '-manifests.yaml', '.k8s.yml']) {
      const cluster = blueprint({ outputFileExtension });
      const chart = new Chart(cluster, 'chart');
      const last = configMap(chart, 'last', 'ns');
      const first = configMap(chart, 'first', 'ns-b');
      last.addDependency(first);
      const { files } = cluster.synth();
      expect(files.every((file) => file.endsWith(outputFileExtension))).toBe(true);
      expect(labelsOf(manifestsIn(dist()))).toEqual(['ConfigMap ns-b/first', 'ConfigMap ns/last']);
    }
  });
});

describe('yamlOutputType', () => {
  const twoCharts = (yamlOutputType: YamlOutputType) => {
    const cluster = blueprint({ yamlOutputType });
    const one = new Chart(cluster, 'one');
    const two = new Chart(cluster, 'two');
    configMap(one, 'settings', 'alpha');
    configMap(one, 'settings', 'beta');
    configMap(two, 'other', 'alpha');
    namespace(two, 'alpha');
    return cluster;
  };

  it('FILE_PER_APP writes one file', () => {
    expect(twoCharts(YamlOutputType.FILE_PER_APP).synth().files).toEqual(['app.k8s.yaml']);
    expect(labelsOf(manifestsIn(dist()))).toEqual([
      'Namespace alpha',
      'ConfigMap alpha/other',
      'ConfigMap alpha/settings',
      'ConfigMap beta/settings',
    ]);
  });

  it('FILE_PER_CHART writes one file for each chart, with what waits for a later one in a second file', () => {
    const { files } = twoCharts(YamlOutputType.FILE_PER_CHART).synth();
    // The Namespace is in chart two, which comes after chart one by name.
    expect(files).toEqual([
      '00-one.k8s.yaml',
      expect.stringMatching(/^00-two-namespace-alpha-/),
      '00-two.k8s.yaml',
      '10-one.k8s.yaml',
    ]);
    expect(labelsOf(manifestsIn(dist()))).toEqual([
      'ConfigMap beta/settings',
      'Namespace alpha',
      'ConfigMap alpha/other',
      'ConfigMap alpha/settings',
    ]);
  });

  it('FILE_PER_RESOURCE writes a file for each object, also for two of one name in two namespaces', () => {
    const { files } = twoCharts(YamlOutputType.FILE_PER_RESOURCE).synth();
    expect(files).toEqual([
      '00-Namespace.alpha.k8s.yaml',
      '21-ConfigMap.alpha.other.k8s.yaml',
      '21-ConfigMap.alpha.settings.k8s.yaml',
      '21-ConfigMap.beta.settings.k8s.yaml',
    ]);
    expect(manifestsIn(dist())).toHaveLength(4);
  });

  it('FILE_PER_RESOURCE loses no object whose name has characters that a file cannot have', () => {
    const cluster = blueprint({ yamlOutputType: YamlOutputType.FILE_PER_RESOURCE });
    const chart = new Chart(cluster, 'chart');
    new ClusterRole(chart, 'a', { metadata: { name: 'system:a/b' } });
    new ClusterRole(chart, 'b', { metadata: { name: 'system_a_b' } });
    cluster.synth();
    expect(labelsOf(manifestsIn(dist())).sort()).toEqual([
      'ClusterRole system:a/b',
      'ClusterRole system_a_b',
    ]);
  });

  it('refuses folders, which kubectl would not read', () => {
    const make = () => blueprint({ yamlOutputType: YamlOutputType.FOLDER_PER_CHART_FILE_PER_RESOURCE });
    expect(errorOf(make)).toBeInstanceOf(BulwarkError);
    expect(make).toThrow(
      /FOLDER_PER_CHART_FILE_PER_RESOURCE makes folders.*Use YamlOutputType\.FILE_PER_RESOURCE/,
    );
  });
});

describe('what a blueprint refuses', () => {
  it('is told in one error, with every problem of every construct, and nothing is written', () => {
    const cluster = blueprint();
    const one = new Chart(cluster, 'one', { namespace: 'ns' });
    new DefaultDeny(one, 'deny');
    pod(one, 'rooted', { hostNetwork: true }, { securityContext: { privileged: true } });
    configMap(one, 'twice');
    const two = new Chart(cluster, 'two', { namespace: 'ns' });
    configMap(two, 'twice');
    new Deployment(two, 'web', {
      containers: [{ image: 'registry.example/web:1.0.0', securityContext: { user: 0 } }],
    });
    new Construct(two, 'checked').node.addValidation({ validate: () => ['is wrong', 'is odd'] });
    const error = errorOf(() => cluster.synth());

    expect(error).toBeInstanceOf(BulwarkError);
    const [title, ...problems] = error.message.split('\n');
    expect(title).toBe('The blueprint has 6 problems, and nothing was written:');
    expect(problems).toHaveLength(6);
    for (const part of [
      '- two/checked: is wrong',
      '- two/checked: is odd',
      '- one/rooted (Pod ns/rooted): spec.hostNetwork breaks no-host-network.',
      '- one/rooted (Pod ns/rooted): spec.containers[0].securityContext.privileged breaks no-privileged-container.',
      'breaks run-as-user-not-zero.',
      '- two/here-twice (ConfigMap ns/twice): has the name of one/here-twice, so applying one would overwrite the other.',
    ]) {
      expect(error.message.split(part)).toHaveLength(2);
    }
    expect(fs.existsSync(dist())).toBe(false);
  });

  it('is a problem, not many, where there is one', () => {
    const cluster = blueprint();
    cluster.node.addValidation({ validate: () => ['the only one'] });
    expect(() => cluster.synth()).toThrow('The blueprint has a problem, and nothing was written:\n- ');
  });

  it('includes what the code that validates or renders throws, beside all else', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    new Construct(chart, 'broken').node.addValidation({
      validate: () => {
        throw new Error('the check itself failed');
      },
    });
    pod(chart, 'rooted', { hostPID: true });
    configMap(chart, 'a').addJsonPatch({
      _toJson: () => ({ op: 'remove', path: '/nothing/there' }),
    } as never);
    const { message } = errorOf(() => cluster.synth());
    expect(message).toMatch(/^- chart\/broken: the check itself failed/m);
    expect(message).toContain('spec.hostPID breaks no-host-pid');
    expect(message).toMatch(/^- .*path 'chart\/here-a'/m);
  });

  it('leaves the files of the last good synthesis alone', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    configMap(chart, 'a');
    cluster.synth();
    const before = filesIn(dist());
    pod(chart, 'rooted', { hostNetwork: true });
    expect(() => cluster.synth()).toThrow('no-host-network');
    expect(() => cluster.synthYaml()).toThrow('no-host-network');
    expect(filesIn(dist())).toEqual(before);
  });

  it('is a namespace whose name is none, before it becomes a file name', () => {
    const cluster = blueprint();
    configMap(new Chart(cluster, 'chart'), 'a', '../../etc');
    expect(() => cluster.synth()).toThrow("'../../etc' is no name of a namespace");
    expect(fs.readdirSync(folder.path)).toEqual([]);
  });

  it('is two objects of one group, kind, namespace and name, and no others', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart');
    configMap(chart, 'a', 'one');
    configMap(chart, 'a', 'two');
    new ApiObject(chart, 'b', {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a', namespace: 'one' },
    });
    new ApiObject(chart, 'c', {
      apiVersion: 'x.io/v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'one' },
    });
    cluster.synth();
    // Another version of the same group is the same object to the API server.
    new ApiObject(chart, 'd', {
      apiVersion: 'x.io/v2',
      kind: 'ConfigMap',
      metadata: { name: 'a', namespace: 'one' },
    });
    expect(() => cluster.synth()).toThrow('chart/d (ConfigMap one/a): has the name of chart/c');
  });
});

describe('validations', () => {
  it.each(['synth', 'synthYaml'] as const)('run exactly once per %s', (way) => {
    const cluster = blueprint();
    const validate = jest.fn(() => []);
    cluster.node.addValidation({ validate });
    for (const id of ['one', 'two', 'three']) {
      const chart = new Chart(cluster, id, { namespace: 'ns' });
      chart.node.addValidation({ validate });
      configMap(chart, id).node.addValidation({ validate });
    }
    cluster[way]();
    expect(validate).toHaveBeenCalledTimes(7);
    cluster[way]();
    expect(validate).toHaveBeenCalledTimes(14);
  });

  it('render and judge each object once', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    new DefaultDeny(chart, 'deny');
    const object = pod(chart, 'web');
    const toJson = jest.spyOn(object, 'toJson');
    cluster.synth();
    expect(toJson).toHaveBeenCalledTimes(1);
  });
});

describe('the rest of a cdk8s App', () => {
  it('custom resolvers run', () => {
    const resolver: IResolver = {
      resolve: (context) => {
        if (context.value === 'FROM_RESOLVER') context.replaceValue('resolved');
      },
    };
    const cluster = blueprint({ resolvers: [resolver] });
    new ApiObject(new Chart(cluster, 'chart'), 'c', {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'c' },
      data: { value: 'FROM_RESOLVER' },
    });
    expect(cluster.synth().manifests[0]).toMatchObject({ data: { value: 'resolved' } });
  });

  it('synthYaml has every object in the order of the files, and writes none', () => {
    const cluster = blueprint();
    namespace(cluster, 'web');
    configMap(new Chart(cluster, 'a-chart'), 'settings', 'web');
    const yaml = cluster.synthYaml();
    expect(fs.readdirSync(folder.path)).toEqual([]);
    expect(manifestsOf(yaml)).toEqual(cluster.synth().manifests);
    expect(labelsOf(manifestsOf(yaml))).toEqual(['Namespace web', 'ConfigMap web/settings']);
  });

  it('Testing.synth of one chart gives hardened objects, also of a chart that was added last', () => {
    const cluster = blueprint();
    const web = new Chart(cluster, 'web', { namespace: 'ns' });
    new Deployment(web, 'deployment', { containers: [{ image: 'registry.example/a:1' }] });
    const [manifest] = Testing.synth(web);
    expect(manifest.spec.template.spec).toMatchObject({
      automountServiceAccountToken: false,
      hostUsers: false,
      containers: [{ securityContext: { readOnlyRootFilesystem: true } }],
    });
  });

  it('Testing.synth of one chart fails for what is unsafe in it', () => {
    const web = new Chart(blueprint(), 'web', { namespace: 'ns' });
    pod(web, 'rooted', { hostNetwork: true });
    expect(() => void Testing.synth(web)).toThrow('spec.hostNetwork breaks no-host-network');
  });

  it('Testing.synth of one chart changes nothing about the synthesis after it', () => {
    const make = (isTested: boolean) => {
      const cluster = blueprint();
      const [one, two] = [new Chart(cluster, 'one'), new Chart(cluster, 'two')];
      const [a, b] = [configMap(one, 'a', 'ns'), configMap(two, 'b', 'ns')];
      configMap(one, 'c', 'ns');
      a.addDependency(b);
      if (isTested) Testing.synth(one);
      return labelsOf(cluster.synth().manifests);
    };
    expect(make(true)).toEqual(make(false));
  });

  it('charts are all there, each after those in it and those it depends on', () => {
    const cluster = blueprint();
    const outer = new Chart(cluster, 'outer');
    const inner = new Chart(new Construct(outer, 'group'), 'inner');
    const first = new Chart(cluster, 'first');
    const last = new Chart(cluster, 'a-last');
    configMap(inner, 'x', 'ns').addDependency(configMap(first, 'y', 'ns'));
    last.addDependency(outer);
    expect(cluster.charts.map((chart) => chart.node.path)).toEqual([
      'first',
      'outer/group/inner',
      'outer',
      'a-last',
    ]);
  });

  it('charts puts a nested chart after the one around it where it depends on that', () => {
    const cluster = blueprint();
    const outer = new Chart(cluster, 'outer');
    const inner = new Chart(outer, 'inner');
    inner.addDependency(outer);
    expect(cluster.charts).toEqual([outer, inner]);
  });

  it('charts refuses a cycle with the paths', () => {
    const cluster = blueprint();
    const [a, b] = [new Chart(cluster, 'a'), new Chart(cluster, 'b')];
    a.addDependency(b);
    b.addDependency(a);
    expect(() => cluster.charts).toThrow(/Charts depend on each other in a cycle: (a -> b|b -> a)/);
  });

  it.each([
    ['CDK8S_RECORD_CONSTRUCT_METADATA', {}, { CDK8S_RECORD_CONSTRUCT_METADATA: 'true' }],
    ['recordConstructMetadata', { recordConstructMetadata: true }, {}],
  ])('%s makes construct-metadata.json, which goes again without it', (_, props, environment) => {
    const make = (more: Partial<BlueprintProps>) => {
      const cluster = blueprint(more);
      configMap(new Chart(cluster, 'chart'), 'settings', 'ns');
      return cluster.synth();
    };
    withEnvironment(environment, () => make(props));
    expect(JSON.parse(filesIn(dist())['construct-metadata.json']!)).toEqual({
      version: '1.0.0',
      resources: { settings: { path: 'chart/ns-settings' } },
      objects: [
        { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'ns', name: 'settings', path: 'chart/ns-settings' },
      ],
    });
    make({});
    expect(Object.keys(filesIn(dist()))).toEqual(['10-ns.k8s.yaml']);
  });

  it('objects that no namespace can hold lose the namespace that their chart gives them', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    new ClusterRole(chart, 'role', { metadata: { name: 'reader' } });
    new ApiObject(chart, 'class', {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'high' },
    });
    const { manifests, files } = cluster.synth();
    expect(labelsOf(manifests)).toEqual(['PriorityClass high', 'ClusterRole reader']);
    expect(files).toEqual(['00-cluster.k8s.yaml']);
  });

  it('applying hardening below it once more changes nothing and tells nothing twice', () => {
    const cluster = blueprint();
    const chart = new Chart(cluster, 'chart', { namespace: 'ns' });
    Hardening.apply(chart);
    Hardening.apply(cluster);
    new DefaultDeny(chart, 'deny');
    pod(chart, 'rooted', { hostNetwork: true });
    expect(errorOf(() => cluster.synth()).message).toMatch(/^The blueprint has a problem/);
  });

  it('says what it made', () => {
    const cluster = blueprint();
    new Tenant(cluster, 'shop').namespace('web');
    const made = cluster.synth();
    expect(made.summary().tenants).toEqual(new Map([['shop', ['shop-web']]]));
    expect(made.describe()).toMatch(
      /^objects +7: 2 NetworkPolicy, .*\n(.*\n)*tenants +1: shop \(shop-web\)$/m,
    );
  });
});
