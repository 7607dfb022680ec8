import type { AllowanceList } from '../tenancy/allowances';
import type { PodShape } from './shapes';

/** The allowances that say where the pods of a namespace have to run. */
export const PLACING_LISTS: readonly AllowanceList[] = ['sandboxes', 'nodeLabels', 'tolerations'];

/**
 * Lists of JSON patches that put pods where their tenant's belong, as the constructs do: into the sandbox, if there is one only,
 * and onto its nodes. What somebody chose is left, and refused where it is not allowed.
 * @param pointer Path of the pod's spec.
 */
export function placingPatches({ name }: PodShape, pointer: string): string[] {
  if (name === 'ephemeral-containers') return [];
  const add = (path: string, value: string) => `JSONPatch{op: 'add', path: ${path}, value: ${value}}`;
  const needs = (field: string) => `variables.nodeLabels.size() > 0 && !variables.pod.?${field}.hasValue()`;
  return [
    `(variables.sandboxes.size() == 1 && variables.pod.?runtimeClassName.orValue('') == '' ? ` +
      `[${add(`'${pointer}/runtimeClassName'`, 'variables.sandboxes[0]')}] : [])`,
    `(${needs('nodeSelector')} ? [${add(`'${pointer}/nodeSelector'`, '{}')}] : [])`,
    `variables.nodeLabels.map(label, label.split('=')).filter(pair, !(pair[0] in variables.pod.?nodeSelector.orValue({})))` +
      `.map(pair, ${add(`'${pointer}/nodeSelector/' + jsonpatch.escapeKey(pair[0])`, 'pair[1]')})`,
    `(${needs('tolerations')} ? [${add(`'${pointer}/tolerations'`, '[]')}] : [])`,
    // Without an effect it is for a taint of any.
    `(variables.nodeLabels.size() == 0 ? [] : variables.tolerations.map(taint, taint.split('=')).filter(pair, pair.size() == 2 && ` +
      `!variables.pod.?tolerations.orValue([]).exists(one, one.?key.orValue('') == pair[0] && one.?value.orValue('') == pair[1]))` +
      `.map(pair, ${add(`'${pointer}/tolerations/-'`, "{'key': pair[0], 'operator': 'Equal', 'value': pair[1]}")}))`,
  ];
}
