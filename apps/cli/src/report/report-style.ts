/** The style sheet that the report and the index of an archive share: light, dark, narrow and on paper. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1f2328; --quiet: #59636e; --paper: #ffffff; --panel: #f6f7f9; --line: #d8dde3; --accent: #0a5ea8;
  --warn-line: #d9a441; --warn: #fdf6e7;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e6e9ed; --quiet: #a0a9b4; --paper: #14171b; --panel: #1d2127; --line: #363d46; --accent: #6cb6ff;
    --warn-line: #8a6a23; --warn: #2a2313;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", sans-serif; }
main, header, footer { max-width: 1100px; margin: 0 auto; padding: 0 24px; }
header { padding-top: 32px; }
h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; overflow-wrap: anywhere; }
h2 { font-size: 19px; margin: 40px 0 12px; }
h3 { font-size: 15px; margin: 20px 0 8px; }
p { max-width: 72ch; margin: 0 0 12px; }
a { color: var(--accent); }
code { font-size: 12.5px; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); }
.facts { display: grid; grid-template-columns: repeat(auto-fit, minmax(140px, 1fr)); gap: 12px; margin: 20px 0 0; }
.facts div { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 10px 14px; }
.facts dt { color: var(--quiet); font-size: 13px; }
.facts dd { margin: 0; font-size: 20px; font-weight: 600; font-variant-numeric: tabular-nums; }
.facts small { font-size: 13px; font-weight: 400; color: var(--quiet); }
.wide { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-size: 14px; }
caption { text-align: left; color: var(--quiet); padding-bottom: 8px; }
th, td { padding: 7px 10px; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { font-size: 13px; color: var(--quiet); font-weight: 600; vertical-align: bottom; white-space: nowrap; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.most { font-weight: 700; }
.dense th, .dense td { padding: 7px 6px; }
.dense thead .swatch { display: block; margin: 0 0 3px auto; }
.narrow { width: auto; }
.narrow th, .narrow td { padding-right: 28px; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; margin-right: 6px; vertical-align: 0; }
.shares { display: flex; height: 14px; min-width: 150px; border-radius: 3px; overflow: hidden; margin-top: 4px; }
.shares span { display: block; height: 100%; }
.chart svg.timeline { display: block; width: 100%; height: auto; background: transparent; }
.track { break-inside: avoid; }
.pairs { display: flex; flex-wrap: wrap; gap: 14px; margin: 0; padding: 0; list-style: none; }
.pairs figure { margin: 0; }
.pairs img { width: 76px; height: 76px; display: inline-block; background: var(--panel); }
.pairs img:first-child { border-radius: 6px 0 0 6px; }
.pairs img:last-of-type { border-radius: 0 6px 6px 0; }
.pairs figcaption { font-size: 12px; color: var(--quiet); }
.notice { background: var(--warn); border-left: 4px solid var(--warn-line); border-radius: 4px; padding: 12px 16px; margin: 16px 0; }
.notice p:last-child { margin: 0; }
footer { margin-top: 40px; padding-top: 16px; padding-bottom: 32px; border-top: 1px solid var(--line); font-size: 13px; color: var(--quiet); }
@media (max-width: 640px) { main, header, footer { padding-left: 14px; padding-right: 14px; } }
@media print {
  body { font-size: 11px; }
  main, header, footer { max-width: none; padding: 0; }
  .shares, .shares span, .swatch, .timeline, .facts div { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  h2 { break-after: avoid; }
  .wide { overflow: visible; }
}`;
