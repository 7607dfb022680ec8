import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Blueprint, ClusterTarget, LockedClusterRole, Subject, Tenant, Waivers } from '../../constructs';
import { API_RESOURCES } from '../../src/manifest/api-resources';
import { type ApiServer, create, describeWithApiServer, fillQuotaStatus, serverMinor } from './harness';

const MINOR = serverMinor() ?? 37;

/** The people of the tenant `team`, as the API server knows them after they have logged in. */
const PEOPLE = {
  viewer: { as: 'vera', groups: ['team-viewers'] },
  developer: { as: 'dan', groups: ['team-developers'] },
  deployer: { as: 'system:serviceaccount:pipelines:team' },
} as const;

type Person = keyof typeof PEOPLE;

/** Two tenants with people; those of `team` serve themselves in one of its namespaces' teams. */
function twoTenants(outdir: string): Blueprint {
  const cluster = new Blueprint({ target: ClusterTarget.kubernetes(`1.${MINOR}`), outdir });
  const team = new Tenant(cluster, 'team', {
    quota: { services: 2, loadBalancers: 0 },
    groups: {
      viewers: ['team-viewers'],
      developers: ['team-developers'],
      deployers: [Subject.serviceAccount('pipelines', 'team')],
    },
  });
  team.namespace('web');
  new Tenant(cluster, 'other', { groups: { deployers: ['other-deployers'] } }).namespace('web');
  const selfish = new Tenant(cluster, 'selfish', {
    groups: { deployers: ['selfish-deployers'] },
    selfService: { networkPolicies: true, roleBindings: true },
  });
  selfish.namespace('web');
  Waivers.of(selfish).waive('no-way-out-of-tenant', {
    reason: 'what guard rails keep self-service from is tried where they are',
  });
  return cluster;
}

/** A pod that Pod Security admits under `restricted`. */
function pod(change: (spec: any) => void = () => undefined): any {
  const spec = {
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    automountServiceAccountToken: false,
    containers: [
      {
        name: 'app',
        image: 'registry.example/app:1.0.0',
        imagePullPolicy: 'Always',
        resources: { limits: { cpu: '100m', memory: '64Mi' } },
        securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } as any,
      },
    ],
  };
  change(spec);
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'app', namespace: 'team-web' }, spec };
}

describeWithApiServer('a tenant of a real API server', (server) => {
  let folder: string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'bulwark-tenancy-'));
    const outdir = join(folder, 'dist');
    twoTenants(outdir).synth();
    server().kubectl(['apply', '-f', outdir, '--validate=strict']);
    await fillQuotaStatus(server());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const ask = (who: Person, method: string, path: string, body?: unknown) =>
    server().request(method, path, body, PEOPLE[who]);

  it.each(Object.keys(PEOPLE) as Person[])(
    'MTB-PL1-CC-CPI-1: gives its %s no resource of the cluster',
    async (who) => {
      const ofCluster = Object.entries(API_RESOURCES).filter(
        ([name, { namespaced }]) => !namespaced && !isOpen(name),
      );
      const reviews = ofCluster.flatMap(([name, { group, verbs }]) => {
        const [resource, subresource] = name.split('/');
        return verbs.map((verb) => ({ verb, group, resource, ...(subresource && { subresource }) }));
      });
      expect(reviews.length).toBeGreaterThan(150);
      const allowed = await Promise.all(
        reviews.map(async (resourceAttributes) =>
          (await mayThey(server(), who, resourceAttributes)) ? resourceAttributes : [],
        ),
      );
      expect(allowed.flat()).toEqual([]);
    },
  );

  it.each<[string, string]>([
    ['MTB-PL1-BC-CPI-2', '/apis/networking.k8s.io/v1/namespaces/team-web/networkpolicies/default-deny'],
    ['MTB-PL1-BC-CPI-2', '/apis/rbac.authorization.k8s.io/v1/namespaces/team-web/rolebindings/tenant-viewer'],
    ['MTB-PL1-BC-CPI-2', '/api/v1/namespaces/team-web/limitranges/limits'],
    ['MTB-PL1-CC-TI-1', '/api/v1/namespaces/team-web/resourcequotas/quota'],
    ['PATCH_NAMESPACE_TO_BYPASS_PSA', '/api/v1/namespaces/team-web'],
  ])('%s: lets none of its people change %s', async (_, path) => {
    for (const who of Object.keys(PEOPLE) as Person[]) {
      const patched = await ask(who, 'PATCH', path, { metadata: { labels: { a: 'b' } } });
      const deleted = await ask(who, 'DELETE', path);
      expect([who, patched.status, deleted.status]).toEqual([who, 403, 403]);
    }
    expect((await server().request('GET', path)).status).toBe(200);
  });

  it.each<[string, (spec: any) => void]>([
    ['MTB-PL1-BC-CPI-3 adds capabilities', (spec) => (container(spec).capabilities.add = ['SYS_ADMIN'])],
    ['MTB-PL1-BC-CPI-4 runs as root', (spec) => (spec.securityContext = { runAsUser: 0 })],
    [
      'MTB-PL1-BC-CPI-5 is privileged',
      (spec) => Object.assign(container(spec), { privileged: true, allowPrivilegeEscalation: true }),
    ],
    ['MTB-PL1-BC-CPI-6 escalates', (spec) => (container(spec).allowPrivilegeEscalation = true)],
    [
      'MTB-PL1-BC-HI-1 mounts the host',
      (spec) => (spec.volumes = [{ name: 'host', hostPath: { path: '/' } }]),
    ],
    ['MTB-PL1-BC-HI-3 is in the network of the host', (spec) => (spec.hostNetwork = true)],
    [
      'MTB-PL1-BC-HI-3 takes a port of the host',
      (spec) => (spec.containers[0].ports = [{ containerPort: 80, hostPort: 80 }]),
    ],
    ['MTB-PL1-BC-HI-4 sees the processes of the host', (spec) => (spec.hostPID = true)],
    ['MTB-PL1-BC-HI-5 shares memory with the host', (spec) => (spec.hostIPC = true)],
  ])('refuses a pod that %s', async (_, change) => {
    expect((await create(server(), pod(), { dryRun: true })).status).toBe(201);
    const { status, body } = await create(server(), pod(change), { dryRun: true });
    expect([status, body.message]).toEqual([
      403,
      expect.stringContaining('violates PodSecurity "restricted'),
    ]);
  });

  it('MTB-PL1-CC-TI-2: shows its people nothing of another tenant, and their own', async () => {
    for (const resource of ['pods', 'secrets', 'services', 'configmaps', 'serviceaccounts']) {
      for (const who of Object.keys(PEOPLE) as Person[]) {
        const foreign = await ask(who, 'GET', `/api/v1/namespaces/other-web/${resource}`);
        const everywhere = await ask(who, 'GET', `/api/v1/${resource}`);
        const own = await ask(who, 'GET', `/api/v1/namespaces/team-web/${resource}`);
        expect([resource, who, foreign.status, everywhere.status, own.status]).toEqual([
          ...[resource, who, 403, 403],
          resource === 'secrets' ? 403 : 200,
        ]);
      }
    }
  });

  it.each([
    ['MTB-PL1-BC-HI-1', { type: 'NodePort' }, 'services.nodeports'],
    [
      'MTB-PL1-CC-FNS-2',
      { type: 'LoadBalancer', allocateLoadBalancerNodePorts: false },
      'services.loadbalancers',
    ],
  ])('%s: refuses its deployer a Service of %j', async (_, spec, limit) => {
    const { status, body } = await ask(
      'deployer',
      'POST',
      '/api/v1/namespaces/team-web/services',
      service('open', spec),
    );
    expect([status, body.message]).toEqual([403, expect.stringContaining(limit)]);
  });

  it('MTB-PL1-CC-FNS-1 and -2: limits what it uses', async () => {
    const services = ['a', 'b', 'c'].map((name) => service(name, {}));
    const statuses: number[] = [];
    for (const one of services) {
      statuses.push((await ask('deployer', 'POST', '/api/v1/namespaces/team-web/services', one)).status);
    }
    expect(statuses).toEqual([201, 201, 403]);
    const greedy = pod((spec) => (spec.containers[0].resources.limits = { cpu: '9', memory: '1Gi' }));
    expect((await create(server(), greedy)).body.message).toContain('exceeded quota: quota');
  });

  it('refuses a pod of a priority that the tenant has not, natively', async () => {
    const priority = {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: { name: 'urgent' },
      value: 9,
    };
    expect((await create(server(), priority)).status).toBe(201);
    const urgent = pod((spec) => (spec.priorityClassName = 'urgent'));
    expect((await create(server(), urgent, { dryRun: true })).body.message).toContain(
      'exceeded quota: priority',
    );
    expect((await create(server(), pod(), { dryRun: true })).status).toBe(201);
  });

  it('MTB-PL2-BC-OPS-3 and -4: lets those write policies and bindings who serve themselves', async () => {
    const selfish = { as: 'sally', groups: ['selfish-deployers'] };
    const policy = {
      apiVersion: 'networking.k8s.io/v1',
      kind: 'NetworkPolicy',
      metadata: { name: 'own' },
      spec: { podSelector: {} },
    };
    const path = '/apis/networking.k8s.io/v1/namespaces/selfish-web/networkpolicies';
    expect((await server().request('POST', path, policy, selfish)).status).toBe(201);
    expect((await ask('deployer', 'POST', path.replace('selfish', 'team'), policy)).status).toBe(403);
    const bindings = '/apis/rbac.authorization.k8s.io/v1/namespaces/selfish-web/rolebindings';
    // The API server itself lets nobody bind a role that has more rights than they have.
    expect((await server().request('POST', bindings, bindingTo('tenant-deployer'), selfish)).status).toBe(
      201,
    );
    expect((await server().request('POST', bindings, bindingTo('cluster-admin'), selfish)).status).toBe(403);
    expect(
      (await server().request('POST', bindings, bindingTo('system:aggregate-to-edit'), selfish)).status,
    ).toBe(403);
  });

  it('gives its people what they need for their work', async () => {
    const ofTeam = { namespace: 'team-web' };
    const deployment = { group: 'apps', resource: 'deployments', ...ofTeam };
    const expected: [Person, object, boolean][] = [
      ['viewer', { resource: 'pods', subresource: 'log', verb: 'get', ...ofTeam }, true],
      ['viewer', { ...deployment, verb: 'create' }, false],
      ['developer', { ...deployment, subresource: 'scale', verb: 'patch' }, true],
      ['developer', { resource: 'pods', verb: 'delete', ...ofTeam }, true],
      ['developer', { resource: 'pods', subresource: 'exec', verb: 'create', ...ofTeam }, false],
      ['deployer', { ...deployment, verb: 'create' }, true],
      ['deployer', { resource: 'secrets', verb: 'create', ...ofTeam }, false],
      ['deployer', { resource: 'serviceaccounts', subresource: 'token', verb: 'create', ...ofTeam }, false],
      ['deployer', { resource: 'serviceaccounts', verb: 'impersonate', ...ofTeam }, false],
    ];
    for (const [who, request, answer] of expected) {
      expect([who, request, await mayThey(server(), who, request)]).toEqual([who, request, answer]);
    }
  });
});

/** What Kubernetes lets everybody ask, about themselves and about whom they may trust. */
function isOpen(name: string): boolean {
  return name.startsWith('self') || name === 'clustertrustbundles';
}

async function mayThey(server: ApiServer, who: Person, resourceAttributes: object): Promise<boolean> {
  const review = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: 'SelfSubjectAccessReview',
    spec: { resourceAttributes },
  };
  const path = '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews';
  const { status, body } = await server.request('POST', path, review, PEOPLE[who]);
  if (status !== 201) throw new Error(body.message);
  return body.status.allowed;
}

function container(spec: any): any {
  return spec.containers[0].securityContext;
}

function service(name: string, spec: object): object {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name }, spec: { ports: [{ port: 80 }], ...spec } };
}

function bindingTo(role: string): object {
  const group = 'rbac.authorization.k8s.io';
  return {
    apiVersion: `${group}/v1`,
    kind: 'RoleBinding',
    metadata: { name: `own-${role.replaceAll(':', '-')}` },
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: role },
    subjects: [{ apiGroup: group, kind: 'Group', name: 'selfish-deployers' }],
  };
}

// Only the controller-manager fills aggregated ClusterRoles, and only some assets have one.
if (MINOR >= 37) {
  describeWithApiServer(
    'an aggregated ClusterRole',
    (server) => {
      it('gets the rules of its parts from the API server', async () => {
        const folder = mkdtempSync(join(tmpdir(), 'bulwark-tenancy-'));
        const outdir = join(folder, 'dist');
        const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.37'), outdir });
        const web = new Tenant(cluster, 'team').namespace('web');
        const whole = new LockedClusterRole(web, 'whole').bindTo(Subject.user('wanda'));
        new LockedClusterRole(web, 'part').allow(['get'], ['pods']).aggregateTo(whole);
        cluster.synth();
        server().kubectl(['apply', '-f', outdir, '--validate=strict']);
        const path = '/apis/rbac.authorization.k8s.io/v1/clusterroles/team-web-whole';
        let rules: unknown;
        for (let attempt = 0; attempt < 50 && !rules; attempt += 1) {
          rules = (await server().request('GET', path)).body.rules;
          if (!rules) await new Promise((resolve) => setTimeout(resolve, 100));
        }
        expect(rules).toEqual([{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }]);
        const pods = await server().request('GET', '/api/v1/namespaces/default/pods/x', undefined, {
          as: 'wanda',
        });
        expect(pods.status).toBe(404);
        rmSync(folder, { recursive: true });
      });
    },
    { controllerManager: true },
  );
}
