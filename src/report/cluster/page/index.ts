import { createHash } from 'node:crypto';
import type { ClusterReport } from '../model';
import { pageData } from './data';
import { markup, jsonInHtml, raw, type Html } from './escape';
import type { Section } from './parts';
import { rightsSectionOf } from './rights';
import { SCRIPT } from './script';
import {
  changesSection,
  escalationSection,
  exposureSection,
  findingsSection,
  networkSection,
  objectsSection,
  waiversSection,
} from './sections';
import { STYLE } from './style';
import { tenantsSection } from './tenants';

/**
 * The report as one page that loads nothing: it opens from disk, prints, and can be read without scripts.
 * @param picture The graph as SVG. @default there is only the table
 */
export function formatHtml(report: ClusterReport, picture?: string): string {
  const sections = sectionsOf(report, picture);
  return markup`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta http-equiv="Content-Security-Policy" content="${policy()}" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta name="color-scheme" content="light dark" />
        <link rel="icon" href="data:," />
        <title>Cluster report</title>
        <style>${raw(STYLE)}</style>
      </head>
      <body>
        <a class="skip" href="#main">Skip to the content</a>
        ${header(report)}
        <nav aria-label="Sections">
          <ul>
            ${sections.map(({ id, title }) => markup`<li><a href="#${id}">${title}</a></li>`)}
          </ul>
        </nav>
        <main id="main">
          ${sections.map(
            ({ id, title, body }) =>
              markup`<section aria-labelledby="${id}">
                <h2 id="${id}">${title}</h2>
                ${body}
              </section> `,
          )}
        </main>
        <footer>${footer(report)}</footer>
        <script type="application/json" id="data">${raw(jsonInHtml(pageData(report)))}</script>
        <script>${raw(SCRIPT)}</script>
      </body>
    </html> `.html;
}

/** Nothing is loaded from anywhere, and no other script or style runs than those in the page. */
function policy(): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  return `default-src 'none'; style-src ${hash(STYLE)}; script-src ${hash(SCRIPT)}; img-src data:; base-uri 'none'; form-action 'none'`;
}

function sectionsOf(report: ClusterReport, picture: string | undefined): Section[] {
  return [
    ...(report.changes ? [changesSection(report.changes)] : []),
    findingsSection(report),
    tenantsSection(report.tenants),
    networkSection(report.graph, picture),
    exposureSection(report),
    rightsSectionOf(report),
    escalationSection(report),
    waiversSection(report),
    objectsSection(report),
  ];
}

function header({ verdict, counts }: ClusterReport): Html {
  const [className, word] = verdict.holds ? ['holds', '✓ It holds'] : ['fails', '✕ It does not hold'];
  const tiles: readonly (readonly [string, number])[] = [
    ['tenants', counts.tenants],
    ['namespaces', counts.namespaces],
    ['workloads', counts.workloads],
    ['objects', counts.objects],
    ['findings', counts.findings],
    ['waivers', counts.waivers],
  ];
  return markup`<header>
    <h1>Cluster report</h1>
    <div class="verdict ${className}">
      <strong>${word}</strong>
      <p>${verdict.sentence}</p>
    </div>
    <dl class="counts">
      ${tiles.map(
        ([name, count]) =>
          markup`<div>
            <dt>${name}</dt>
            <dd>${count.toLocaleString('en')}</dd>
          </div>`,
      )}
    </dl>
  </header>`;
}

function footer({ input }: ClusterReport): Html {
  return markup`For Kubernetes ${input.target}, profile ${input.profile}. Objects, without Secrets:
    <span class="code">sha256:${input.sha256}</span>`;
}
