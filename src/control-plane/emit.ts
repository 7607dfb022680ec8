import { toYaml } from '../manifest/yaml';
import { applyGuide, FILL_KEYS, FILL_KEYS_SCRIPT } from './apply-guide';
import type { ControlPlanePlan } from './plan';
import type { Platform } from './platforms/platform';

/** Files of a control plane by their path, as text. */
export function controlPlaneFiles(plan: ControlPlanePlan, platform: Platform): Map<string, string> {
  const output = platform.emit(plan);
  const onNode = [...plan.files, [FILL_KEYS, FILL_KEYS_SCRIPT] as const];
  const own = output.needsFiles ? onNode.map(([name, content]) => [`files/${name}`, content] as const) : [];
  const files = [...own, ...output.files].map(([name, content]) => [name, textOf(content)] as const);
  return new Map([['APPLY.md', applyGuide(plan, platform, output)], ...files]);
}

function textOf(content: string | readonly object[]): string {
  return typeof content === 'string' ? content : toYaml(content);
}
