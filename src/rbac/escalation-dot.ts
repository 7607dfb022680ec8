import { printable } from '../wording';
import type { EscalationPath } from './escalation';
import { describePower, powerKey, type Power } from './power';

/** Paths as one graph in the language of Graphviz: who begins in bold, the whole cluster and nodes in red. */
export function pathsToDot(paths: readonly EscalationPath[]): string {
  const starts = new Set(paths.map(({ from }) => powerKey(from)));
  const steps = paths.flatMap((path) => path.steps);
  const powers = new Map(
    [...paths, ...steps].flatMap(powersOf).map((power) => [describePower(power), power]),
  );
  const nodes = [...powers].map(
    ([name, power]) => `  ${quote(name)} [label=${label(name)}${lookOf(power, starts)}];`,
  );
  const edges = steps.flatMap(({ from, power, does }) =>
    from.map(
      (premise) =>
        `  ${quote(describePower(premise))} -> ${quote(describePower(power))} [label=${label(does)}];`,
    ),
  );
  return [
    'digraph escalation {',
    '  rankdir=LR;',
    '  node [shape=box, fontname="Helvetica"];',
    '  edge [fontname="Helvetica", fontsize=10];',
    ...nodes,
    ...new Set(edges),
    '}',
  ].join('\n');
}

function powersOf(one: EscalationPath | EscalationPath['steps'][number]): Power[] {
  return 'does' in one ? [...one.from, one.power] : [one.from];
}

function lookOf(power: Power, starts: ReadonlySet<string>): string {
  if (power.kind === 'cluster' || power.kind === 'node') return ', color="#b3261e", fontcolor="#b3261e"';
  return starts.has(powerKey(power)) ? ', style=bold' : '';
}

function quote(text: string): string {
  return `"${printable(text).replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
}

const LABEL_WIDTH = 32;

/** In lines of about the width of a box. */
function label(text: string): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length < LABEL_WIDTH)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return `"${lines.map((line) => quote(line).slice(1, -1)).join('\\n')}"`;
}
