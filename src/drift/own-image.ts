import { identityOf, isObject, type JsonObject, type Manifest } from '../manifest/manifest';

/** A CronJob whose image the declared manifests are built into. */
export interface OwnCronJob {
  readonly namespace: string;
  readonly name: string;
}

/**
 * The declared manifests as an image knows them that they are built into: they cannot name its digest, which depends on them. The
 * digest of its own CronJob is the live one, as long as the rest of the image's name is what was declared.
 */
export function withOwnImage(
  declared: readonly Manifest[],
  live: readonly Manifest[],
  { namespace, name }: OwnCronJob,
): Manifest[] {
  const own = identityOf({ apiVersion: 'batch/v1', kind: 'CronJob', metadata: { namespace, name } });
  const running = live.find((manifest) => identityOf(manifest) === own);
  if (!running) return [...declared];
  const images = new Map(containersOf(running.spec).map((container) => [container.name, container.image]));
  return declared.map((manifest) =>
    identityOf(manifest) === own ? { ...manifest, spec: withImages(manifest.spec, images) } : manifest,
  );
}

const TO_CONTAINERS = ['jobTemplate', 'spec', 'template', 'spec', 'containers'] as const;

function containersOf(spec: unknown): JsonObject[] {
  const containers = TO_CONTAINERS.reduce<unknown>((value, key) => (isObject(value) ? value[key] : []), spec);
  return Array.isArray(containers) ? containers.filter(isObject) : [];
}

function withImages(spec: unknown, images: ReadonlyMap<unknown, unknown>): JsonObject {
  const copy = structuredClone(spec) as JsonObject;
  for (const container of containersOf(copy)) {
    const image = images.get(container.name);
    const repository = repositoryOf(image);
    if (repository !== undefined && repository === repositoryOf(container.image)) container.image = image;
  }
  return copy;
}

/** Undefined for an image that is not named by its digest. */
function repositoryOf(image: unknown): string | undefined {
  return typeof image === 'string' ? /^(.+)@sha256:[0-9a-f]{64}$/.exec(image)?.[1] : undefined;
}
