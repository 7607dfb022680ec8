import type { Control } from '../controls/control';
import { expressionOf } from '../controls/judge';
import { PROFILES } from '../controls/profiles';
import { toYaml } from '../manifest/yaml';
import { EXAMPLE_TARGET, exampleOf } from './control-example';

/** The documentation page of a control, as Markdown. */
export function controlPage(control: Control): string {
  const { fails, passes } = exampleOf(control);
  return [
    `# ${control.id}`,
    '',
    `**${control.title}.** Severity: ${control.severity}.`,
    '',
    control.why,
    '',
    '## Fix',
    '',
    `${control.fix}${'field' in control ? ` The field is \`${control.field}\`.` : ''}`,
    '',
    ...section('Profiles', profilesOf(control)),
    ...section(
      'Sources',
      control.references.map(({ standard, id }) => `${standard}: ${id}`),
    ),
    ...section(
      'The same check elsewhere',
      Object.entries(control.aliases ?? {}).map(([tool, names]) => `${tool}: ${names.join(', ')}`),
    ),
    ...rule(control),
    '## Fails',
    '',
    '```yaml',
    toYaml(fails).trimEnd(),
    '```',
    '',
    '## Passes',
    '',
    '```yaml',
    toYaml(passes).trimEnd(),
    '```',
    '',
  ].join('\n');
}

/** The page that lists all controls. */
export function controlIndex(controls: readonly Control[]): string {
  const rows = controls.map(
    (control) =>
      `| [${control.id}](${control.id}.md) | ${control.title} | ${control.severity} | ${profilesOf(control).join(', ')} |`,
  );
  return [
    '# Controls',
    '',
    'Written from the catalogue by `npm run docs`. `bulwark controls ID` shows the same in a terminal.',
    '`bulwark check --control ID` asks a single one, also one of no profile.',
    'What is left out, and why: [left-out.md](left-out.md).',
    '',
    '| control | what has to be so | severity | profiles |',
    '| --- | --- | --- | --- |',
    ...rows,
    '',
  ].join('\n');
}

function profilesOf({ id }: Control): string[] {
  return Object.entries(PROFILES)
    .filter(([, ids]) => ids.includes(id))
    .map(([name]) => name);
}

function section(title: string, items: readonly string[]): string[] {
  return items.length === 0 ? [] : [`## ${title}`, '', ...items.map((item) => `- ${item}`), ''];
}

function rule(control: Control): string[] {
  if (!('rule' in control)) return [];
  const about = { pod: 'the pod', container: 'each container', object: 'the object' }[control.scope];
  return [
    '## Rule',
    '',
    `About ${about}, for Kubernetes ${EXAMPLE_TARGET.version}:`,
    '',
    '```cel',
    expressionOf(control, EXAMPLE_TARGET),
    '```',
    '',
  ];
}
