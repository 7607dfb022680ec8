import { namesIn, type Code } from './source-text';

/** What the code takes from packages other than cdk8s-plus, which has the rest. */
const PACKAGES: ReadonlyMap<string, string> = new Map(
  Object.entries({
    cdk8s: ['ApiObject', 'Chart', 'Cron', 'Duration', 'JsonPatch', 'Size'],
    'cdk8s-bulwark': [
      ...['DefaultDeny', 'ExternalSecret', 'LockedClusterRole', 'LockedRole', 'LockedServiceAccount'],
      ...['HardenedCronJob', 'HardenedDaemonSet', 'HardenedDeployment', 'HardenedJob'],
      ...['HardenedStatefulSet', 'Peer', 'SealedSecret', 'Subject', 'Waivers'],
    ],
  }).flatMap(([module, names]) => names.map((name) => [name, module])),
);
const MODULES = ['cdk8s', 'cdk8s-bulwark', 'cdk8s-plus-27'];

/** The imports that code needs. @param up The way to the folder of the program */
export function importsOf(codes: readonly Code[], up: string): string {
  const names = new Set(codes.flatMap(namesIn));
  const from = (module: string) =>
    [...names].filter((name) => /^[A-Z]/.test(name) && (PACKAGES.get(name) ?? 'cdk8s-plus-27') === module);
  return [
    ...MODULES.map((module) => importLine(from(module).sort(), module)),
    "import type { Construct } from 'constructs';\n",
    names.has('excuse') ? importLine(['excuse'], `${up}excuse`) : '',
  ].join('');
}

/** An import as prettier would format it. */
export function importLine(names: readonly string[], module: string): string {
  if (names.length === 0) return '';
  const line = `import { ${names.join(', ')} } from '${module}';`;
  if (line.length <= 100) return `${line}\n`;
  return `import {\n${names.map((name) => `  ${name},\n`).join('')}} from '${module}';\n`;
}
