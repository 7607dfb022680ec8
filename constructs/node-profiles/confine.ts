import type { PodAddition } from '../../src/hardening/harden';
import { BulwarkError } from '../../src/errors';
import { isObject, type JsonObject } from '../../src/manifest/manifest';
import { containersOf } from '../../src/manifest/pod';

/** Which fields of a container's securityContext name a profile. */
export type ProfileField = 'appArmorProfile' | 'seccompProfile';

/** What to put into containers, and into which. */
export interface Confinement {
  readonly field: ProfileField;
  /** Name that goes into `localhostProfile`. */
  readonly name: string;
  /** @default every container that is neither an init container nor an ephemeral one */
  readonly containers?: readonly string[] | undefined;
  /** Path of the workload, for messages. */
  readonly where: string;
}

/**
 * Lets containers ask for a profile by its name. Written as a field: the hardening kernel makes an annotation of it where the
 * target wants one.
 */
export function confine({ field, name, containers, where }: Confinement): PodAddition {
  return ({ spec }) => {
    const found = containersOf(spec).filter(({ list, container }) =>
      containers ? containers.includes(String(container.name)) : list === 'containers',
    );
    const missing = containers?.find((wanted) => found.every(({ container }) => container.name !== wanted));
    if (missing !== undefined || found.length === 0) {
      const names = containersOf(spec).map(({ container }) => String(container.name));
      throw new BulwarkError(
        `${where}: useProfile names the container '${missing ?? ''}', and there are only ${names.join(', ')}.`,
      );
    }
    for (const { container } of found) {
      const security: JsonObject = isObject(container.securityContext) ? container.securityContext : {};
      if (security[field] !== undefined) {
        throw new BulwarkError(
          `${where}: the container '${String(container.name)}' has a ${field} already, and useProfile would replace it. Remove one of them.`,
        );
      }
      container.securityContext = { ...security, [field]: { type: 'Localhost', localhostProfile: name } };
    }
  };
}
