import { withOwnImage } from '../../../src/drift/own-image';
import type { Manifest } from '../../../src/manifest/manifest';

const DECLARED = `registry.example/watch@sha256:${'a'.repeat(64)}`;
const LIVE = `registry.example/watch@sha256:${'b'.repeat(64)}`;
const OWN = { namespace: 'ops', name: 'watch' };

const cronJob = (
  image: unknown,
  name = 'watch',
  containers = [{ name: 'drift', image, args: ['x'] }],
): Manifest => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { namespace: 'ops', name },
  spec: { schedule: '@daily', jobTemplate: { spec: { template: { spec: { containers } } } } },
});

describe('what an image knows of the manifests that are built into it', () => {
  it('is the digest that runs, and nothing else', () => {
    const declared = [cronJob(DECLARED), cronJob(DECLARED, 'other')];
    expect(withOwnImage(declared, [cronJob(LIVE), cronJob(LIVE, 'other')], OWN)).toEqual([
      cronJob(LIVE),
      cronJob(DECLARED, 'other'),
    ]);
    expect(declared[0]).toEqual(cronJob(DECLARED));
  });

  it.each<[string, unknown]>([
    ['another image', `registry.example/other@sha256:${'b'.repeat(64)}`],
    ['an image by its tag', 'registry.example/watch:latest'],
    ['a digest that is none', 'registry.example/watch@sha256:abc'],
    ['nothing', undefined],
  ])('stays what was declared when the CronJob runs %s', (_title, image) => {
    expect(withOwnImage([cronJob(DECLARED)], [cronJob(image)], OWN)).toEqual([cronJob(DECLARED)]);
    expect(withOwnImage([cronJob(image)], [cronJob(LIVE)], OWN)).toEqual([cronJob(image)]);
  });

  it('stays what was declared when there is no such CronJob, container or spec', () => {
    for (const live of [[], [cronJob(LIVE, 'watch', [])], [{ ...cronJob(LIVE), spec: null }]]) {
      expect(withOwnImage([cronJob(DECLARED)], live, OWN)).toEqual([cronJob(DECLARED)]);
    }
  });
});
