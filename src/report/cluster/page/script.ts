/** What makes the page answer questions. The data is read when the first is asked, so that a large page opens at once. */
export const SCRIPT = `
'use strict';
(() => {
const byId = (id) => document.getElementById(id);
document.documentElement.classList.add('on');
let data;
const read = () => (data ??= JSON.parse(byId('data').textContent));
const cell = (row, text) => { row.insertCell().textContent = text; };
const LIMIT = 100;
const show = (body, status, rows, what) => {
  body.replaceChildren();
  for (const cells of rows.slice(0, LIMIT)) {
    const row = body.insertRow();
    for (const text of cells) cell(row, text);
  }
  status.textContent = rows.length > LIMIT ? rows.length + ' ' + what + ', of which the first ' + LIMIT + ' are shown' : rows.length + ' ' + what;
};
const later = (run) => { let timer; return () => { clearTimeout(timer); timer = setTimeout(run, 120); }; };
const objects = () => {
  const { kinds, namespaces, files, rows } = read().objects;
  const words = byId('object-query').value.toLowerCase().split(/\\s+/).filter(Boolean);
  const found = [];
  for (const [kind, namespace, name, file, line, construct] of rows) {
    const text = [kinds[kind], namespaces[namespace], name, construct ?? '', files[file] + ':' + line];
    const all = text.join(' ').toLowerCase();
    if (words.every((word) => all.includes(word))) found.push(text);
  }
  show(byId('object-rows'), byId('object-status'), found, found.length === 1 ? 'object' : 'objects');
};
const matches = (list, wanted) => list.includes('*') || list.includes(wanted);
const whoCan = () => {
  const verb = byId('who-verb').value.trim();
  const asked = byId('who-resource').value.trim();
  const place = byId('who-namespace').value.trim();
  if (!verb || !asked) return;
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
  show(byId('who-rows'), byId('who-status'), found, found.length === 1 ? 'answer' : 'answers');
};
byId('object-query').addEventListener('input', later(objects));
for (const id of ['who-verb', 'who-resource', 'who-namespace']) byId(id).addEventListener('input', later(whoCan));
for (const form of document.forms) form.addEventListener('submit', (event) => event.preventDefault());
})();
`.trim();
