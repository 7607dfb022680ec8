import type { ClusterTarget } from '../target/target';
import { importLine } from './packages';
import { call, statement, verbatim, type Value } from './source-text';

/** A class of the program and the file that it is in. */
export interface GroupFile {
  readonly className: string;
  readonly path: string;
}

/** What the program has to say of the cluster. */
export interface ClusterFacts {
  readonly target: ClusterTarget;
  /** Profiles that nodes are asked for by name. */
  readonly profiles: { readonly appArmor: readonly string[]; readonly seccomp: readonly string[] };
  /** Whether namespaces are labelled as those of tenants. */
  readonly hasTenants: boolean;
  /** What constructs need a controller of. */
  readonly controllers: readonly ('sealedSecrets' | 'externalSecrets')[];
}

/** The text of the file that puts all namespaces together. */
export function mainCode(
  groups: readonly GroupFile[],
  { target, profiles, hasTenants, controllers }: ClusterFacts,
): string {
  const { appArmor, seccomp } = profiles;
  const nodeProfiles: Value = {
    ...(appArmor.length > 0 && { appArmor }),
    ...(seccomp.length > 0 && { seccomp }),
  };
  const facts: Value = {
    ...Object.fromEntries(controllers.map((name) => [name, true])),
    ...(Object.keys(nodeProfiles).length > 0 && { nodeProfiles }),
  };
  const capabilities = Object.keys(facts).length > 0 ? [facts] : [];
  const blueprint = call('new Blueprint', {
    target: call('ClusterTarget.kubernetes', target.version, ...capabilities),
    outdir: verbatim('outdir'),
    ...(hasTenants && { importedNetwork: true }),
  });
  const imported = groups.map(({ className, path }) =>
    importLine([className], `./${path.replace(/\.ts$/, '')}`),
  );
  return `${importLine(['Blueprint', 'ClusterTarget'], 'cdk8s-bulwark')}${imported.join('')}
/** The cluster as it was imported. */
export function cluster(outdir = 'dist'): Blueprint {
${statement('const blueprint = ', blueprint, '  ')}
${groups.map(({ className }) => `  new ${className}(blueprint);`).join('\n')}
  return blueprint;
}

if (require.main === module) console.log(cluster().synth().describe());
`;
}

/** The text of the file that says what is still to be decided. */
export const EXCUSE_CODE = `import { Waivers } from 'cdk8s-bulwark';
import type { IConstruct } from 'constructs';

/**
 * Lets an object be what it was when it was imported. Take the id of a control out, and the synthesis says what to change; write
 * Waivers.of(scope).waive(...) with a reason of your own for what has to stay.
 */
export function excuse(scope: IConstruct, controls: readonly string[]): void {
  for (const control of controls) {
    Waivers.of(scope).waive(control, { reason: 'imported as it was, and still to be decided' });
  }
}
`;
