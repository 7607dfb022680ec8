import { SEVERITIES } from '../../../controls/control';
import type { Change } from '../../../diff';
import { groupBy } from '../../../groups';
import { counted } from '../../../wording';
import { changesVerdict, shortened, titleOf } from '../../changes';
import type { ClusterReport, FindingEntry, Graph } from '../model';
import { markup, raw, type Html, type Part } from './escape';
import { filterField, folded, leftOut, MOST_ROWS, some, table, tag, tall, type Section } from './parts';

/** What changed since the baseline. */
export function changesSection(changes: readonly Change[]): Section {
  const all = shortened(changes);
  const rows = all
    .slice(0, MOST_ROWS)
    .map(({ area, effect, text, because }) => [
      titleOf(area),
      tag(effect),
      [text, because ? markup`<br /><span class="lead">${because}</span>` : undefined],
    ]);
  const body: Part = [
    markup`<p>${changesVerdict(changes)}</p>`,
    rows.length > 0
      ? table('What is wider, narrower or another', ['Area', 'Effect', 'What changed'], rows, 'changes')
      : undefined,
    leftOut(all.length, rows.length),
  ];
  return { id: 'changes', title: 'What changed since the baseline', body };
}

/** The picture, drawn beforehand, and the same as a table. */
export function networkSection({ level, nodes, edges, note }: Graph, picture: string | undefined): Section {
  const name = (index: number) => nodes[index]!.name;
  const rows = edges
    .slice(0, 2000)
    .map(({ from, to, ports }) => [
      markup`<code>${name(from)}</code>`,
      markup`<code>${name(to)}</code>`,
      ports,
    ]);
  const body: Part = [
    markup`<p>
      ${counted(nodes.length, level)}, and ${counted(edges.length, 'connection')} between them that policies
      allow. ${note}
    </p>`,
    picture === undefined
      ? undefined
      : markup`<figure
          class="picture"
          tabindex="0"
          role="group"
          aria-label="Picture of the allowed connections"
        >
          ${raw(picture)}
        </figure>`,
    rows.length > 0
      ? folded(
          'The same as a table',
          table('Connections that policies allow', ['From', 'To', 'Ports'], rows, 'thirds'),
        )
      : undefined,
  ];
  return { id: 'network', title: 'Allowed connections', body };
}

/** What is open to more than other pods. */
export function exposureSection({ exposure }: ClusterReport): Section {
  const body = exposure.map(({ title, entries }) => {
    const rows = entries
      .slice(0, MOST_ROWS)
      .map(({ detail, workloads }) => [markup`<code>${some(workloads, 12)}</code>`, detail]);
    const list = table(title, ['Workloads', 'How'], rows, 'halves titled');
    return [
      markup`<h3>${title}</h3>`,
      rows.length > 12 ? tall(list) : list,
      leftOut(entries.length, rows.length),
    ];
  });
  return {
    id: 'exposure',
    title: 'Exposure',
    body: body.length > 0 ? body : markup`<p>Nothing is exposed.</p>`,
  };
}

/** Ways to the whole cluster or a node. */
export function escalationSection({ escalations }: ClusterReport): Section {
  if (escalations.length === 0) {
    const body = markup`<p>No subject of a binding and no workload gets to the whole cluster or to a node.</p>`;
    return { id: 'escalation', title: 'Escalation', body };
  }
  const shown = escalations.slice(0, MOST_ROWS);
  const ways = shown.map(
    ({ sentence: text, because, who }) =>
      markup`<div class="finding">
        <h3>${some(who, 6)}</h3>
        <p>${text}</p>
        <ul class="places">
          ${because.map((one) => markup`<li>${one}</li>`)}
        </ul>
      </div>`,
  );
  const body: Part = [ways, leftOut(escalations.length, shown.length)];
  return { id: 'escalation', title: 'Escalation', body };
}

/** Controls that do not hold, at a glance and then one by one. */
export function findingsSection({ findings, counts }: ClusterReport): Section {
  const named = SEVERITIES.filter((severity) => counts.bySeverity[severity] > 0);
  const severities = named.map(
    (severity) => `${counts.bySeverity[severity].toLocaleString('en')} ${severity}`,
  );
  const rows = findings.map(({ control, title, severity, places }) => [
    markup`<a href="#finding-${control}">${title}</a>`,
    tag(severity),
    places.length.toLocaleString('en'),
  ]);
  const body: Part =
    findings.length === 0
      ? markup`<p>Every control of the profile holds.</p>`
      : [
          markup`<p>
            ${counted(findings.length, 'control does', 'controls do')} not hold, in
            ${counted(counts.findings, 'place')}: ${severities.join(', ')}.
          </p>`,
          findings.length > 3
            ? table(
                'What has to hold and does not, the worst first',
                ['Control', 'Severity', 'Places'],
                rows,
                'findings',
              )
            : undefined,
          findings.map(findingBox),
        ];
  return { id: 'findings', title: 'Findings', body };
}

function findingBox({ control, title, severity, why, fix, references, places }: FindingEntry): Html {
  const shown = places.slice(0, 50).map(
    ({ object, field, message, source }) =>
      markup`<li>
        ${object}: <code>${field}</code> ${message === title ? '' : `(${message})`}
        <span class="lead">${source}</span>
      </li>`,
  );
  const list = markup`<ul class="places">
      ${shown}
    </ul>
    ${places.length > 50 ? markup`<p>and ${places.length - 50} more.</p>` : undefined}`;
  return markup`<article class="finding" id="finding-${control}">
    <h3>${tag(severity)} ${title} <code>${control}</code></h3>
    <p>${why}</p>
    <p><strong>Fix:</strong> ${fix}</p>
    <p class="lead">${references.join('; ')}</p>
    ${places.length > 5 ? folded(`${places.length} places`, list) : list}
  </article>`;
}

/** Exceptions. */
export function waiversSection({ waivers }: ClusterReport): Section {
  const rows = waivers.map(({ control, reason, expires, objects }) => [
    markup`<code>${control}</code>`,
    reason,
    expires ?? 'never',
    some(namedByKind(objects), 12),
  ]);
  const body =
    rows.length > 0
      ? table('Exceptions on record', ['Control', 'Reason', 'Expires', 'Objects'], rows, 'waivers')
      : markup`<p>There is no exception.</p>`;
  return { id: 'waivers', title: 'Waivers', body };
}

/** `Kind name`, and of the same kind the name alone. */
function namedByKind(objects: readonly string[]): string[] {
  const kindOf = (object: string) => object.slice(0, object.indexOf(' ') + 1);
  return [...groupBy(objects, kindOf)].flatMap(([kind, own]) =>
    own.map((object, index) => (index === 0 ? object : object.slice(kind.length))),
  );
}

/** Where each object comes from. */
export function objectsSection({ objects }: ClusterReport): Section {
  const rows = objects
    .slice(0, MOST_ROWS)
    .map(({ kind, namespace, name, construct = '', file, line }) => [
      kind,
      namespace ? `${namespace}/${name}` : name,
      construct,
      `${file}:${line}`,
    ]);
  const count = counted(objects.length, 'object');
  const status =
    rows.length < objects.length ? `${count}, of which the first ${rows.length} are shown` : count;
  const body: Part = [
    filterField('objects', 'Search by kind, namespace, name, construct or file', status),
    tall(
      table(
        'Each object, the construct that made it, and its source',
        ['Kind', 'Name', 'Construct', 'Source'],
        rows,
        'objects',
      ),
    ),
  ];
  return { id: 'objects', title: 'Objects', body };
}
