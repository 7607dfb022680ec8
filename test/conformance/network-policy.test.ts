import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readPaths } from '../../src/cli/input';
import { formatConnections, nameConnection } from '../../src/network/format';
import { analyzeNetwork } from '../../src/network/reachability';

const CORPUS = corpus();
const describeWithCorpus = CORPUS ? describe : describe.skip;
const CLUSTERS = CORPUS ? readdirSync(CORPUS).filter((name) => name !== 'LICENSE') : [];

/** @throws in CI, where a skipped test would pass for a good one. */
function corpus(): string | undefined {
  const folder = process.env.BULWARK_CORPORA && join(process.env.BULWARK_CORPORA, 'network-policy');
  if (folder && existsSync(folder)) return folder;
  if (process.env.CI) throw new Error('BULWARK_CORPORA must name the folder of published cases in CI');
  return undefined;
}

describeWithCorpus('The published clusters have exactly their connections (needs BULWARK_CORPORA)', () => {
  it('and there are as many as were published', () => {
    expect(CLUSTERS).toHaveLength(22);
  });

  it.each(CLUSTERS)('%s', (cluster) => {
    const connections = connectionsOf(cluster);
    const expected = readFileSync(join(CORPUS!, cluster, 'expected.txt'), 'utf8')
      .trim()
      .split('\n');
    expect(formatConnections(connections).split('\n')).toEqual(expected.sort());
  });

  it.each(CLUSTERS.filter((cluster) => existsSync(join(CORPUS!, cluster, 'expected.json'))))(
    '%s as JSON',
    (cluster) => {
      const expected = JSON.parse(readFileSync(join(CORPUS!, cluster, 'expected.json'), 'utf8')) as object[];
      expect(connectionsOf(cluster).map(nameConnection)).toEqual(
        expect.arrayContaining(expected.map((one) => expect.objectContaining(one))),
      );
      expect(connectionsOf(cluster)).toHaveLength(expected.length);
    },
  );
});

function connectionsOf(cluster: string) {
  const { manifests, errors } = readPaths([join(CORPUS!, cluster, 'manifests')]);
  expect(errors).toEqual([]);
  return analyzeNetwork(manifests.map(({ manifest }) => manifest)).connections();
}
