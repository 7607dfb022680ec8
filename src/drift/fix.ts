import { objectCommand, shellCommand } from '../kubectl';
import { pluralOf } from '../manifest/custom-resources';
import { groupOf, type Manifest } from '../manifest/manifest';
import type { Difference, Step } from './compare';

/** The command that makes an object, out of the file that declares it. */
export function applyCommand(file: string): string {
  return shellCommand(['kubectl', 'apply', '-f', file]);
}

/** The command that takes an object away. */
export function deleteCommand(live: Manifest): string {
  return objectCommand({ verb: 'delete', resource: resourceOf(live), object: live });
}

/**
 * The command that makes a live object what was declared: a patch of nothing but the places that differ, since `kubectl apply`
 * leaves alone what others have added. What may be a credential is taken from the file and not repeated.
 */
export function restoreCommand(live: Manifest, differences: readonly Difference[], file?: string): string {
  const differs = (field: string) => differences.some(({ path }) => path[0] === field);
  if (differs('roleRef')) return `${deleteCommand(live)}${file ? ` && ${applyCommand(file)}` : ''}`;
  const open = differences.filter((one) => one.kind === 'added' || !mayBeSecret(one.path));
  const operations = [...open.filter(({ kind }) => kind !== 'added'), ...lastFirst(open)].map(operation);
  const patch =
    operations.length > 0 &&
    objectCommand({
      verb: 'patch',
      resource: resourceOf(live),
      object: live,
      flags: ['--type=json', '-p', JSON.stringify(operations)],
    });
  const apply = open.length < differences.length && file && applyCommand(file);
  return [patch, apply].filter(Boolean).join(' && ');
}

/** What is added goes away from the end, so that the places of the others stay what they are. */
function lastFirst(differences: readonly Difference[]): Difference[] {
  return differences.filter(({ kind }) => kind === 'added').reverse();
}

/** Whether the value at a path may be a credential, so that nobody repeats it. */
export function mayBeSecret(path: readonly Step[]): boolean {
  return (
    /^(data|stringData|binaryData)$/.test(String(path[0])) ||
    path.some((step) => step === 'env' || step === 'args' || step === 'command')
  );
}

function operation({ path, kind, declared }: Difference): object {
  const pointer = path.map((step) => `/${String(step).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('');
  if (kind === 'added') return { op: 'remove', path: pointer };
  const isItem = kind === 'removed' && typeof path.at(-1) === 'number';
  const place = isItem ? pointer.replace(/\d+$/, '-') : pointer;
  return { op: kind === 'changed' ? 'replace' : 'add', path: place, value: declared };
}

function resourceOf(live: Manifest): string {
  const group = groupOf(live);
  return `${pluralOf(live.kind)}${group ? `.${group}` : ''}`;
}
