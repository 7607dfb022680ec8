import { App, Testing } from 'cdk8s';
import { ClusterTarget, Hardening, Waivers } from '../../constructs';
import {
  type ApiServer,
  create,
  createRestrictedNamespace,
  describeWithApiServer,
  podOf,
  serverMinor,
} from './harness';
import { ALREADY_COMPLIANT, STOCK_WORKLOADS, stockWorkloads } from './stock-app';

const NAMESPACE = 'stock';

/** What the fleet may be: the oldest server first, and the newer versions if the server under test is one of them. */
const TARGETS = [
  ['1.30', {}],
  ['1.30, AppArmor as field and annotation', { appArmor: 'both' }],
  ['1.30, AppArmor as annotation', { appArmor: 'annotation' }],
  ['1.33', {}],
  ['1.37', {}],
  ['1.37, AppArmor as field and annotation', { appArmor: 'both' }],
] as const;

const minorOf = (title: string) => Number(/^1\.(\d+)/.exec(title)![1]);
const isServed = ([title]: (typeof TARGETS)[number]) => minorOf(title) <= (serverMinor() ?? Infinity);

const synthesize = (harden: (app: App) => void): any[] => {
  const app = new App();
  const chart = stockWorkloads(app, NAMESPACE);
  Waivers.of(chart.node.findChild('web-configured')).waive('secret-as-file', {
    reason: 'this program reads its environment only',
  });
  harden(app);
  return Testing.synth(chart);
};

/** What the server says against each object, by name; without the objects that it accepts. */
async function refusals(server: ApiServer, objects: readonly any[]): Promise<Map<string, string>> {
  const answers = await Promise.all(
    objects.map(async (object) => {
      const { status, body } = await create(server, object, { dryRun: true });
      return [object.metadata.name, status === 201 ? undefined : body.message] as const;
    }),
  );
  return new Map(answers.filter((answer): answer is [string, string] => answer[1] !== undefined));
}

describeWithApiServer('a stock cdk8s App', (server) => {
  beforeAll(() => createRestrictedNamespace(server(), NAMESPACE));

  it('has most of its pods refused by a restricted namespace as long as nothing hardens it', async () => {
    const pods = synthesize(() => undefined)
      .map(podOf)
      .filter(Boolean);
    expect(pods).toHaveLength(STOCK_WORKLOADS);
    const refused = await refusals(server(), pods);
    const others = pods.map(({ metadata }) => metadata.name).filter((name) => name !== ALREADY_COMPLIANT);
    expect([...refused.keys()].sort()).toEqual(others.sort());
    for (const message of refused.values())
      expect(message).toContain('violates PodSecurity "restricted:latest"');
  });

  describe.each(TARGETS.filter(isServed))('hardened for Kubernetes %s', (title, capabilities) => {
    const target = ClusterTarget.kubernetes(`1.${minorOf(title)}`, capabilities);
    let manifests: any[];

    beforeAll(() => {
      manifests = synthesize((app) => Hardening.apply(app, { target }));
    });

    it('is accepted as a whole by strict validation', async () => {
      expect(await refusals(server(), manifests)).toEqual(new Map());
    });

    it('has every one of its pods admitted by a restricted namespace', async () => {
      const pods = manifests.map(podOf).filter(Boolean);
      expect(pods).toHaveLength(STOCK_WORKLOADS);
      expect(await refusals(server(), pods)).toEqual(new Map());
    });
  });
});
