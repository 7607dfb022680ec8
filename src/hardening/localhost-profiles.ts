import { APP_ARMOR_ANNOTATION } from '../controls/repairs';
import type { Problem, Proof } from '../controls/proof';
import { isObject, type Manifest } from '../manifest/manifest';
import { containersOf, podTemplateOf, templatePath, type PodTemplate } from '../manifest/pod';
import type { NodeProfileNames } from '../target/target';

/** A profile that a pod asks its node for. */
interface Asked {
  readonly kind: 'appArmor' | 'seccomp';
  readonly name: string;
  /** Below the pod's spec or, for an annotation, below the pod. */
  readonly field: string;
}

const WORDS = {
  appArmor: { title: 'AppArmor profile', cause: 'A kubelet starts no container whose profile is not loaded' },
  seccomp: {
    title: 'seccomp profile',
    cause: 'A kubelet starts no container whose profile it has no file of',
  },
} as const;

/**
 * The proof that every profile of type `Localhost` is one that nodes have: one of those given, or one of the target's.
 * The API server takes any name, and the pod then waits for ever.
 */
export function localhostProfilesExist(made: Required<NodeProfileNames>): Proof {
  return (manifests, target) => {
    const known = {
      appArmor: new Set([...made.appArmor, ...target.nodeProfiles.appArmor]),
      seccomp: new Set([...made.seccomp, ...target.nodeProfiles.seccomp]),
    };
    return manifests.flatMap((manifest) =>
      askedBy(manifest)
        .filter(({ kind, name }) => !known[kind].has(name))
        .map((asked) => unknownProfile(manifest, asked)),
    );
  };
}

function unknownProfile(manifest: Manifest, { kind, name, field }: Asked): Problem {
  const { title, cause } = WORDS[kind];
  return {
    manifest,
    field,
    what: `there is no ${title} ${JSON.stringify(name)}`,
    why: `${cause}, and the API server does not look.`,
    fix:
      'Make it with NodeProfiles and hand it over with useProfile, or say that nodes have it: ' +
      `ClusterTarget.kubernetes(version, { nodeProfiles: { ${kind}: [${JSON.stringify(name)}] } }).`,
  };
}

function askedBy(manifest: Manifest): Asked[] {
  const pod = podTemplateOf(manifest);
  if (!pod) return [];
  const prefix = templatePath(manifest)!
    .map((step) => `${step}.`)
    .join('');
  const holders = [{ path: 'spec', security: pod.spec.securityContext }].concat(
    containersOf(pod.spec).map(({ path, container }) => ({
      path: `spec.${path}`,
      security: container.securityContext,
    })),
  );
  const fields = holders.flatMap(({ path, security }) => [
    ...asked(
      'appArmor',
      security?.appArmorProfile,
      `${prefix}${path}.securityContext.appArmorProfile.localhostProfile`,
    ),
    ...asked(
      'seccomp',
      security?.seccompProfile,
      `${prefix}${path}.securityContext.seccompProfile.localhostProfile`,
    ),
  ]);
  return [...fields, ...annotated(pod, prefix)];
}

function asked(kind: Asked['kind'], profile: unknown, field: string): Asked[] {
  if (!isObject(profile) || profile.type !== 'Localhost') return [];
  return [{ kind, name: String(profile.localhostProfile), field }];
}

function annotated({ metadata }: PodTemplate, prefix: string): Asked[] {
  return Object.entries(metadata?.annotations ?? {}).flatMap(([key, value]): Asked[] =>
    key.startsWith(APP_ARMOR_ANNOTATION) && String(value).startsWith('localhost/')
      ? [
          {
            kind: 'appArmor',
            name: String(value).slice('localhost/'.length),
            field: `${prefix}metadata.annotations['${key}']`,
          },
        ]
      : [],
  );
}
