import { AREAS, type Change } from '../../../diff';
import { groupBy } from '../../../groups';
import { counted } from '../../../wording';
import { changesVerdict, shortened, titleOf } from '../../changes';
import type { ClusterReport, FindingEntry, Graph, RoleEntry, SubjectEntry, TenantSection } from '../model';
import { markup, raw, type Html, type Part } from './escape';
import { folded, some, table, tag, type Section } from './parts';

/** Tenants up to these are shown as a table of all pairs. */
const MATRIX = 30;
/** Rows beyond these are found by searching, or in the JSON. */
const MOST_ROWS = 200;

/** What changed since the baseline. */
export function changesSection(changes: readonly Change[]): Section {
  const rows = shortened(changes)
    .slice(0, MOST_ROWS)
    .map(({ area, effect, text, because }) => [
      titleOf(area),
      tag(effect),
      [text, because ? markup`<br /><span class="lead">${because}</span>` : undefined],
    ]);
  const body: Part = [
    markup`<p>${changesVerdict(changes)}</p>`,
    rows.length > 0
      ? table(`Changes in ${AREAS.length} areas`, ['Area', 'Effect', 'What changed'], rows)
      : undefined,
  ];
  return { id: 'changes', title: 'What changed since the baseline', body };
}

/** Which tenants reach which. */
export function tenantsSection(tenants: TenantSection): Section {
  const { names, crossings, statement, escapes, isComplete } = tenants;
  const cut = isComplete
    ? undefined
    : markup`<p>There are more; the first ${crossings.length} are listed.</p>`;
  const body: Part =
    names.length < 2
      ? markup`<p>
          There ${names.length === 1 ? 'is one tenant' : 'is no tenant'}, so there is nobody to be kept apart.
          Namespaces name their tenant by the label <code>cdk8s-bulwark/tenant</code>.
        </p>`
      : [
          statement === undefined ? undefined : markup`<p>${sentence(statement)}</p>`,
          names.length <= MATRIX ? matrix(tenants) : groupedTenants(tenants),
          crossings.length > 0 ? crossingTable(tenants) : undefined,
          cut,
          escapes.length > 0
            ? [
                markup`<h3>Rights that lead out of a tenant</h3>`,
                markup`<ul>
                  ${escapes.slice(0, MOST_ROWS).map((one) => markup`<li>${one}.</li>`)}
                </ul>`,
              ]
            : undefined,
        ];
  return { id: 'tenants', title: 'Tenants', body };
}

function matrix({ names, crossings }: TenantSection): Html {
  const numbers = new Map(crossings.map(({ from, to }, index) => [`${from}\n${to}`, index]));
  const cell = (from: string, to: string): Part => {
    if (from === to) return markup`<span class="lead">itself</span>`;
    const number = numbers.get(`${from}\n${to}`);
    return number === undefined
      ? 'kept apart'
      : markup`<a class="reaches" href="#crossing-${number}">reaches</a>`;
  };
  const rows = names.map((from) => [from, ...names.map((to) => cell(from, to))]);
  return table(
    'Whether the tenant of a row reaches the tenant of a column over the network',
    ['from, to', ...names],
    rows,
    'matrix',
  );
}

function groupedTenants({ names, crossings }: TenantSection): Html {
  const reached = groupBy(crossings, ({ from }) => from);
  const groups = groupBy(names, (name) => {
    const others = reached.get(name)?.length ?? 0;
    return others === 0 ? 'reach no other tenant' : `reach ${counted(others, 'other tenant')}`;
  });
  const rows = [...groups].map(([words, own]) => [words, own.length, some(own, 8)]);
  return table('Tenants by how many others they reach', ['They', 'Tenants', 'Which'], rows);
}

function crossingTable({ crossings }: TenantSection): Part {
  const rows = crossings.map(({ from, to, isNamed, example, explanation }, index) => [
    markup`<span id="crossing-${index}">${from} reaches ${to}</span>`,
    markup`<code>${example}</code>`,
    isNamed ? 'policies of both name the other' : markup`<strong>one is open to everybody</strong>`,
    markup`<ul>
      ${explanation.map((one) => markup`<li>${one}</li>`)}
    </ul>`,
  ]);
  return table(
    'Tenants that reach another one, with an example and what allows it',
    ['Tenants', 'Such as', 'Meant', 'Why'],
    rows,
  );
}

/** The picture, drawn beforehand, and the same as a table. */
export function networkSection({ level, nodes, edges, note }: Graph, picture: string | undefined): Section {
  const words = { workload: 'workloads', namespace: 'namespaces', tenant: 'tenants' }[level];
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
      ${nodes.length} ${words}, and ${edges.length} connections between them that policies allow. ${note}
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
      ? folded('The same as a table', table('Connections that policies allow', ['From', 'To', 'Ports'], rows))
      : undefined,
  ];
  return { id: 'network', title: 'Allowed connections', body };
}

/** What is open to more than other pods. */
export function exposureSection({ exposure }: ClusterReport): Section {
  const body = exposure.map(({ title, entries }) => [
    markup`<h3>${title}</h3>`,
    table(
      title,
      ['Workloads', 'How'],
      entries
        .slice(0, MOST_ROWS)
        .map(({ detail, workloads }) => [markup`<code>${some(workloads, 12)}</code>`, detail]),
    ),
  ]);
  return {
    id: 'exposure',
    title: 'Exposure',
    body: body.length > 0 ? body : markup`<p>Nothing is exposed.</p>`,
  };
}

const READS = new Set(['get', 'list', 'watch']);
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Who may do what, and the form to ask who may do something. */
export function rightsSectionOf({ rights }: ClusterReport): Section {
  const groups = groupBy(rights.subjects, ({ grants }) =>
    grants.map(({ role, namespaces }) => `${role}:${namespaces.length}`).join(),
  );
  const rows = [...groups.values()].slice(0, MOST_ROWS).map((own) => rightsRow(own, rights.roles));
  const answers = rights.questions.map(({ request, subjects }) => [
    markup`<code>${request}</code>`,
    subjects.length > 0 ? some(subjects, 10) : 'nobody',
  ]);
  const body: Part = [
    table(
      'What each subject of a binding may do; those with the same roles share a row',
      ['Subject', 'Where', 'Reads', 'Writes', 'Other verbs', 'Leads further'],
      rows,
    ),
    markup`<h3>Who can</h3>`,
    table(
      'Who has a right that is asked for often, in some namespace at least',
      ['Right', 'Subjects'],
      answers,
    ),
    markup`<form class="js" aria-label="Ask who may do something">
        <label>Verb<input id="who-verb" autocomplete="off" placeholder="get" /></label>
        <label
          >Resource, such as pods/exec<input id="who-resource" autocomplete="off" placeholder="secrets"
        /></label>
        <label>Namespace, or any<input id="who-namespace" autocomplete="off" /></label>
      </form>
      <div class="js">
        <p id="who-status" role="status"></p>
        <div class="scroll" role="region" tabindex="0" aria-label="Answers">
          <table>
            <caption>
              Who may do that
            </caption>
            <thead>
              <tr>
                <th scope="col">Subject</th>
                <th scope="col">Where</th>
                <th scope="col">By</th>
              </tr>
            </thead>
            <tbody id="who-rows"></tbody>
          </table>
        </div>
      </div>`,
  ];
  return { id: 'rights', title: 'Rights', body };
}

function rightsRow(own: readonly SubjectEntry[], roles: readonly RoleEntry[]): Part[] {
  const [first] = own;
  const held = first!.grants.map(({ role }) => roles[role]!);
  const resources = (test: (verb: string) => boolean) =>
    some(
      [
        ...new Set(
          held.flatMap(({ raw: rules }) =>
            rules.flatMap(([verbs, , names]) => (verbs.some(test) ? names : [])),
          ),
        ),
      ],
      14,
    );
  const others = new Set(held.flatMap(({ raw: rules }) => rules.flatMap(([verbs]) => verbs)));
  const risks = new Map(held.flatMap((role) => role.risks.map((risk) => [risk.does, risk])));
  const places = [
    ...new Set(
      first!.grants.flatMap(({ namespaces }) => (namespaces.length > 0 ? namespaces : ['the whole cluster'])),
    ),
  ];
  return [
    some(
      own.map(({ name }) => name),
      4,
    ),
    own.length > 1 ? `such as ${places.slice(0, 3).join(', ')}` : some(places, 5),
    resources((verb) => READS.has(verb) || verb === '*'),
    resources((verb) => WRITES.has(verb) || verb === '*'),
    [...others].filter((verb) => !READS.has(verb) && !WRITES.has(verb)).join(', '),
    risks.size > 0
      ? markup`<ul>
          ${[...risks.values()].map(({ does, severity }) => markup`<li>${does} ${tag(severity)}</li>`)}
        </ul>`
      : 'no',
  ];
}

/** Ways to the whole cluster or a node. */
export function escalationSection({ escalations }: ClusterReport): Section {
  const body: Part =
    escalations.length === 0
      ? markup`<p>No subject of a binding and no workload gets to the whole cluster or to a node.</p>`
      : escalations.slice(0, MOST_ROWS).map(
          ({ sentence: text, because, who }) =>
            markup`<div class="finding">
              <h3>${some(who, 6)}</h3>
              <p>${text}</p>
              <ul class="places">
                ${because.map((one) => markup`<li>${one}</li>`)}
              </ul>
            </div>`,
        );
  return { id: 'escalation', title: 'Escalation', body };
}

/** Controls that do not hold. */
export function findingsSection({ findings }: ClusterReport): Section {
  const body: Part =
    findings.length === 0 ? markup`<p>Every control of the profile holds.</p>` : findings.map(findingBox);
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
  return markup`<article class="finding">
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
    some(objects, 6),
  ]);
  const body =
    rows.length > 0
      ? table('Exceptions on record', ['Control', 'Reason', 'Expires', 'Objects'], rows)
      : markup`<p>There is no exception.</p>`;
  return { id: 'waivers', title: 'Waivers', body };
}

/** Where each object comes from. */
export function objectsSection({ objects }: ClusterReport): Section {
  const shown = objects.slice(0, MOST_ROWS);
  const rows = shown.map(
    ({ kind, namespace, name, construct = '', file, line }) =>
      markup`<tr>
        <td>${kind}</td>
        <td>${namespace}</td>
        <td>${name}</td>
        <td>${construct}</td>
        <td>${file}:${line}</td>
      </tr> `,
  );
  const count = `${objects.length} objects`;
  const body = markup`<form class="js" role="search" aria-label="Objects">
      <label
        >Search by kind, namespace, name, construct or file<input
          id="object-query"
          type="search"
          autocomplete="off"
      /></label>
    </form>
    <p id="object-status" role="status">
      ${shown.length < objects.length ? `${count}, of which the first ${shown.length} are shown` : count}
    </p>
    <div class="scroll" role="region" tabindex="0" aria-label="List of objects">
      <table>
        <caption>
          Each object, the construct that made it, and its source
        </caption>
        <thead>
          <tr>
            <th scope="col">Kind</th>
            <th scope="col">Namespace</th>
            <th scope="col">Name</th>
            <th scope="col">Construct</th>
            <th scope="col">Source</th>
          </tr>
        </thead>
        <tbody id="object-rows">
          ${rows}
        </tbody>
      </table>
    </div>`;
  return { id: 'objects', title: 'Objects', body };
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
