import { SEVERITIES } from '../../../controls/control';
import { groupBy } from '../../../groups';
import type { ClusterReport, RoleEntry, RoleRisk, SubjectEntry, SubjectGrant } from '../model';
import { markup, type Html, type Part } from './escape';
import { leftOut, MOST_ROWS, some, table, tag, type Section } from './parts';

const READS = new Set(['get', 'list', 'watch']);
const WRITES = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);

/** Who may do what, and the form to ask who may do something. */
export function rightsSectionOf({ rights }: ClusterReport): Section {
  const groups = groupBy(rights.subjects, ({ grants }) => grants.map(likeness).join());
  const rows = [...groups.values()].slice(0, MOST_ROWS).map((own) => rightsRow(own, rights.roles));
  const answers = rights.questions.map(({ request, subjects }) => [
    markup`<code>${request}</code>`,
    subjects.length > 0 ? some(subjects, 10) : 'nobody',
  ]);
  const body: Part = [
    rows.length > 0
      ? table(
          'What each subject of a binding may do; those with the same roles share a row',
          ['Subject', 'Where', 'Reads', 'Changes', 'Leads further'],
          rows,
          'rights',
        )
      : markup`<p>No binding among the manifests names anybody.</p>`,
    leftOut(groups.size, rows.length),
    markup`<h3>Who can</h3>`,
    table(
      'Who has a right that is asked for often, in some namespace at least',
      ['Right', 'Subjects'],
      answers,
      'halves',
    ),
    FORM,
  ];
  return { id: 'rights', title: 'Rights', body };
}

const FORM: Html = markup`<form class="js" aria-label="Ask who may do something">
    <label>Verb<input id="who-verb" autocomplete="off" placeholder="get" /></label>
    <label
      >Resource, such as pods/exec<input id="who-resource" autocomplete="off" placeholder="secrets"
    /></label>
    <label>Namespace, or any<input id="who-namespace" autocomplete="off" /></label>
  </form>
  <div class="js">
    <p id="who-status" role="status">Name a verb and a resource.</p>
    <div id="who-answers" hidden>
      ${table('Who may do that', ['Subject', 'Where', 'By'], [], 'who')}
    </div>
  </div>`;

/** Grants of the same role in as many namespaces are alike, save for the one in which more counts. */
function likeness({ role, namespaces }: SubjectGrant): string {
  return `${role}:${namespaces.length}${namespaces.includes('kube-system') ? ':kube-system' : ''}`;
}

function counts({ scope }: RoleRisk, { namespaces }: SubjectGrant): boolean {
  return namespaces.length === 0 || scope === 'namespace' || namespaces.includes(scope);
}

function rightsRow(own: readonly SubjectEntry[], roles: readonly RoleEntry[]): Part[] {
  const [first] = own;
  const held = first!.grants.map(({ role }) => roles[role]!);
  const risks = new Map(
    first!.grants.flatMap((grant) =>
      roles[grant.role]!.risks.filter((risk) => counts(risk, grant)).map((risk) => [risk.does, risk]),
    ),
  );
  const places = [
    ...new Set(
      own.flatMap(({ grants }) =>
        grants.flatMap(({ namespaces }) => (namespaces.length > 0 ? namespaces : ['the whole cluster'])),
      ),
    ),
  ];
  return [
    some(
      own.map(({ name }) => name),
      4,
    ),
    some(places, 4),
    some(
      resourcesOf(held, (verb) => (READS.has(verb) || verb === '*' ? '' : undefined)),
      40,
    ),
    some(resourcesOf(held, changes), 40),
    risks.size > 0
      ? markup`<ul class="risks">
          ${[...risks.values()]
            .sort((a, b) => SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity))
            .map(({ does, severity }) => markup`<li>${tag(severity)} ${does}</li>`)}
        </ul>`
      : 'nowhere',
  ];
}

/** What a verb that changes something puts before a resource; undefined for one that reads. */
function changes(verb: string): string | undefined {
  if (READS.has(verb)) return undefined;
  return WRITES.has(verb) || verb === '*' ? '' : `${verb} `;
}

/** The resources of the verbs for which there is a prefix, each once. */
function resourcesOf(
  roles: readonly RoleEntry[],
  prefixOf: (verb: string) => string | undefined,
): readonly string[] {
  const rules = roles.flatMap(({ raw }) => raw);
  const named = rules.flatMap(([verbs, , resources]) => {
    const prefixes = [...new Set(verbs.map(prefixOf))].filter((prefix) => prefix !== undefined);
    return prefixes.flatMap((prefix) => resources.map((resource) => `${prefix}${resource}`));
  });
  return [...new Set(named)];
}
