import { BulwarkError } from '../../../src/errors';
import { Dns } from '../../../src/target/dns';
import { ClusterTarget, DEFAULT_TARGET, type ClusterCapabilities } from '../../../src/target/target';

describe('ClusterTarget.kubernetes', () => {
  it.each([
    '1.26',
    '1.38',
    '1.9',
    '1.270',
    '2.30',
    '1',
    '',
    '1.',
    'latest',
    '1.30beta',
    ' 1.30',
    '1.30\n',
    '1.-30',
    '1.3e1',
  ])('refuses version %j and names the versions that it takes', (version) => {
    expect(() => ClusterTarget.kubernetes(version)).toThrow(BulwarkError);
    expect(() => ClusterTarget.kubernetes(version)).toThrow(`'${version}' is not supported`);
    expect(() => ClusterTarget.kubernetes(version)).toThrow('Use 1.27 to 1.37');
  });

  it.each([
    ['1.27', 27],
    ['1.37', 37],
    ['v1.33', 33],
    ['1.33.4', 33],
    ['v1.33.4+k3s1', 33],
    ['v1.30.6-gke.1125000', 30],
    ['1.31+', 31],
  ])('takes %s as servers write it', (version, minor) => {
    expect(ClusterTarget.kubernetes(version)).toMatchObject({ version: `1.${minor}`, minor });
  });

  it.each([
    ['1.27', 'annotation', false],
    ['1.29', 'annotation', false],
    ['1.30', 'field', false],
    ['1.32', 'field', false],
    ['1.33', 'field', true],
    ['1.37', 'field', true],
  ])('takes for %s AppArmor as %s and user namespaces: %s', (version, appArmor, userNamespaces) => {
    expect(ClusterTarget.kubernetes(version)).toMatchObject({ appArmor, userNamespaces });
  });

  it('has defaults that suit a plain cluster of kubeadm', () => {
    expect(ClusterTarget.kubernetes('1.33')).toMatchObject({
      dns: Dns.coreDns(),
      apiServer: undefined,
      ipFamilies: ['IPv4'],
      cni: undefined,
      sealedSecrets: false,
      externalSecrets: false,
      clusterNetworkPolicy: false,
    });
    expect(DEFAULT_TARGET.version).toBe('1.30');
  });

  it('takes an option that is undefined for one that is left out', () => {
    const capabilities = { appArmor: undefined, dns: undefined, userNamespaces: undefined };
    expect(ClusterTarget.kubernetes('1.33', capabilities)).toEqual(ClusterTarget.kubernetes('1.33'));
  });

  it('keeps what it is told', () => {
    const capabilities: ClusterCapabilities = {
      appArmor: 'none',
      userNamespaces: false,
      ipFamilies: ['IPv6'],
      cni: 'cilium',
      sealedSecrets: true,
    };
    expect(ClusterTarget.kubernetes('1.33', capabilities)).toMatchObject(capabilities);
  });

  it('names both ports of the API server unless told otherwise', () => {
    const at = (ports?: number[]) =>
      ClusterTarget.kubernetes('1.33', { apiServer: { cidrs: ['10.96.0.1/32'], ports } }).apiServer;
    expect(at()).toMatchObject({ cidrs: ['10.96.0.1/32'], ports: [443, 6443] });
    expect(at([16443])).toMatchObject({ cidrs: ['10.96.0.1/32'], ports: [16443] });
  });

  it.each<[string, string, ClusterCapabilities, string]>([
    ['an AppArmor field before 1.30', '1.29', { appArmor: 'field' }, "Use 'annotation' or leave it out"],
    ['both styles of AppArmor before 1.30', '1.27', { appArmor: 'both' }, 'needs Kubernetes 1.30'],
    ['no address family', '1.33', { ipFamilies: [] }, "Use ['IPv4'], ['IPv6'] or both"],
    ['Flannel, however it is written', '1.33', { cni: 'Flannel' }, 'ignores NetworkPolicy'],
    ['the internet as the API server', '1.33', { apiServer: { cidrs: ['0.0.0.0/0'] } }, 'the whole internet'],
    ['the IPv6 internet as the API server', '1.33', { apiServer: { cidrs: ['::/0'] } }, 'the whole internet'],
    ['an API server without addresses', '1.33', { apiServer: { cidrs: [] } }, 'apiServer.cidrs is empty'],
    [
      'an API server that is no block',
      '1.33',
      { apiServer: { cidrs: ['10.0.0.1'] } },
      'is not an address block',
    ],
  ])('refuses %s and says what to write', (_name, version, capabilities, message) => {
    expect(() => ClusterTarget.kubernetes(version, capabilities)).toThrow(BulwarkError);
    expect(() => ClusterTarget.kubernetes(version, capabilities)).toThrow(message);
  });

  it.each(['annotation', 'none'] as const)('takes AppArmor %s in every version', (appArmor) => {
    expect(ClusterTarget.kubernetes('1.27', { appArmor }).appArmor).toBe(appArmor);
    expect(ClusterTarget.kubernetes('1.37', { appArmor }).appArmor).toBe(appArmor);
  });
});

describe('Dns.coreDns', () => {
  it('is what installers of Kubernetes deploy', () => {
    expect(Dns.coreDns()).toEqual({
      namespace: 'kube-system',
      podLabels: { 'k8s-app': 'kube-dns' },
      port: 53,
      nodeLocal: [],
    });
  });

  it('takes one address of a node-local cache or several', () => {
    expect(Dns.coreDns({ nodeLocal: '169.254.20.10' }).nodeLocal).toEqual(['169.254.20.10']);
    expect(Dns.coreDns({ nodeLocal: ['169.254.20.10', 'fd00::10'], port: 5353 })).toMatchObject({
      nodeLocal: ['169.254.20.10', 'fd00::10'],
      port: 5353,
    });
  });
});
