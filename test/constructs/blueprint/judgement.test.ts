import { ApiObject, Chart } from 'cdk8s';
import { Blueprint, ClusterTarget, HardenedDeployment, Waivers, type Proof } from '../../../constructs';
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

describe('a waiver of a control about pods', () => {
  it('is recorded on the pods that need it, and on no others', () => {
    const { cluster, web } = blueprint();
    const containers = [{ image: 'registry.example/api:1.4.2', port: 8080 }];
    new HardenedDeployment(web, 'api', { containers });
    new HardenedDeployment(web, 'agent', { containers, hostNetwork: true });
    Waivers.of(web).waive('no-host-network', { reason: REASON });
    const annotations = (name: string) => objectOf(cluster, 'Deployment', name).metadata?.annotations;
    expect(annotations('agent')).toEqual({ [`${WAIVER_ANNOTATION}no-host-network`]: REASON });
    expect(annotations('api')).toBeUndefined();
  });
});
