import { groupBy } from '../../groups';
import { counted } from '../../wording';
import type { Graph } from './model';

/** The graph in the language of Graphviz, in classes that the page gives colours. Equal graphs give equal text. */
export function graphToDot({ nodes, edges }: Graph): string {
  const groups = groupBy(nodes.keys(), (index) => nodes[index]!.group ?? '');
  const frames = [...groups].map(([group, own], index) => {
    const labels = labelsOf(
      own.map((one) => nodes[one]!.name),
      group,
    );
    const inside = own.map((one, at) => `n${one} [label=${quote(labels[at]!)}];`).join('\n');
    return group === '' ? inside : `subgraph cluster_${index} { label=${quote(group)};\n${inside}\n}`;
  });
  return [
    'digraph {',
    'rankdir=LR; nodesep=0.15; ranksep=0.9; bgcolor="transparent"; fontname="Helvetica"; fontsize=12;',
    'node [shape=box, style=rounded, fontname="Helvetica", fontsize=11, height=0.3, margin="0.22,0.05"];',
    'edge [fontname="Helvetica", fontsize=9, arrowsize=0.6];',
    ...frames,
    ...edges.map(({ from, to, ports }) => `n${from} -> n${to} [label=${quote(ports)}];`),
    '}',
  ].join('\n');
}

/** Names without what the frame says, and without a kind that tells nothing apart. */
function labelsOf(names: readonly string[], group: string): string[] {
  const inside = names.map((name) =>
    group !== '' && name.startsWith(`${group}/`) ? name.slice(group.length + 1) : name,
  );
  const bare = inside.map((name) => name.replace(/\[\w+\]$/, ''));
  const same = groupBy(bare, (name) => name);
  return bare.map((name, index) => (same.get(name)!.length === 1 ? name : inside[index]!));
}

/** Graphviz reads entities and escapes in labels. */
function quote(text: string): string {
  const escaped = text.replaceAll('&', '&amp;').replaceAll('\\', '\\\\').replaceAll('"', '\\"');
  return `"${escaped.replaceAll(/[\r\n\0]/g, ' ')}"`;
}

/**
 * What Graphviz has drawn as part of a page: with a title and a description for whoever does not see it, and without ids, which
 * are the page's.
 */
export function pictureOf(svg: string, { level, nodes, edges }: Graph): string {
  const description = `${counted(nodes.length, level)} and ${counted(edges.length, 'connection')} between them. The table below lists the same.`;
  const inside = svg.slice(svg.indexOf('<g id="graph0"'), svg.lastIndexOf('</svg>'));
  const [, width = '0', height = '0'] = /<svg width="(\d+)pt" height="(\d+)pt"/.exec(svg) ?? [];
  const box = /viewBox="([-\d. ]+)"/.exec(svg)?.[1] ?? `0 0 ${width} ${height}`;
  const bare = inside
    .replaceAll(/<title>[^<]*<\/title>\n?/g, '')
    .replaceAll(/<!--[^]*?-->\n?/g, '')
    .replaceAll(/ id="[^"]*"/g, '')
    .replaceAll(/ xml:space="preserve"/g, '');
  return (
    `<svg role="img" aria-labelledby="picture-title picture-text" viewBox="${box}" width="${width}" height="${height}" xmlns="http://www.w3.org/2000/svg">` +
    `<title id="picture-title">Allowed connections</title><desc id="picture-text">${description}</desc>${bare}</svg>`
  );
}
