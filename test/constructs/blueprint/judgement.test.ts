import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { ApiObject, Chart, Include } from 'cdk8s';
import {
  Blueprint,
  ClusterTarget,
  HardenedDeployment,
  LockedServiceAccount,
  Waivers,
  type Proof,
} from '../../../constructs';
import { waiveWhereNeeded } from '../../../constructs/workload/waivers';
import { WAIVER_ANNOTATION } from '../../../src/controls/waiver';
import { describeObject } from '../../../src/manifest/manifest';
import { blueprint, objectOf } from '../support';

const REASON = 'the vendor publishes it in this form only';

function message(cluster: Blueprint): string {
  try {
    cluster.synthYaml();
  } catch (error) {
    return (error as Error).message;
  }
  return '';
}

function configMap(scope: Chart, name: string, data: Record<string, string>): ApiObject {
  return new ApiObject(scope, name, { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data });
}

describe('what a blueprint asks of objects without pods', () => {
  it('is told by construct path, with what, why, the fix and how to waive it', () => {
    const { cluster, web } = blueprint();
    configMap(web, 'settings', { DATABASE_PASSWORD: 'correct-horse-battery' });
    expect(message(cluster)).toBe(
      'The blueprint has a problem, and nothing was written:\n' +
        '- shop/web/settings (ConfigMap shop-web/settings): data breaks no-credential-in-config-map: ' +
        'No ConfigMap holds a credential in plain text. Rights to read ConfigMaps are given freely, and they are not encrypted ' +
        'at rest; whatever is in one is known to the namespace. Fix: Change the credential, and put the new one into a Secret ' +
        "that is sealed or kept outside. Or, with a reason: Waivers.of(scope).waive('no-credential-in-config-map', { reason: '...' }).",
    );
  });

  it('is excused by a waiver of the construct or above it, which the object then carries', () => {
    const { cluster, web } = blueprint();
    configMap(web, 'settings', { DATABASE_PASSWORD: 'correct-horse-battery' });
    configMap(web, 'colours', { colour: 'green' });
    Waivers.of(web).waive('no-credential-in-config-map', { reason: REASON, expires: '2999-12-31' });
    expect(message(cluster)).toBe('');
    expect(objectOf(cluster, 'ConfigMap', 'settings').metadata?.annotations).toEqual({
      [`${WAIVER_ANNOTATION}no-credential-in-config-map`]: `${REASON}; expires 2999-12-31`,
    });
    expect(objectOf(cluster, 'ConfigMap', 'colours').metadata?.annotations).toBeUndefined();
  });

  it('is not excused by a waiver that has expired', () => {
    const { cluster, web } = blueprint();
    configMap(web, 'settings', { DATABASE_PASSWORD: 'correct-horse-battery' });
    Waivers.of(web).waive('no-credential-in-config-map', { reason: REASON, expires: '2020-01-31' });
    expect(message(cluster)).toContain(
      "shop/web/settings: the waiver of 'no-credential-in-config-map' expired on 2020-01-31",
    );
    expect(message(cluster)).toContain('data breaks no-credential-in-config-map');
  });
});

describe('parameters of a blueprint', () => {
  const images = (registry: string) => {
    const { target } = blueprint().cluster;
    const cluster = new Blueprint({ target, parameters: { registries: [registry] } });
    new HardenedDeployment(new Chart(cluster, 'web', { namespace: 'web' }), 'api', {
      containers: [{ image: 'registry.example/api:1.4.2', port: 8080 }],
    });
    return message(cluster);
  };

  it('say which registries images may come from', () => {
    expect(images('registry.example/')).not.toContain('allowed-registries');
    expect(images('mirror.example/')).toContain(
      'spec.template.spec.containers[0].image breaks allowed-registries',
    );
  });
});

describe('a proof that is added to a blueprint', () => {
  const noMap: Proof = (manifests, target) =>
    manifests
      .filter(({ kind, metadata }) => kind === 'ConfigMap' && metadata?.name !== 'tenant-allowances')
      .map((manifest) => ({
        manifest,
        field: 'kind',
        what: `${describeObject(manifest)} is a map on ${target.version}`,
        why: 'Maps mislead.',
        fix: 'Remove it.',
      }));

  it('fails the synthesis at the construct of the manifest, after everything else that is wrong', () => {
    const { cluster, web } = blueprint('1.33');
    configMap(web, 'colours', { colour: 'green' });
    cluster.prove(noMap);
    expect(message(cluster)).toBe(
      'The blueprint has a problem, and nothing was written:\n' +
        '- shop/web/colours (ConfigMap shop-web/colours): kind: ConfigMap shop-web/colours is a map on 1.33. Maps mislead. Fix: Remove it.',
    );
  });

  it('is asked once about the manifests as they are written', () => {
    const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33') });
    configMap(new Chart(cluster, 'web', { namespace: 'web' }), 'colours', { colour: 'green' });
    const asked: unknown[] = [];
    cluster.prove((manifests) => {
      asked.push(manifests);
      return [];
    });
    cluster.synthYaml();
    expect(asked).toEqual([
      [
        {
          apiVersion: 'v1',
          kind: 'ConfigMap',
          metadata: { name: 'colours', namespace: 'web' },
          data: { colour: 'green' },
        },
      ],
    ]);
  });
});

/** Part of a container that breaks a control, and leads nowhere. */
const ESCALATES = { securityContext: { allowPrivilegeEscalation: true } };

describe('a waiver of a control about pods', () => {
  it('is recorded on the pods that need it, and on no others', () => {
    const { cluster, web } = blueprint();
    const containers = [{ image: 'registry.example/api:1.4.2', port: 8080 }];
    new HardenedDeployment(web, 'api', { containers });
    new HardenedDeployment(web, 'agent', { containers: [{ ...containers[0]!, ...ESCALATES }] });
    Waivers.of(web).waive('no-privilege-escalation', { reason: REASON });
    const annotations = (name: string) => objectOf(cluster, 'Deployment', name).metadata?.annotations;
    expect(annotations('agent')).toEqual({ [`${WAIVER_ANNOTATION}no-privilege-escalation`]: REASON });
    expect(annotations('api')).toBeUndefined();
  });
});

type Annotations = Record<string, unknown>;

describe('a waiver that a manifest brings with it', () => {
  const include = (scope: Chart, ofPod: Annotations, ofMap: Annotations) => {
    const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'bulwark-include-'));
    const url = path.join(folder, 'chart.yaml');
    const metadata = (name: string, annotations: Annotations) => ({
      name,
      annotations,
      namespace: 'shop-web',
    });
    const pod = { serviceAccountName: 'agent', containers: [{ ...CONTAINER, ...ESCALATES }] };
    const documents = [
      { apiVersion: 'v1', kind: 'Pod', metadata: metadata('agent', ofPod), spec: pod },
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: metadata('settings', ofMap),
        data: { DATABASE_PASSWORD: 'correct-horse-battery' },
      },
    ];
    fs.writeFileSync(url, documents.map((document) => JSON.stringify(document)).join('\n---\n'));
    new Include(scope, 'chart', { url });
    fs.rmSync(folder, { recursive: true });
  };
  const CONTAINER = { name: 'agent', image: 'registry.example/agent:1.0.0' };
  const waive = (control: string) => `${WAIVER_ANNOTATION}${control}`;
  const [ESCALATION, CREDENTIAL] = [waive('no-privilege-escalation'), waive('no-credential-in-config-map')];

  function included(ofPod: Annotations, ofMap: Annotations = { [CREDENTIAL]: REASON }) {
    const { cluster, web } = blueprint();
    new LockedServiceAccount(web, 'agent', { metadata: { name: 'agent' } });
    include(web, ofPod, ofMap);
    return { cluster, web };
  }

  it('excuses what it says, in pods and elsewhere, and stays as it is', () => {
    const [ofPod, ofMap] = [{ [ESCALATION]: REASON }, { [CREDENTIAL]: `${REASON}; expires 2999-12-31` }];
    const { cluster } = included(ofPod, ofMap);
    expect(message(cluster)).toBe('');
    expect(objectOf(cluster, 'Pod', 'agent').metadata?.annotations).toEqual(ofPod);
    expect(objectOf(cluster, 'ConfigMap', 'settings').metadata?.annotations).toEqual(ofMap);
  });

  it.each([
    [
      'has expired',
      `${REASON}; expires 2020-01-31`,
      "The waiver of 'no-privilege-escalation' expired on 2020-01-31",
    ],
    ['ends on no day', `${REASON}; expires 2999-02-31`, "expires on '2999-02-31', which is no day"],
    [
      'has no reason',
      'because',
      "The waiver of 'no-privilege-escalation' has no reason that could be reviewed",
    ],
    ['is no text', true, "The waiver of 'no-privilege-escalation' has no reason that could be reviewed"],
  ])('excuses nothing and is a problem where it %s', (_what, value, fault) => {
    const text = message(included({ [ESCALATION]: value }).cluster);
    expect(text).toContain(`metadata.annotations['${ESCALATION}']`);
    expect(text).toContain(fault);
    expect(text).toContain(
      '(Pod shop-web/agent): spec.containers[0].securityContext.allowPrivilegeEscalation breaks no-privilege-escalation',
    );
  });

  it('is a problem where it waives no control', () => {
    const text = message(included({ [waive('no-such')]: REASON, [ESCALATION]: REASON }).cluster);
    expect(text).toContain("It waives 'no-such', which is no control");
    expect(text).not.toContain('breaks');
  });

  it('is a problem where it excuses nothing, unless no blueprint asks its control', () => {
    const text = message(included({ [ESCALATION]: REASON, [waive('no-host-ipc')]: REASON }).cluster);
    expect(text).toContain(
      `metadata.annotations['${waive('no-host-ipc')}']: The waiver of 'no-host-ipc' excuses nothing`,
    );
    expect(text).toMatch(/has a problem,/);
    expect(message(included({ [ESCALATION]: REASON, [waive('image-digest')]: REASON }).cluster)).toBe('');
  });

  it('comes before one of a construct above', () => {
    const { cluster, web } = included({ [ESCALATION]: REASON });
    const other = new ApiObject(web, 'other-agent', {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'other-agent' },
      spec: { serviceAccountName: 'agent', containers: [{ ...CONTAINER, ...ESCALATES }] },
    });
    Waivers.of(web).waive('no-privilege-escalation', { reason: 'the reason of the chart' });
    expect(objectOf(cluster, 'Pod', other.name).metadata?.annotations?.[ESCALATION]).toBe(
      'the reason of the chart',
    );
    expect(objectOf(cluster, 'Pod', 'agent').metadata?.annotations?.[ESCALATION]).toBe(REASON);
  });
});

describe('a waiver that excuses nothing', () => {
  const CONTAINERS = [{ image: 'registry.example/api:1.4.2', port: 8080 }];

  it('anywhere below its construct is a problem, told by path with its reason', () => {
    const { cluster, web } = blueprint();
    new HardenedDeployment(web, 'agent', { containers: [{ ...CONTAINERS[0]!, ...ESCALATES }] });
    const api = new HardenedDeployment(web, 'api', { containers: CONTAINERS });
    Waivers.of(web).waive('no-privilege-escalation', { reason: REASON });
    Waivers.of(api).waive('no-privilege-escalation', { reason: REASON });
    Waivers.of(cluster).waive('no-credential-in-config-map', { reason: REASON });
    expect(message(cluster)).toBe(
      'The blueprint has 2 problems, and nothing was written:\n' +
        `- the app: the waiver of 'no-credential-in-config-map' (${REASON}) excuses nothing: remove it. ` +
        'One that is left behind excuses the next mistake, which nobody has reviewed.\n' +
        `- shop/web/api: the waiver of 'no-privilege-escalation' (${REASON}) excuses nothing: remove it. ` +
        'One that is left behind excuses the next mistake, which nobody has reviewed.',
    );
  });

  it('since a nearer one does is one too', () => {
    const { cluster, web } = blueprint();
    const agent = new HardenedDeployment(web, 'agent', { containers: [{ ...CONTAINERS[0]!, ...ESCALATES }] });
    Waivers.of(agent).waive('no-privilege-escalation', { reason: REASON });
    Waivers.of(web).waive('no-privilege-escalation', { reason: REASON });
    expect(message(cluster)).toMatch(
      /has a problem,.*\n- shop\/web: the waiver of 'no-privilege-escalation'/,
    );
  });

  it('is none where a construct of ours grants it to itself for when it is needed', () => {
    const { cluster, web } = blueprint();
    waiveWhereNeeded(web, 'no-privilege-escalation', REASON);
    expect(message(cluster)).toBe('');
  });

  it('is none where only another target or other parameters would ask the control', () => {
    const waived = (parameters: { registries?: readonly string[] }) => {
      const cluster = new Blueprint({ target: ClusterTarget.kubernetes('1.33'), parameters });
      const web = new Chart(cluster, 'web', { namespace: 'web' });
      configMap(web, 'colours', { colour: 'green' });
      Waivers.of(web).waive('allowed-registries', { reason: REASON });
      return message(cluster);
    };
    expect(waived({})).toBe('');
    expect(waived({ registries: ['registry.example/'] })).toContain("'allowed-registries'");
  });
});
