/** What makes the page answer questions. The data is read when the first is asked, so that a large page opens at once. */
export const SCRIPT = `
'use strict';
(() => {
const byId = (id) => document.getElementById(id);
const bodyOf = (name) => document.querySelector('table.' + name).tBodies[0];
document.documentElement.classList.add('on');
let data;
const read = () => (data ??= JSON.parse(byId('data').textContent));
const LIMIT = 100;
const counted = (count, what) => count.toLocaleString('en') + ' ' + what + (count === 1 ? '' : 's');
const status = (name, text) => { byId(name + '-status').textContent = text; };
const show = (name, rows, what) => {
  const body = bodyOf(name);
  const columns = [...body.parentNode.tHead.rows[0].cells].map((cell) => cell.textContent);
  body.replaceChildren();
  for (const [first, ...others] of rows.slice(0, LIMIT)) {
    const row = body.insertRow();
    const head = document.createElement('th');
    head.scope = 'row';
    head.textContent = first;
    row.append(head);
    others.forEach((text, index) => {
      const cell = row.insertCell();
      cell.textContent = text;
      cell.dataset.label = columns[index + 1];
    });
  }
  status(name, counted(rows.length, what) + (rows.length > LIMIT ? ', of which the first ' + LIMIT + ' are shown' : ''));
};
const later = (run) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(run, 120); }; };
const wordsIn = (name) => byId(name + '-query').value.toLowerCase().split(/\\s+/).filter(Boolean);
const objects = () => {
  const { kinds, namespaces, files, rows } = read().objects;
  const words = wordsIn('objects');
  const found = [];
  for (const [kind, namespace, name, file, line, construct] of rows) {
    const full = namespaces[namespace] ? namespaces[namespace] + '/' + name : name;
    const text = [kinds[kind], full, construct ?? '', files[file] + ':' + line];
    const all = text.join(' ').toLowerCase();
    if (words.every((word) => all.includes(word))) found.push(text);
  }
  show('objects', found, 'object');
};
const crossings = () => {
  const words = wordsIn('crossings');
  const { rows } = bodyOf('crossings');
  let shown = 0;
  for (const row of rows) {
    const text = row.textContent.toLowerCase();
    row.hidden = !words.every((word) => text.includes(word));
    if (!row.hidden) shown += 1;
  }
  status('crossings', shown + ' of ' + counted(rows.length, 'pair'));
};
const matches = (list, wanted) => list.includes('*') || list.includes(wanted);
const whoCan = () => {
  const verb = byId('who-verb').value.trim();
  const asked = byId('who-resource').value.trim();
  const place = byId('who-namespace').value.trim();
  byId('who-answers').hidden = !verb || !asked;
  if (!verb || !asked) return status('who', 'Name a verb and a resource.');
  const [main, sub] = asked.split('/');
  const dot = main.indexOf('.');
  const resource = dot < 0 ? main : main.slice(0, dot);
  const group = dot < 0 ? undefined : main.slice(dot + 1);
  const wanted = sub ? resource + '/' + sub : resource;
  const { roles, subjects } = read();
  const allowed = roles.map(({ rules }) => rules.some(([verbs, groups, resources]) =>
    matches(verbs, verb) && (group === undefined || matches(groups, group)) && (matches(resources, wanted) || (sub && resources.includes('*/' + sub)))));
  const found = [];
  for (const [name, grants] of subjects) for (const [role, namespaces] of grants) {
    if (!allowed[role]) continue;
    const where = namespaces.length === 0 ? ['everywhere'] : namespaces.filter((one) => !place || one === place);
    if (where.length > 0) found.push([name, where.join(', '), roles[role].name]);
  }
  show('who', found, 'answer');
};
const listen = (id, run) => byId(id)?.addEventListener('input', later(run));
listen('objects-query', objects);
listen('crossings-query', crossings);
for (const id of ['who-verb', 'who-resource', 'who-namespace']) listen(id, whoCan);
for (const form of document.forms) form.addEventListener('submit', (event) => event.preventDefault());
})();
`.trim();
