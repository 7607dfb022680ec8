/** The look of the page: one column, both colour schemes, paper. Colour only repeats what words and signs say. */
export const STYLE = `
:root{color-scheme:light dark;--bg:#fbfbfa;--surface:#fff;--text:#1d2126;--muted:#565d66;--line:#d9dce0;--accent:#1f5fae;
--good:#146c43;--good-bg:#e9f5ee;--bad:#a8201a;--bad-bg:#fcedec;--warn:#8a5300;--mark:#fff6d9}
@media(prefers-color-scheme:dark){:root{--bg:#14171b;--surface:#1c2026;--text:#e6e8eb;--muted:#a3abb5;--line:#343a43;--accent:#82b4f5;
--good:#7fd3a4;--good-bg:#15291f;--bad:#ff9d97;--bad-bg:#33191a;--warn:#f0bd6b;--mark:#3a3216}}
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-behavior:smooth}
@media(prefers-reduced-motion:reduce){html{scroll-behavior:auto}}
body{margin:0;background:var(--bg);color:var(--text);font:16px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif}
header,nav,main,footer{max-width:78rem;margin:0 auto;padding:0 1.5rem}
header{padding-top:2.25rem}
h1{font-size:1rem;font-weight:600;letter-spacing:.01em;color:var(--muted);margin:0 0 .85rem}
h2{font-size:1.35rem;line-height:1.3;margin:0 0 .5rem;scroll-margin-top:4rem}
h3{font-size:1.02rem;margin:1.6rem 0 .35rem}
p{margin:.4rem 0 .8rem;max-width:46rem}
section{padding:1.9rem 0;border-top:1px solid var(--line)}
section:first-child{border-top:0}section:last-child{border-bottom:1px solid var(--line)}
.lead{color:var(--muted)}
.sr,.titled caption{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
a{color:var(--accent);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--accent);outline-offset:2px;border-radius:3px}
.skip{position:absolute;left:-99rem}
.skip:focus{left:1rem;top:1rem;background:var(--surface);padding:.5rem 1rem;z-index:2}
.verdict{border-left:6px solid;border-radius:6px;padding:1.15rem 1.4rem;margin:0 0 1.5rem}
.verdict strong{display:block;font-size:.95rem;margin-bottom:.2rem}
.verdict p{font-size:1.3rem;line-height:1.4;margin:0;color:var(--text);max-width:58rem;text-wrap:balance}
.holds{background:var(--good-bg);border-color:var(--good)}.holds strong{color:var(--good)}
.fails{background:var(--bad-bg);border-color:var(--bad)}.fails strong{color:var(--bad)}
.counts{display:grid;grid-template-columns:repeat(auto-fit,minmax(7.5rem,1fr));gap:1px;background:var(--surface);border:1px solid var(--line);border-radius:6px;overflow:hidden;margin:0 0 .6rem}
.counts div{box-shadow:0 0 0 1px var(--line);padding:.7rem .95rem;display:flex;flex-direction:column-reverse}
.counts dt{color:var(--muted);font-size:.85rem}
.counts dd{margin:0;font-size:1.35rem;font-weight:600;font-variant-numeric:tabular-nums}
nav{background:var(--bg);z-index:1}
nav ul{list-style:none;display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;padding:.75rem 0;margin:0;border-bottom:1px solid var(--line)}
.scroll{overflow-x:auto;margin:.7rem 0 1rem;border:1px solid var(--line);border-radius:6px;background:var(--surface)}
.scroll:has(.matrix){width:fit-content;max-width:100%}
.tall>.scroll{max-height:36rem;overflow:auto}
.tall thead th{position:sticky;top:0;background:var(--surface);box-shadow:0 1px var(--line)}
table{border-collapse:collapse;width:100%;font-size:.9rem}
caption{text-align:left;padding:.65rem .9rem;color:var(--muted);font-size:.85rem}
th,td{text-align:left;vertical-align:top;padding:.5rem .9rem;border-top:1px solid var(--line);overflow-wrap:anywhere}
.titled thead th{border-top:0}
thead th{font-size:.82rem;color:var(--muted);font-weight:600}
tr:has(:target){background:var(--mark)}
.objects{font-size:.82rem}.objects tbody th,.waivers tbody th,.findings tbody th{font-weight:400}
@media(min-width:40.01rem){.halves th:first-child{width:40%}
.thirds th:nth-child(n+1){width:38%}
.crossings th:nth-child(1){width:25%}.crossings th:nth-child(2){width:19%}
.rights th:nth-child(1){width:17%}.rights th:nth-child(2){width:13%}.rights th:nth-child(4){width:20%}.rights th:nth-child(5){width:25%}
.waivers th:nth-child(1){width:19%}.waivers th:nth-child(2){width:33%}.waivers th:nth-child(3){width:9%}
.changes th:nth-child(1){width:9rem}.changes th:nth-child(2){width:7rem}
.groups th:nth-child(1){width:16rem}.groups th:nth-child(2){width:7rem}
.findings th:nth-child(2),.findings th:nth-child(3){width:9rem}
.who th{width:33%}
.objects th:nth-child(1){width:20%}.objects th:nth-child(2){width:26%}.objects th:nth-child(3){width:30%}}
td ul{margin:0;padding-left:1.05rem}
.risks{list-style:none;padding:0}.risks li{margin-bottom:.25rem}
code,.code{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace;overflow-wrap:anywhere}
.matrix{width:auto}.matrix td,.matrix thead th{text-align:center;overflow-wrap:normal}
.matrix thead th:first-child{text-align:left;white-space:nowrap}
.matrix tbody th{position:sticky;left:0;background:var(--surface);box-shadow:1px 0 var(--line);overflow-wrap:normal}
.matrix caption{min-width:16rem}
.matrix td:has(.self){background:var(--bg);color:var(--muted)}
.dense td{padding:.2rem .5rem}
.dense tbody th{padding:.2rem .9rem;white-space:nowrap}
.dense thead th:not(:first-child){writing-mode:vertical-rl;transform:rotate(180deg);padding:.6rem .2rem;vertical-align:top;white-space:nowrap}.dense thead th{border:0}
.dense td:hover{outline:1px solid var(--accent)}
.reaches{font-weight:600}
.tag{display:inline-block;border:1px solid currentColor;border-radius:4px;padding:0 .4rem;font-size:.8rem;font-weight:600;white-space:nowrap}
.critical,.high,.widened{color:var(--bad)}.medium{color:var(--warn)}.low,.neutral{color:var(--muted)}.narrowed{color:var(--good)}
details{margin:.5rem 0}
summary{cursor:pointer;color:var(--accent);padding:.2rem 0}
.finding{border:1px solid var(--line);border-radius:6px;background:var(--surface);padding:.9rem 1.1rem;margin:.8rem 0}
.finding{scroll-margin-top:4rem}.finding:target{background:var(--mark)}
.finding h3{margin:0 0 .3rem;overflow-wrap:anywhere}
.finding p{margin:.25rem 0;overflow-wrap:anywhere}
.places{margin:.4rem 0 0;padding-left:1.1rem;overflow-wrap:anywhere}
.picture{margin:.8rem 0;padding:1rem;border:1px solid var(--line);border-radius:6px;background:var(--surface);overflow:auto;max-height:44rem}
.picture svg{display:block;margin:0 auto}
.picture text{fill:var(--text);font-family:Helvetica,Arial,"Liberation Sans",sans-serif}
.picture .edge text{fill:var(--muted)}
.picture .graph>polygon{fill:none}
.picture .cluster polygon{fill:var(--bg);stroke:var(--line)}
.picture .node polygon,.picture .node path{fill:var(--surface);stroke:var(--muted)}
.picture .edge path{stroke:var(--accent)}
.picture .edge polygon{fill:var(--accent);stroke:var(--accent)}
form{display:flex;flex-wrap:wrap;gap:.8rem;margin:.8rem 0}
label{display:flex;flex-direction:column;gap:.2rem;font-size:.85rem;color:var(--muted);flex:1 1 11rem;max-width:26rem}
input{font:inherit;color:var(--text);background:var(--surface);border:1px solid var(--muted);border-radius:5px;padding:.45rem .6rem;width:100%}
footer{padding-top:1.2rem;padding-bottom:3rem;color:var(--muted);font-size:.85rem}
.js{display:none}.on .js{display:block}.on form.js{display:flex}
@media(min-width:40.01rem){nav{position:sticky;top:0}}
@media(max-width:40rem){header,nav,main,footer{padding-left:1rem;padding-right:1rem}header{padding-top:1.5rem}.verdict p{font-size:1.12rem}
.counts{grid-template-columns:repeat(3,1fr)}h2{scroll-margin-top:1rem}
table:not(.matrix),table:not(.matrix) :is(caption,tbody,tr,th,td){display:block}
table:not(.matrix) thead{display:none}
table:not(.matrix) tr{border-top:1px solid var(--line);padding:.5rem 0}
table:not(.matrix) :is(th,td){border:0;width:auto;padding:.2rem .9rem}
table:not(.matrix) td:empty{display:none}
td[data-label]::before{content:attr(data-label);display:block;font-size:.78rem;font-weight:600;color:var(--muted)}
.matrix td::before{content:none}.matrix :is(th,td){padding:.45rem .6rem}.dense :is(th,td){padding:.2rem .4rem}}
@media(forced-colors:active){.verdict{border:2px solid}.picture text,.picture .edge text{fill:CanvasText}
.picture .cluster polygon,.picture .node polygon,.picture .node path{fill:Canvas;stroke:CanvasText}.picture .edge path{stroke:LinkText}.picture .edge polygon{fill:LinkText;stroke:LinkText}}
@media print{:root{--bg:#fff;--surface:#fff;--text:#000;--muted:#333;--line:#999;--accent:#000;--good:#000;--bad:#000;--warn:#000;--good-bg:#fff;--bad-bg:#fff}
html{font-size:9pt}body{font-size:1rem}header,main,footer{max-width:none;padding:0}nav,form,.skip,.js,.on .js,.on form.js{display:none}
.verdict{border:1.5pt solid;border-left-width:6pt}
.scroll,.tall>.scroll,.picture{overflow:visible;max-height:none;border-color:var(--line)}.tall thead th,.matrix tbody th{position:static}
.picture svg{max-width:100%;height:auto}.finding,tr,figure{break-inside:avoid}h2,h3,caption{break-after:avoid}section{padding:1rem 0}
details::details-content{content-visibility:visible;height:auto;display:block}summary{list-style:none;color:inherit}}
`.trim();
