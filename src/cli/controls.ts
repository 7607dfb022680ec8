import { CONTROLS } from '../controls/catalogue';
import { SEVERITIES, type Control } from '../controls/control';
import { expressionOf } from '../controls/judge';
import { PROFILES } from '../controls/profiles';
import { toYaml } from '../manifest/yaml';
import { EXAMPLE_TARGET, exampleOf } from '../report/control-example';
import { parseControl } from './control-id';

/**
 * `bulwark controls [ID]`: all controls, a line each, or one with its reasons, its rule and an example.
 * @throws BulwarkError when there is no such control.
 */
export function controlsCommand(id: string | undefined): string {
  if (id === undefined) return listControls();
  return explainControl(parseControl(id));
}

function listControls(): string {
  const width = Math.max(...CONTROLS.map(({ id }) => id.length));
  const bySeverity = SEVERITIES.map((severity) =>
    CONTROLS.filter((control) => control.severity === severity),
  );
  return bySeverity
    .flatMap((controls) =>
      controls.map(({ severity, id, title }) => `${severity.padEnd(8)}  ${id.padEnd(width)}  ${title}`),
    )
    .join('\n');
}

function explainControl(control: Control): string {
  const { id, title, why, severity, references, aliases, fix } = control;
  const profiles = Object.entries(PROFILES).filter(([, ids]) => ids.includes(id));
  const { fails, passes } = exampleOf(control);
  const rule = 'rule' in control ? [`Rule:       ${expressionOf(control, EXAMPLE_TARGET)}`] : [];
  return [
    `${id} (${severity})`,
    `${title}.`,
    '',
    `Why:        ${why}`,
    `Fix:        ${fix}`,
    `Profiles:   ${profiles.map(([name]) => name).join(', ') || 'none'}`,
    `Sources:    ${references.map((reference) => `${reference.standard} ${reference.id}`).join(', ')}`,
    ...Object.entries(aliases ?? {}).map(
      ([tool, names], index) => `${index === 0 ? 'Elsewhere:' : '          '}  ${tool} ${names.join(', ')}`,
    ),
    ...rule,
    '',
    'Fails:',
    '',
    indent(toYaml(fails)),
    'Passes:',
    '',
    indent(toYaml(passes)).trimEnd(),
  ].join('\n');
}

function indent(text: string): string {
  return text.replaceAll(/^(?=.)/gm, '  ');
}
