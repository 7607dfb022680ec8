import { join } from 'node:path';
import { Blueprint, ClusterTarget, Guardrails, HardenedDeployment, Tenant } from '../../constructs';
import type { DriftReport } from '../../src/drift';
import type { Manifest } from '../../src/manifest/manifest';
import { runCommand } from '../support/run-command';
import { until } from './admission/active';
import { describeWithCustomResources, fillQuotaStatus, podOf, serverMinor, type Response } from './harness';

const MINOR = serverMinor() ?? 37;

const text = { type: 'string' };
const map = { type: 'object', additionalProperties: text };
const object = (properties: object, required: readonly string[] = []) => ({
  type: 'object',
  properties,
  required,
});
const list = (items: object) => ({ type: 'array', items });

/** A definition of Capsule with those fields of the published one that are written here. */
function definition(kind: string, plural: string, spec: object): Manifest {
  const schema = { openAPIV3Schema: object({ spec }) };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.capsule.clastix.io` },
    spec: {
      group: 'capsule.clastix.io',
      scope: 'Cluster',
      names: { kind, plural },
      versions: [{ name: 'v1beta2', served: true, storage: true, schema }],
    },
  };
}

const CAPSULE = [
  definition(
    'Tenant',
    'tenants',
    object({
      owners: list(
        object(
          {
            kind: { type: 'string', enum: ['User', 'Group', 'ServiceAccount'] },
            name: text,
            clusterRoles: { ...list(text), default: ['admin', 'capsule-namespace-deleter'] },
          },
          ['kind', 'name'],
        ),
      ),
      forceTenantPrefix: { type: 'boolean' },
      namespaceOptions: object({
        quota: { type: 'integer', format: 'int32', minimum: 1 },
        additionalMetadataList: list(object({ labels: map, annotations: map })),
      }),
    }),
  ),
  definition(
    'GlobalTenantResource',
    'globaltenantresources',
    object(
      {
        resyncPeriod: { type: 'string', default: '60s' },
        tenantSelector: object({ matchLabels: map }),
        resources: list(
          object({
            rawItems: list({
              type: 'object',
              'x-kubernetes-embedded-resource': true,
              'x-kubernetes-preserve-unknown-fields': true,
            }),
          }),
        ),
      },
      ['resources', 'resyncPeriod'],
    ),
  ),
];

let dist: string;

function cluster(folder: string): Blueprint {
  dist = join(folder, 'dist');
  const target = ClusterTarget.kubernetes(`1.${MINOR}`, { capsule: true });
  const all = new Blueprint({ target, outdir: dist });
  new Guardrails(all, 'guardrails');
  const shop = new Tenant(all, 'shop', {
    groups: { deployers: ['shop-deployers'] },
    labels: { stage: 'production' },
    allowances: { registries: ['registry.example/shop/'] },
    selfService: { namespaces: { owners: ['shop-leads'], atMost: 3 } },
  });
  const containers = [{ image: 'registry.example/shop/app:1.0.0', port: 8080 }];
  new HardenedDeployment(shop.namespace('web'), 'app', { containers });
  new Tenant(all, 'bank').namespace('web');
  return all;
}

const LEAD = { as: 'alice', groups: ['shop-leads'] };
const DEPLOYER = { as: 'bob', groups: ['shop-deployers'] };
/** May make and change namespaces as far as RBAC is concerned, as everybody may whom Capsule looks after. */
const STRANGER = { as: 'carol' };
const CONTROLLER = {
  as: 'system:serviceaccount:capsule-system:capsule',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:capsule-system'],
};

/** What Capsule's chart grants. */
const RIGHTS: readonly (readonly string[])[] = [
  ['clusterrole', 'provisioner', '--verb=create,patch,delete', '--resource=namespaces'],
  ['clusterrolebinding', 'provisioner', '--clusterrole=provisioner', '--group=shop-leads', '--user=carol'],
  ['clusterrolebinding', 'capsule', '--clusterrole=cluster-admin', '--serviceaccount=capsule-system:capsule'],
];

type Labels = Readonly<Record<string, string>>;
const ENFORCE = 'pod-security.kubernetes.io/enforce';

describeWithCustomResources(
  'namespaces that people of a tenant make',
  { definitions: CAPSULE, cluster },
  ({ server, manifests, apply }) => {
    const ofKind = (kind: string): any =>
      manifests().find(({ kind: one, apiVersion }) => one === kind && apiVersion.startsWith('capsule'));
    const labels = (): Labels => ofKind('Tenant').spec.namespaceOptions.additionalMetadataList[0].labels;
    const rawItems = (): Manifest[] => ofKind('GlobalTenantResource').spec.resources[0].rawItems;

    /** The request of an owner as admission sees it once Capsule has set the labels, with a change. */
    const make = (name: string, change: Labels, who: object, query = '?dryRun=All'): Promise<Response> =>
      server().request(
        'POST',
        `/api/v1/namespaces${query}`,
        { metadata: { name, labels: { ...labels(), ...change } } },
        who,
      );

    const refusalOf = ({ status, body }: Response): string | undefined =>
      status < 300 ? undefined : `${status} ${body.message}`;

    /** Capsule applies what belongs into a namespace. */
    async function replicate(namespace: string, items: readonly Manifest[]): Promise<(string | undefined)[]> {
      const refusals: (string | undefined)[] = [];
      for (const item of items) {
        const path = pathOf(item, namespace);
        const headers = { 'Content-Type': 'application/apply-patch+yaml' };
        const answer = await server().request('PATCH', `${path}?fieldManager=capsule`, item, {
          ...CONTROLLER,
          headers,
        });
        refusals.push(refusalOf(answer));
      }
      return refusals;
    }

    function deploy(namespace: string, image?: string): Promise<Response> {
      const deployment: any = structuredClone(manifests().find(({ kind }) => kind === 'Deployment'));
      const { spec } = podOf(deployment);
      if (image !== undefined) spec.containers[0].image = image;
      delete spec.serviceAccountName;
      const body = { metadata: { name: 'mine', namespace }, spec: deployment.spec };
      const path = `/apis/apps/v1/namespaces/${namespace}/deployments?dryRun=All`;
      return server().request('POST', path, body, DEPLOYER);
    }

    beforeAll(async () => {
      expect(apply().every((line) => line.endsWith(' created'))).toBe(true);
      for (const rights of RIGHTS) server().kubectl(['create', ...rights]);
      await until(async () => {
        const [refused, admitted] = [await make('shop-x', {}, STRANGER), await make('shop-x', {}, LEAD)].map(
          refusalOf,
        );
        return [
          ...(/self-made-namespace/.test(refused ?? '') ? [] : [`stranger: ${refused}`]),
          ...(admitted === undefined ? [] : [admitted]),
        ];
      });
    }, 120_000);

    it('are told to Capsule in what its API takes, which is unchanged when applied again', () => {
      expect(apply().filter((line) => !line.endsWith(' unchanged'))).toEqual([]);
    });

    it.each<[string, string, Labels, object, string]>([
      ['by somebody else', 'shop-x', {}, STRANGER, 'self-made-namespace'],
      ['for another tenant', 'bank-x', { 'cdk8s-bulwark/tenant': 'bank' }, LEAD, 'self-made-namespace'],
      ['with a name of another tenant', 'bank-x', {}, LEAD, 'self-made-namespace'],
      ['with weaker Pod Security', 'shop-x', { [ENFORCE]: 'baseline' }, LEAD, 'self-made-namespace'],
      [
        'with Pod Security of long ago',
        'shop-x',
        { [`${ENFORCE}-version`]: 'v1.22' },
        LEAD,
        'self-made-namespace',
      ],
      ['without guard rails', 'shop-x', { 'cdk8s-bulwark/guardrails': 'audit' }, LEAD, 'self-made-namespace'],
      [
        'passed over by another policy engine',
        'shop-x',
        { 'admission.gatekeeper.sh/ignore': '' },
        LEAD,
        'self-made-namespace-labels',
      ],
      ['under the name of another', 'shop-x', { name: 'monitoring' }, LEAD, 'self-made-namespace-labels'],
      [
        'as one of the platform',
        'shop-x',
        { 'cdk8s-bulwark/self-service': 'false' },
        LEAD,
        'tenant-namespace-by-platform',
      ],
    ])('are not made %s', async (_, name, change, who, guard) => {
      expect(refusalOf(await make(name, change, who))).toMatch(new RegExp(`^403 .*${guard}: `));
    });

    it('are not made with rights in the cloud, and with what tools write to know them again', async () => {
      const metadata = (annotations: object) => ({
        metadata: { name: 'shop-x', annotations, labels: { ...labels(), name: 'shop-x' } },
      });
      const annotated = (annotations: object) =>
        server().request('POST', '/api/v1/namespaces?dryRun=All', metadata(annotations), LEAD);
      expect(refusalOf(await annotated({ 'iam.amazonaws.com/permitted': '.*' }))).toMatch(
        /self-made-namespace: /,
      );
      expect(refusalOf(await annotated({ 'meta.helm.sh/release-name': 'shop' }))).toBeUndefined();
    });

    it('give nobody anything before all of it is there, and then what those give that are declared', async () => {
      expect(refusalOf(await make('shop-mine', {}, LEAD, ''))).toBeUndefined();
      const isAllowances = ({ kind }: Manifest) => kind === 'ConfigMap';
      // Capsule's order is none, so this is the worst one: rights first, and what they are gated by last.
      const worst = [...rawItems()].reverse().filter((item) => !isAllowances(item));
      expect(worst[0]!.kind).toBe('RoleBinding');
      expect(await replicate('shop-mine', worst)).toEqual(worst.map(() => undefined));
      if (MINOR < 37) await fillQuotaStatus(server());
      expect(refusalOf(await deploy('shop-mine'))).toMatch(/bulwark-allowances.* no params found/);
      expect(await replicate('shop-mine', rawItems().filter(isAllowances))).toEqual([undefined]);
      await until(async () => {
        const refusal = refusalOf(await deploy('shop-mine'));
        return refusal === undefined ? [] : [refusal];
      });
      expect(refusalOf(await deploy('shop-mine', 'docker.io/library/nginx:1'))).toMatch(/allowed-registries/);
      expect(refusalOf(await deploy('bank-web'))).toMatch(/^403 .*cannot create resource/);
    });

    it('are as they were declared, until somebody changes what is in them', async () => {
      const drifted = async (): Promise<string[]> => {
        const kubeconfig = join(server().dir, 'kubeconfig');
        const { out } = await runCommand(['drift', dist, '--kubeconfig', kubeconfig, '--format', 'json']);
        const { findings } = JSON.parse(out) as DriftReport;
        return findings
          .filter(({ object: one }) => one.kind !== 'ClusterRoleBinding')
          .map(({ kind, object: one }) => `${kind} ${one.kind} ${one.namespace}/${one.name}`);
      };
      expect(await drifted()).toEqual([]);
      const path = '/apis/networking.k8s.io/v1/namespaces/shop-mine/networkpolicies/default-deny';
      expect((await server().request('DELETE', path)).status).toBe(200);
      expect(await drifted()).toEqual(['missing NetworkPolicy shop-mine/default-deny']);
    });

    it('are changed by the platform alone, and deleted by their owners', async () => {
      const patch = (metadata: object, who: object) =>
        server().request('PATCH', '/api/v1/namespaces/shop-mine?dryRun=All', { metadata }, who);
      const weaker = { labels: { [ENFORCE]: 'privileged' } };
      expect(refusalOf(await patch(weaker, LEAD))).toMatch(/namespace-labels-frozen/);
      expect(refusalOf(await patch(weaker, CONTROLLER))).toBeUndefined();
      const cloud = { annotations: { 'iam.amazonaws.com/permitted': '.*' } };
      expect(refusalOf(await patch(cloud, LEAD))).toMatch(/namespace-annotations-frozen/);
      expect(refusalOf(await patch({ annotations: { 'meta.helm.sh/x': '' } }, LEAD))).toBeUndefined();
      const remove = (name: string, who: object) =>
        server().request('DELETE', `/api/v1/namespaces/${name}?dryRun=All`, undefined, who);
      expect(refusalOf(await remove('shop-mine', STRANGER))).toMatch(/self-made-namespace/);
      expect(refusalOf(await remove('shop-web', LEAD))).toMatch(/tenant-namespace-by-platform/);
      expect(refusalOf(await remove('shop-mine', LEAD))).toBeUndefined();
      const quota = '/api/v1/namespaces/shop-mine/resourcequotas/quota?dryRun=All';
      expect((await server().request('DELETE', quota, undefined, DEPLOYER)).status).toBe(403);
      const owned = { metadata: { name: 'mine', labels: { 'cdk8s-bulwark/platform-owned': 'true' } } };
      const configMaps = '/api/v1/namespaces/shop-mine/configmaps?dryRun=All';
      expect(refusalOf(await server().request('POST', configMaps, owned, DEPLOYER))).toMatch(
        /platform-owned/,
      );
    });
  },
);

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: 'api/v1 configmaps',
  LimitRange: 'api/v1 limitranges',
  NetworkPolicy: 'apis/networking.k8s.io/v1 networkpolicies',
  ResourceQuota: 'api/v1 resourcequotas',
  RoleBinding: 'apis/rbac.authorization.k8s.io/v1 rolebindings',
};

function pathOf({ kind, metadata }: Manifest, namespace: string): string {
  const [root, plural] = PLURALS[kind]!.split(' ');
  return `/${root}/namespaces/${namespace}/${plural}/${metadata!.name!}`;
}
