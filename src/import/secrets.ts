import { isDeepStrictEqual } from 'node:util';
import { BulwarkError } from '../errors';
import type { JsonObject, Manifest } from '../manifest/manifest';
import { readSealedSecret } from '../seal/sealed-secret';
import type { Made } from './made';
import { readingOf, Unsaid, type Reading } from './reading';
import { call, pathFromHere, type Code } from './source-text';

/** Where the ciphertext of a SealedSecret is kept, below the folder of the program. */
export function sealedFile({ metadata }: Manifest): string {
  const { namespace, name } = metadata ?? {};
  return namespace === undefined ? `sealed/${name}.yaml` : `sealed/${namespace}/${name}.yaml`;
}

/** @throws Unsaid for a SealedSecret of which the construct would make another one. */
export function sealedSecret(manifest: Manifest): Made {
  if (!isFileName(manifest.metadata?.name)) throw new Unsaid('metadata.name');
  if (!isDeepStrictEqual(json(manifest.spec), json(specAgain(manifest)))) throw new Unsaid('spec');
  const up = manifest.metadata?.namespace === undefined ? './' : '../';
  const file = pathFromHere(`${up}${sealedFile(manifest)}`);
  return { as: 'construct', construct: 'SealedSecret', props: { file } };
}

function isFileName(name: unknown): boolean {
  return typeof name === 'string' && /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/.test(name);
}

/** What the construct writes for the file. */
function specAgain(manifest: Manifest): JsonObject {
  try {
    const { metadata, encryptedData, type, immutable, templateData } = readSealedSecret(
      JSON.stringify(manifest),
      'it',
    );
    if (!isDeepStrictEqual(json(metadata), json(manifest.metadata))) throw new Unsaid('metadata');
    const { name, namespace, annotations, labels } = metadata;
    return {
      encryptedData,
      template: {
        metadata: { name, namespace, annotations, labels },
        type,
        immutable,
        data: templateData,
      },
    };
  } catch (error) {
    if (error instanceof BulwarkError) throw new Unsaid('spec');
    throw error;
  }
}

function json(value: unknown): unknown {
  return value === undefined ? undefined : JSON.parse(JSON.stringify(value));
}

/** @throws Unsaid for what the construct ExternalSecret does not say. */
export function externalSecret(manifest: Manifest): Made {
  const reading = readingOf(manifest);
  reading.expect('apiVersion', 'external-secrets.io/v1');
  reading.text('kind');
  const metadata = reading.needed('metadata');
  const name = metadata.text('name') ?? '';
  const namespace = metadata.text('namespace');
  metadata.close();
  const spec = reading.needed('spec');
  const target = spec.within('target');
  target?.expect('name', name);
  target?.expect('creationPolicy', 'Owner');
  target?.expect('deletionPolicy', 'Retain');
  const isImmutable = target?.flag('immutable') === true;
  const type = templateType(target);
  target?.close();
  const props = {
    store: store(spec, namespace),
    name,
    data: values(spec),
    extract: extracts(spec),
    refreshInterval: interval(spec),
    type,
    immutable: isImmutable ? true : undefined,
  };
  spec.close();
  reading.close();
  return { as: 'construct', construct: 'ExternalSecret', props };
}

function templateType(target: Reading | undefined): string | undefined {
  const template = target?.within('template');
  const type = template?.text('type');
  template?.close();
  return type;
}

/** The namespace may use the store, or the Secret would not be there. */
function store(spec: Reading, namespace: string | undefined): Code {
  const reading = spec.needed('secretStoreRef');
  const name = reading.text('name');
  const kind = reading.text('kind') ?? 'SecretStore';
  reading.close();
  if (name === undefined || namespace === undefined || !/^(Cluster)?SecretStore$/.test(kind))
    throw new Unsaid(reading.path);
  return { name, kind, namespaces: [namespace] };
}

function values(spec: Reading): Code | undefined {
  const found = spec.each('data').map((value): [string, Code] => {
    const remote = value.needed('remoteRef');
    remote.expect('conversionStrategy', 'Default');
    remote.expect('decodingStrategy', 'None');
    remote.expect('metadataPolicy', 'None');
    const code = {
      key: remote.text('key'),
      property: remote.text('property'),
      version: remote.text('version'),
    };
    const key = value.text('secretKey') ?? '';
    [remote, value].forEach((part) => part.close());
    if (!/^[-._a-zA-Z0-9]*[-._a-zA-Z][-._a-zA-Z0-9]*$/.test(key)) throw new Unsaid(value.path);
    return [key, code];
  });
  if (new Set(found.map(([key]) => key)).size < found.length) throw new Unsaid(`${spec.path}.data`);
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}

function extracts(spec: Reading): Code | undefined {
  const found = spec.each('dataFrom').map((entry): Code => {
    const extract = entry.needed('extract');
    const key = extract.text('key');
    [extract, entry].forEach((part) => part.close());
    if (key === undefined) throw new Unsaid(entry.path);
    return key;
  });
  return found.length > 0 ? found : undefined;
}

/** An hour is what the construct and the operator take by themselves. */
function interval(spec: Reading): Code | undefined {
  const text = spec.text('refreshInterval') ?? '1h';
  const parts = /^(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(text);
  const [hours, minutes, rest] = (parts ?? []).slice(1).map((part) => Number(part ?? 0));
  if (!parts || text === '') throw new Unsaid(`${spec.path}.refreshInterval`);
  const total = hours! * 3600 + minutes! * 60 + rest!;
  if (total === 3600) return undefined;
  return call(
    total % 60 === 0 ? 'Duration.minutes' : 'Duration.seconds',
    total % 60 === 0 ? total / 60 : total,
  );
}
