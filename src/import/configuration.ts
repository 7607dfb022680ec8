import type { Manifest } from '../manifest/manifest';
import { sizeCode } from './container';
import type { Made, Props } from './made';
import { readingOf, Unsaid } from './reading';
import { verbatim, type Code } from './source-text';
import { metadataProps } from './workload';

/** @throws Unsaid for what the ConfigMap of cdk8s-plus cannot say. */
export function configMap(manifest: Manifest): Made {
  const reading = readingOf(manifest);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const props: Props = {
    metadata: metadataProps(reading.needed('metadata')),
    data: reading.texts('data'),
    binaryData: reading.texts('binaryData'),
    immutable: reading.flag('immutable') === true ? true : undefined,
  };
  reading.close();
  return { as: 'construct', construct: 'ConfigMap', props };
}

const ACCESS_MODES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ReadWriteOnce: 'READ_WRITE_ONCE',
    ReadOnlyMany: 'READ_ONLY_MANY',
    ReadWriteMany: 'READ_WRITE_MANY',
    ReadWriteOncePod: 'READ_WRITE_ONCE_POD',
  }),
);

/** @throws Unsaid for what the PersistentVolumeClaim of cdk8s-plus cannot say. */
export function volumeClaim(manifest: Manifest): Made {
  const reading = readingOf(manifest);
  ['apiVersion', 'kind'].forEach((key) => reading.text(key));
  const metadata = metadataProps(reading.needed('metadata'));
  const spec = reading.needed('spec');
  const resources = spec.needed('resources');
  const requests = resources.needed('requests');
  const size = requests.quantity('storage') ?? '';
  const storage = /Gi$/.test(size) ? sizeCode(size) : undefined;
  if (!storage) throw new Unsaid('spec.resources.requests.storage');
  spec.expect('volumeMode', 'Filesystem');
  const props: Props = {
    metadata,
    storage,
    accessModes: spec.words('accessModes')?.map((mode): Code => {
      const name = ACCESS_MODES.get(mode);
      if (name === undefined) throw new Unsaid('spec.accessModes');
      return verbatim(`PersistentVolumeAccessMode.${name}`);
    }),
    storageClassName: spec.text('storageClassName'),
  };
  [requests, resources, spec, reading].forEach((part) => part.close());
  return { as: 'construct', construct: 'PersistentVolumeClaim', props };
}
