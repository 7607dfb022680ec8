import { API_RESOURCES, resolveResource } from '../../src/manifest/api-resources';
import { pluralOf } from '../../src/manifest/custom-resources';
import { describeWithApiServer, serverMinor } from './harness';

/** What the discovery says of a resource, in the words of the table. */
interface Discovered {
  readonly name: string;
  readonly kind: string;
  readonly group: string;
  readonly namespaced: boolean;
  readonly verbs: readonly string[];
}

/** The kubelet asks for these itself, so no discovery has them. */
const OF_KUBELET = ['configz', 'healthz', 'log', 'metrics', 'pods', 'stats'].map((part) => `nodes/${part}`);

describeWithApiServer('the table of resources', (server) => {
  async function discover(): Promise<Discovered[]> {
    const { body } = await server().request('GET', '/apis');
    const roots = body.groups.map(({ name, preferredVersion }: any) => [
      name,
      `/apis/${preferredVersion.groupVersion}`,
    ]);
    const lists = [['', '/api/v1'], ...roots].map(async ([group, root]) => {
      const { resources } = (await server().request('GET', root)).body;
      return resources.map((resource: any) => ({ ...resource, group }));
    });
    return (await Promise.all(lists)).flat();
  }

  it('knows every resource that the server has, with its group, its scope and its verbs', async () => {
    const discovered = await discover();
    expect(discovered.length).toBeGreaterThan(80);
    for (const { name, group, namespaced, verbs } of discovered) {
      const known = resolveResource(group === '' ? name : withGroup(name, group));
      expect(known && { ...known, verbs: [...known.verbs].sort() }).toEqual({
        group,
        namespaced,
        resource: name,
        verbs: [...verbs].sort(),
      });
    }
  });

  it('has the plural of every kind', async () => {
    const kinds = (await discover()).filter(({ name }) => !name.includes('/'));
    expect(kinds.map(({ kind }) => pluralOf(kind))).toEqual(kinds.map(({ name }) => name));
  });

  // An older server lacks what came later.
  if ((serverMinor() ?? 37) >= 37) {
    it('knows none beyond', async () => {
      const served = new Set((await discover()).map(({ name, group }) => `${group}/${name}`));
      const beyond = Object.entries(API_RESOURCES)
        .map(([name, { group }]) => ({ name, key: `${group}/${name.replace(`.${group}`, '')}` }))
        .filter(({ key }) => !served.has(key))
        .map(({ name }) => name);
      expect(beyond).toEqual(OF_KUBELET);
    });
  }
});

function withGroup(name: string, group: string): string {
  const [plural, subresource] = name.split('/');
  return `${plural}.${group}${subresource ? `/${subresource}` : ''}`;
}
