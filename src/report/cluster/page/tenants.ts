import { groupBy } from '../../../groups';
import { counted } from '../../../wording';
import type { TenantSection } from '../model';
import { markup, type Html, type Part } from './escape';
import { filterField, MOST_ROWS, some, table, tall, type Section } from './parts';

/** Tenants up to these are shown as a table of all pairs. */
const MATRIX = 30;
/** Up to these it has room for words; beyond, each pair is a sign. */
const MATRIX_IN_WORDS = 8;
/** Crossings beyond these are more than anybody reads, and are in the JSON. */
const MOST_CROSSINGS = 500;

/** Which tenants reach which. */
export function tenantsSection(tenants: TenantSection): Section {
  const { names, statement } = tenants;
  const body: Part =
    names.length < 2
      ? markup`<p>
          There ${names.length === 1 ? 'is one tenant' : 'is no tenant'}, so there is nobody to be kept apart.
          Namespaces name their tenant by the label <code>cdk8s-bulwark/tenant</code>.
        </p>`
      : [
          statement === undefined ? undefined : markup`<p>${sentence(statement)}</p>`,
          names.length <= MATRIX ? matrix(tenants) : groupedTenants(tenants),
          crossingTable(tenants),
          escapesList(tenants),
        ];
  return { id: 'tenants', title: 'Tenants', body };
}

function matrix({ names, crossings }: TenantSection): Html {
  const numbers = new Map(crossings.map(({ from, to }, index) => [`${from}\n${to}`, index]));
  const isInWords = names.length <= MATRIX_IN_WORDS;
  const cell = (from: string, to: string): Part => {
    if (from === to) return markup`<span class="self">${isInWords ? 'itself' : sign('–', 'itself')}</span>`;
    const number = numbers.get(`${from}\n${to}`);
    if (number === undefined)
      return markup`<span class="lead">${isInWords ? 'kept apart' : sign('·', 'kept apart')}</span>`;
    const words = isInWords ? 'reaches' : sign('→', `${from} reaches ${to}`);
    return number < MOST_CROSSINGS
      ? markup`<a class="reaches" href="#crossing-${number}">${words}</a>`
      : markup`<strong>${words}</strong>`;
  };
  const rows = names.map((from) => [from, ...names.map((to) => cell(from, to))]);
  const legend = isInWords ? '' : ': → reaches, · kept apart';
  return table(
    `Whether the tenant of a row reaches the tenant of a column over the network${legend}`,
    ['from ↓ to →', ...names],
    rows,
    isInWords ? 'matrix' : 'matrix dense',
  );
}

/** A sign, and the words for whoever does not see it. */
function sign(shown: string, words: string): Html {
  return markup`<span aria-hidden="true">${shown}</span><span class="sr">${words}</span>`;
}

function groupedTenants({ names, crossings }: TenantSection): Html {
  const reached = groupBy(crossings, ({ from }) => from);
  const groups = groupBy(names, (name) => reached.get(name)?.length ?? 0);
  const rows = [...groups]
    .sort(([one], [other]) => other - one)
    .map(([others, own]) => [
      others === 0 ? 'reach no other tenant' : `reach ${counted(others, 'other tenant')}`,
      own.length.toLocaleString('en'),
      some(own, 8),
    ]);
  return table('Tenants by how many others they reach', ['They', 'Tenants', 'Which'], rows, 'groups');
}

function crossingTable({ crossings, isComplete }: TenantSection): Part {
  if (crossings.length === 0) return undefined;
  const rows = crossings
    .slice(0, MOST_CROSSINGS)
    .map(({ from, to, isNamed, example, explanation }, index) => [
      markup`<span id="crossing-${index}">${from} reaches ${to}</span>`,
      isNamed ? 'policies of both name the other' : markup`<strong>one is open to everybody</strong>`,
      explanation.length > 0
        ? markup`<ul>
            ${explanation.map((one) => markup`<li>${one}</li>`)}
          </ul>`
        : example,
    ]);
  const list = table(
    'Tenants that reach another one, with an example and what allows it',
    ['Tenants', 'Meant', 'Such as'],
    rows,
    'crossings',
  );
  const count = `${counted(crossings.length, 'pair')}${isComplete ? '' : ' and more'}`;
  const status =
    rows.length < crossings.length ? `${count}, of which the first ${rows.length} are listed` : count;
  return rows.length > 12
    ? [filterField('crossings', 'Find a tenant', status), tall(list)]
    : [list, isComplete ? undefined : markup`<p>${status}.</p>`];
}

function escapesList({ escapes }: TenantSection): Part {
  if (escapes.length === 0) return undefined;
  return [
    markup`<h3>Rights that lead out of a tenant</h3>`,
    markup`<ul>
      ${escapes.slice(0, MOST_ROWS).map((one) => markup`<li>${one}.</li>`)}
    </ul>`,
    escapes.length > MOST_ROWS ? markup`<p>and ${escapes.length - MOST_ROWS} more.</p>` : undefined,
  ];
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
