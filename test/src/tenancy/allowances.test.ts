import { allowancesConfigMap, type TenantAllowances } from '../../../src/tenancy/allowances';

describe('the allowances of a tenant', () => {
  it('are one ConfigMap that the platform owns, with a list to each key, one value a line', () => {
    const allowances: TenantAllowances = {
      registries: ['registry.example.com/shop/', 'docker.io/library/'],
      imageDigests: true,
      ingressHosts: ['shop.example.com', '*.shop.example.com'],
      ingressClasses: ['nginx'],
      roleRefs: ['ClusterRole/view', 'Role/reader'],
      networkCidrs: ['198.51.100.0/24', '2001:db8::/32'],
      waivedControls: ['read-only-root-filesystem'],
    };
    expect(allowancesConfigMap('shop-web', allowances)).toEqual({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {
        name: 'tenant-allowances',
        namespace: 'shop-web',
        labels: { 'cdk8s-bulwark/platform-owned': 'true' },
      },
      data: {
        imageDigests: 'true',
        registries: 'registry.example.com/shop/\ndocker.io/library/',
        ingressHosts: 'shop.example.com\n*.shop.example.com',
        ingressClasses: 'nginx',
        storageClasses: '*',
        roleRefs: 'ClusterRole/view\nRole/reader',
        networkCidrs: '198.51.100.0/24\n2001:db8::/32',
        waivedControls: 'read-only-root-filesystem',
      },
    });
  });

  it('allow any image, any IngressClass and any StorageClass, and else nothing, where nothing is said', () => {
    expect(allowancesConfigMap('shop-web').data).toEqual({
      imageDigests: 'false',
      registries: '*',
      ingressClasses: '*',
      storageClasses: '*',
    });
  });

  it('allow nothing where a list is empty', () => {
    const { data } = allowancesConfigMap('shop-web', { registries: [], storageClasses: [] });
    expect(data).toEqual({ imageDigests: 'false', ingressClasses: '*' });
  });

  it.each<[TenantAllowances, string]>([
    [
      { registries: ['registry.io'] },
      "shop: registries holds 'registry.io', which is not a prefix of images that ends in '/', such as 'registry.example.com/shop/'. " +
        "Write 'registry.io/': without the slash it would allow the images of registry.io.evil as well.",
    ],
    [
      { registries: ['/'] },
      "shop: registries holds '/', which is not a prefix of images that ends in '/', such as 'registry.example.com/shop/'. Write it that way, or remove it.",
    ],
    [
      { registries: ['*'] },
      "shop: registries holds '*', which is not a prefix of images that ends in '/', such as 'registry.example.com/shop/'. " +
        "Write '*/': without the slash it would allow the images of *.evil as well.",
    ],
    [
      { ingressHosts: ['*'] },
      "shop: ingressHosts holds '*', which is not a host such as 'shop.example.com' or '*.shop.example.com'. Write it that way, or remove it.",
    ],
    [
      { ingressHosts: ['a.example\n*'] },
      "shop: ingressHosts holds 'a.example\n*', which is not a host such as 'shop.example.com' or '*.shop.example.com'. Write it that way, or remove it.",
    ],
    [
      { priorityClasses: ['High'] },
      "shop: priorityClasses holds 'High', which is not the name of an object: lower-case letters, digits, hyphens and dots. Write it that way, or remove it.",
    ],
    [
      { tolerations: ['*'] },
      "shop: tolerations holds '*', which is not a taint 'KEY=VALUE' of nodes, or the 'KEY' of one. Write it that way, or remove it.",
    ],
    [
      { nodeLabels: ['pool'] },
      "shop: nodeLabels holds 'pool', which is not a label 'KEY=VALUE' of nodes. Write it that way, or remove it.",
    ],
    [
      { sandboxes: ['gvisor'], runtimeClasses: ['runc'] },
      'shop: has sandboxes, of which every pod has to name one, and runtimeClasses beside them, which would lead out of them. Remove runtimeClasses.',
    ],
    [
      { roleRefs: ['view'] },
      "shop: roleRefs holds 'view', which is not 'Role/NAME' or 'ClusterRole/NAME'. Write it that way, or remove it.",
    ],
    [
      { networkCidrs: ['0.0.0.0/0'] },
      "shop: networkCidrs holds '0.0.0.0/0', which is every address, the cloud's metadata and other tenants included. Name the blocks that are meant.",
    ],
    [
      { networkCidrs: ['10.0.0.1'] },
      "shop: networkCidrs: '10.0.0.1' is not an address block. Write ADDRESS/LENGTH, for example 10.0.0.0/8 or fd00::/8.",
    ],
  ])('%j are refused', (allowances, message) => {
    expect(() => allowancesConfigMap('shop-web', allowances, 'shop')).toThrow(message);
  });

  it('waive no control that is none', () => {
    expect(() => allowancesConfigMap('shop-web', { waivedControls: ['no-root'] }, 'shop')).toThrow(
      "shop: waivedControls holds 'no-root', which is no control, so nothing would be waived. Use one of: no-privileged-container, ",
    );
  });
});
