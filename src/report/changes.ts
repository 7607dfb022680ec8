import { AREAS, EFFECTS, type Area, type Change, type Effect } from '../diff';
import { printable } from '../wording';
import { markdownText } from './markdown';
import { wrapWords } from './wrap';

const TITLES: Readonly<Record<Area, string>> = {
  rights: 'Rights',
  network: 'Network',
  guards: 'Guards',
  controls: 'Controls',
  secrets: 'Secrets',
  objects: 'Other objects',
};

/** Signs that say the effect without colour. */
const SIGNS: Readonly<Record<Effect, string>> = { widened: '+', narrowed: '-', neutral: '~' };

/** More objects than this are counted by kind and not listed. */
const MOST_OBJECTS = 50;

/** More rows than these make a comment that GitHub refuses, at 65,536 characters. */
const MOST_ROWS = 100;

/** The title of an area. */
export function titleOf(area: Area): string {
  return TITLES[area];
}

/** How many changes widen, narrow, or do neither. */
export function countEffects(changes: readonly Change[]): Readonly<Record<Effect, number>> {
  const count = (effect: Effect) => changes.filter((change) => change.effect === effect).length;
  return { widened: count('widened'), narrowed: count('narrowed'), neutral: count('neutral') };
}

/** The sentence above the changes. */
export function changesVerdict(changes: readonly Change[]): string {
  if (changes.length === 0) return 'Nothing changes.';
  const { widened, narrowed, neutral } = countEffects(changes);
  if (widened > 0)
    return `More becomes possible: ${widened} widened, ${narrowed} narrowed, ${neutral} neutral.`;
  return `Nothing becomes possible that was not: ${narrowed} narrowed, ${neutral} neutral.`;
}

/** Changes as text, a line each under the heading of their area. */
export function formatChangesText(changes: readonly Change[]): string {
  const sections = AREAS.flatMap((area) => {
    const own = shortened(changes.filter((change) => change.area === area));
    return own.length > 0 ? [[TITLES[area], ...own.flatMap(changeLines)].join('\n')] : [];
  });
  return [changesVerdict(changes), ...sections].join('\n\n');
}

/** At most 80 columns, save for a name that cannot be broken. */
function changeLines({ effect, text, because }: Change): string[] {
  const [first = '', ...others] = wrapWords(printable(text), 66);
  const more = because === undefined ? [] : wrapWords(printable(because), 64).map((line) => `  ${line}`);
  return [
    `  ${SIGNS[effect]} ${effect.padEnd(8)}  ${first}`,
    ...[...others, ...more].map((line) => `              ${line}`),
  ];
}

/** Changes as JSON. */
export function formatChangesJson(changes: readonly Change[]): string {
  return JSON.stringify(
    { verdict: changesVerdict(changes), counts: countEffects(changes), changes },
    null,
    2,
  );
}

/** Changes as Markdown, for a comment on a pull request; what is neutral is folded away. */
export function formatChangesMarkdown(changes: readonly Change[]): string {
  const wider = changes.filter(({ effect }) => effect === 'widened');
  const others = EFFECTS.filter((effect) => effect !== 'widened').flatMap((effect) =>
    changes.filter((change) => change.effect === effect),
  );
  return [
    `**${changesVerdict(changes)}**`,
    ...(wider.length > 0
      ? ['', '| | widened |', '| --- | --- |', ...firstOf(shortened(wider).map(row), '| | ')]
      : []),
    ...(others.length > 0
      ? [
          '',
          `<details><summary>${others.length} narrowed or neutral</summary>`,
          '',
          '| | | change |',
          '| --- | --- | --- |',
          ...firstOf(
            shortened(others).map(
              ({ area, effect, text }) => `| ${TITLES[area]} | ${effect} | ${markdownText(text)} |`,
            ),
            '| | | ',
          ),
          '',
          '</details>',
        ]
      : []),
    '',
  ].join('\n');
}

function firstOf(rows: readonly string[], cells: string): string[] {
  if (rows.length <= MOST_ROWS) return [...rows];
  return [...rows.slice(0, MOST_ROWS), `${cells}and ${rows.length - MOST_ROWS} more |`];
}

function row({ area, text, because }: Change): string {
  return `| ${TITLES[area]} | ${markdownText(text)}${because ? `<br>${markdownText(because)}` : ''} |`;
}

/** Many objects by their kinds. */
export function shortened(changes: readonly Change[]): readonly Change[] {
  const objects = changes.filter(({ area }) => area === 'objects');
  if (objects.length <= MOST_OBJECTS) return changes;
  const counts = new Map<string, number>();
  for (const { text } of objects) {
    const kind = text.slice(0, text.indexOf(' '));
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const list = [...counts].sort(([, a], [, b]) => b - a).map(([kind, count]) => `${count} ${kind}`);
  const text = `${objects.length} objects were added, removed or changed: ${list.join(', ')}`;
  return [...changes.filter(({ area }) => area !== 'objects'), { area: 'objects', effect: 'neutral', text }];
}
