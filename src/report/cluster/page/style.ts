/** The look of the page: one column, both colour schemes, paper. Colour only repeats what words and signs say. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--surface:#fff;--text:#1d2126;--muted:#565d66;--line:#d9dce0;--accent:#1f5fae;
--good:#146c43;--good-bg:#e9f5ee;--bad:#a8201a;--bad-bg:#fcedec;--warn:#8a5300}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--surface:#1c2026;--text:#e6e8eb;--muted:#a3abb5;--line:#343a43;--accent:#82b4f5;
--good:#7fd3a4;--good-bg:#15291f;--bad:#ff9d97;--bad-bg:#33191a;--warn:#f0bd6b}}
*{box-sizing:border-box}
html{scroll-behavior:smooth}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,nav,main,footer{max-width:72rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.75rem}
h1{font-size:1rem;font-weight:600;letter-spacing:.01em;color:var(--muted);margin:0 0 .85rem}
h2{font-size:1.35rem;line-height:1.3;margin:0 0 .5rem}
h3{font-size:1.02rem;margin:1.6rem 0 .35rem}
p{margin:.4rem 0 .8rem;max-width:46rem}
section{padding:1.9rem 0;border-top:1px solid var(--line)}
.lead{color:var(--muted)}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--surface);padding:.5rem 1rem}
.verdict{border-left:6px solid;border-radius:6px;padding:1.15rem 1.4rem;margin:0 0 1.5rem}
.verdict strong{display:block;font-size:.95rem;margin-bottom:.2rem}
.verdict p{font-size:1.3rem;line-height:1.4;margin:0;color:var(--text);max-width:54rem}
.holds{background:var(--good-bg);border-color:var(--good)}.holds strong{color:var(--good)}
.fails{background:var(--bad-bg);border-color:var(--bad)}.fails strong{color:var(--bad)}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:1px;background:var(--line);border:1px solid var(--line);border-radius:6px;overflow:hidden;margin:0 0 1.4rem}
.counts div{background:var(--surface);padding:.7rem .95rem;display:flex;flex-direction:column-reverse}
.counts dt{color:var(--muted);font-size:.85rem}
.counts dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:0;margin:0 0 1.6rem}
.scroll{overflow-x:auto;margin:.7rem 0 1rem;border:1px solid var(--line);border-radius:6px;background:var(--surface)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;padding:.65rem .9rem;color:var(--muted);font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem;border-top:1px solid var(--line);overflow-wrap:anywhere;min-width:5.5rem}
thead th{font-size:.82rem;color:var(--muted);font-weight:600}
.wide{min-width:16rem}
td ul{margin:0;padding-left:1.05rem}td .tag{margin-left:.2rem}
code,.code{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.matrix{width:auto}.matrix td,.matrix thead th{text-align:center;min-width:4.5rem}
.matrix caption{min-width:16rem}
.reaches{font-weight:600}
.tag{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 .4rem;font-size:.8rem;font-weight:600;white-space:nowrap}
.critical,.high,.widened{color:var(--bad)}.medium{color:var(--warn)}.low,.neutral{color:var(--muted)}.narrowed{color:var(--good)}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--accent);padding:.2rem 0}
.finding{border:1px solid var(--line);border-radius:6px;background:var(--surface);padding:.9rem 1.1rem;margin:.8rem 0}
.finding h3{margin:0 0 .3rem}
.finding p{margin:.25rem 0}
.places{margin:.4rem 0 0;padding-left:1.1rem}
.picture{margin:.8rem 0;padding:1rem;border:1px solid var(--line);border-radius:6px;background:var(--surface);overflow:auto;max-height:44rem}
.picture svg{display:block}
.picture text{fill:var(--text);font-family:system-ui,-apple-system,"Segoe UI",Roboto,Arial,sans-serif}
.picture .edge text{fill:var(--muted)}
.picture .graph>polygon{fill:none}
.picture .cluster polygon{fill:var(--bg);stroke:var(--line)}
.picture .node polygon,.picture .node path{fill:var(--surface);stroke:var(--muted)}
.picture .edge path{stroke:var(--accent)}
.picture .edge polygon{fill:var(--accent);stroke:var(--accent)}
form{display:flex;flex-wrap:wrap;gap:.8rem;margin:.8rem 0}
label{display:flex;flex-direction:column;gap:.2rem;font-size:.85rem;color:var(--muted);flex:1 1 11rem;max-width:22rem}
input{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--muted);border-radius:5px;padding:.45rem .6rem;width:100%}
footer{padding-top:1.2rem;padding-bottom:3rem;color:var(--muted);font-size:.85rem;border-top:1px solid var(--line)}
.js{display:none}.on .js{display:block}.on form.js{display:flex}
@media(max-width:40rem){header,nav,main,footer{padding-left:1rem;padding-right:1rem}header{padding-top:1.5rem}.verdict p{font-size:1.12rem}
.counts{grid-template-columns:repeat(3,1fr)}th,td{padding:.45rem .65rem}
.scroll table{min-width:46rem}.scroll .matrix{min-width:0}caption{max-width:20rem}}
@media print{:root{--bg:#fff;--surface:#fff;--text:#000;--muted:#333;--line:#999}body{font-size:10pt}nav,form,.skip,.js,.on .js{display:none!important}
.scroll,.picture{overflow:visible;max-height:none}.picture svg{max-width:100%;height:auto}section{break-inside:auto}.finding,tr{break-inside:avoid}details>*{display:block}}
`.trim();
