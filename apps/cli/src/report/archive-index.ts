import { createHash } from 'node:crypto';
import { apportioned, CLASSES, type ExpressionClass } from '@deadpan/shared';

import { clockTime } from './clock-time.js';
import { EXPRESSION_COLORS } from './expression-palette.js';
import { htmlPage } from './html-page.js';
import { markup, trusted, type Markup } from './markup.js';
import { fileName } from './report-html.js';
import type { Summary } from './summary.js';

/** One input of a run, as run.json has it, with the summary of its results. */
export interface ArchiveEntry {
  /** As the user named it. */
  readonly input: string;
  /** Folder of its results, relative to the index; empty where it has none. */
  readonly output: string;
  readonly state: 'done' | 'failed';
  /** Why it failed; null otherwise. */
  readonly reason: string | null;
  /** null where there are no results. */
  readonly summary: Summary | null;
}

/** What the index shows. */
export interface ArchiveData {
  /** Version of Deadpan. */
  readonly version: string;
  readonly entries: readonly ArchiveEntry[];
}

const STYLE = `
.filters { display: flex; flex-wrap: wrap; gap: 12px 20px; align-items: end; margin: 24px 0 16px; }
.filters label { display: block; font-size: 13px; color: var(--quiet); }
.filters input, .filters select { font: inherit; color: inherit; background: var(--panel); border: 1px solid var(--line); border-radius: 6px; padding: 6px 10px; }
.filters input[type="search"] { min-width: 260px; }
.filters input[type="number"] { width: 90px; }
th button { font: inherit; color: inherit; background: none; border: 0; padding: 0; cursor: pointer; }
th button:hover, th button:focus-visible { color: var(--ink); text-decoration: underline; }
th[aria-sort="ascending"] button::after { content: " \\2191"; }
th[aria-sort="descending"] button::after { content: " \\2193"; }
.key { margin-top: 16px; }
td.name { overflow-wrap: anywhere; min-width: 220px; }
.failed { color: #c4320a; }
@media screen and (prefers-color-scheme: dark) { .failed { color: #ff9b6b; } }
@media print { .filters { display: none; } }`;

/*
 * Runs in the reader's browser, from file:// too, and needs nothing but the rows: without it the table is whole and
 * only the filters are missing.
 */
const SCRIPT = `'use strict';
const rows = Array.from(document.querySelectorAll('tbody tr'));
const form = document.querySelector('form');
const shown = document.querySelector('output');
const body = document.querySelector('tbody');
const value = (name) => form.elements.namedItem(name).value;
function filter() {
  const words = value('words').toLowerCase().split(/\\s+/).filter(Boolean);
  const state = value('state');
  const expression = value('expression');
  const least = Number(value('least')) / 100;
  const tracks = Number(value('tracks'));
  let count = 0;
  for (const row of rows) {
    const { name, state: own, tracks: seen } = row.dataset;
    const share = expression === '' ? 1 : Number(row.getAttribute('data-' + expression) ?? 0);
    const fits =
      words.every((word) => name.includes(word)) &&
      (state === '' || own === state) &&
      (expression === '' || (share > 0 && share >= least)) &&
      Number(seen) >= tracks;
    row.hidden = !fits;
    if (fits) count += 1;
  }
  shown.value = count === rows.length ? 'All ' + count + ' inputs' : count + ' of ' + rows.length + ' inputs';
}
function sort(heading) {
  const rising = heading.getAttribute('aria-sort') !== 'ascending';
  for (const other of document.querySelectorAll('th[aria-sort]')) other.setAttribute('aria-sort', 'none');
  heading.setAttribute('aria-sort', rising ? 'ascending' : 'descending');
  const key = heading.dataset.key;
  const numeric = key !== 'name' && key !== 'state';
  const of = (row) => row.getAttribute('data-' + key) ?? '';
  rows.sort((a, b) => (rising ? 1 : -1) * (numeric ? of(a) - of(b) : of(a).localeCompare(of(b), undefined, { numeric: true })));
  body.append(...rows);
}
form.addEventListener('input', filter);
form.addEventListener('submit', (event) => event.preventDefault());
for (const heading of document.querySelectorAll('th[aria-sort]')) {
  heading.querySelector('button').addEventListener('click', () => sort(heading));
}
form.hidden = false;
filter();
`;

/**
 * `index.html` over the reports of a run: a row for each input, with filters by name, state, expression and number of
 * tracks, and sorting. One page that works from a folder; its security policy allows it its own script and nothing
 * else.
 */
export function archiveIndexHtml({ version, entries }: ArchiveData): string {
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  return htmlPage({
    version,
    title: `Expressions in ${inputs(entries.length)}`,
    allowed: `script-src 'sha256-${hash}'`,
    style: STYLE,
    body: markup`<header><h1>Expressions in ${inputs(entries.length)}</h1>${totals(entries)}</header>
<main>
${filters()}
<div class="wide"><table>
<thead><tr>${heading('name', 'Input')}${heading('state', 'State')}${heading('duration', 'Duration', true)}${heading('frames', 'Frames', true)}${heading('tracks', 'Tracks', true)}<th scope="col">Expressions, of all faces</th>${heading('intensity', 'Intensity', true)}</tr></thead>
<tbody>
${entries.map(row)}</tbody>
</table></div>
<p class="quiet key">${CLASSES.map((name) => markup`<span class="swatch" style="background:${EXPRESSION_COLORS[name]}"></span>${name} &#160; `)}</p>
<div class="notice" role="note"><p>In the European Union it is prohibited to infer the emotions of people at work and in education, except for medical or safety reasons (Regulation (EU) 2024/1689, Article 5(1)(f)).</p></div>
</main>
<footer>Deadpan ${version}</footer>
<script>${trusted(SCRIPT)}</script>`,
  });
}

function totals(entries: readonly ArchiveEntry[]): Markup {
  const summaries = entries.flatMap(({ summary }) => (summary === null ? [] : [summary]));
  const sum = (of: (summary: Summary) => number): number =>
    summaries.reduce((total, one) => total + of(one), 0);
  const failed = entries.filter(({ state }) => state === 'failed').length;
  const fact = (term: string, value: string, more: string): Markup =>
    markup`<div><dt>${term}</dt><dd>${value} <small>${more}</small></dd></div>`;
  return markup`<dl class="facts">
${fact('Inputs', count(entries.length), failed === 0 ? 'none failed' : `${count(failed)} failed`)}
${fact('Media', clockTime(sum(({ kind, duration }) => (kind === 'image' ? 0 : duration))), 'in all')}
${fact('Frames analysed', count(sum(({ frames }) => frames.analysed)), `${count(sum(({ frames }) => frames.withFace))} with a face`)}
${fact('Tracks', count(sum(({ tracks }) => tracks.length)), `${count(sum(({ faces }) => faces))} faces`)}
</dl>`;
}

/** Hidden until the script runs, because nothing happens without it. */
function filters(): Markup {
  const option = (value: string): Markup => markup`<option>${value}</option>`;
  return markup`<form class="filters" hidden>
<label>Name contains<br><input type="search" name="words" autocomplete="off"></label>
<label>State<br><select name="state"><option value="">any</option>${['done', 'failed'].map(option)}</select></label>
<label>Shows<br><select name="expression"><option value="">anything</option>${CLASSES.map(option)}</select></label>
<label>in at least %<br><input type="number" name="least" value="0" min="0" max="100"></label>
<label>Tracks at least<br><input type="number" name="tracks" value="0" min="0"></label>
<output aria-live="polite" class="quiet"></output>
</form>`;
}

function heading(key: string, title: string, numeric = false): Markup {
  return markup`<th scope="col" aria-sort="none" data-key="${key}"${numeric ? trusted(' class="number"') : null}><button type="button">${title}</button></th>`;
}

function row(entry: ArchiveEntry): Markup {
  const { input, output, state, reason, summary } = entry;
  const shares = summary === null ? null : sharesOf(summary);
  const intensity = summary === null ? 0 : intensityOf(summary);
  const data = markup`data-name="${input.toLowerCase()}" data-state="${state}" data-duration="${summary?.duration ?? 0}" data-frames="${summary?.frames.analysed ?? 0}" data-tracks="${summary?.tracks.length ?? 0}" data-intensity="${intensity}"${
    shares === null ? null : CLASSES.map((name) => markup` data-${name}="${shares[name]}"`)
  }`;
  const folder = input.slice(0, input.length - fileName(input).length);
  const name = markup`<span class="quiet">${folder}</span>${fileName(input)}`;
  const href = `${output.split('/').map(encodeURIComponent).join('/')}/report.html`;
  return markup`<tr ${data}><td class="name">${summary === null ? name : markup`<a href="${href}">${name}</a>`}${reason === null ? null : markup`<br><span class="failed">${reason}</span>`}</td><td${state === 'failed' ? trusted(' class="failed"') : null}>${state}</td>${
    summary === null
      ? markup`<td></td><td></td><td></td><td></td><td></td>`
      : markup`<td class="number">${summary.kind === 'image' ? 'picture' : clockTime(summary.duration)}</td><td class="number">${count(summary.frames.analysed)}</td><td class="number">${summary.tracks.length}</td><td>${bar(shares)}</td><td class="number">${summary.tracks.length === 0 ? '' : intensity.toFixed(2)}</td>`
  }</tr>
`;
}

function bar(shares: Readonly<Record<ExpressionClass, number>> | null): Markup | null {
  if (shares === null) return null;
  const present = CLASSES.filter((name) => shares[name] > 0);
  const words = present.map((name) => `${name} ${Math.round(shares[name] * 100)} %`).join(', ');
  return markup`<div class="shares" role="img" aria-label="${words}" title="${words}">${present.map((name) => markup`<span style="width:${(shares[name] * 100).toFixed(2)}%;background:${EXPRESSION_COLORS[name]}"></span>`)}</div>`;
}

/** Share of all faces of an input that show each expression; null without a face. */
function sharesOf({ tracks }: Summary): Readonly<Record<ExpressionClass, number>> | null {
  if (tracks.length === 0) return null;
  const faces = CLASSES.map((name) =>
    tracks.reduce((sum, track) => sum + track.shares[name] * track.frames, 0),
  );
  const shares = apportioned(faces);
  return Object.fromEntries(CLASSES.map((name, k) => [name, shares[k] ?? 0])) as Record<
    ExpressionClass,
    number
  >;
}

function intensityOf({ tracks }: Summary): number {
  const frames = tracks.reduce((sum, track) => sum + track.frames, 0);
  const sum = tracks.reduce((total, track) => total + track.intensity * track.frames, 0);
  return frames === 0 ? 0 : Math.round((sum / frames) * 1e4) / 1e4;
}

function inputs(number: number): string {
  return `${count(number)} ${number === 1 ? 'input' : 'inputs'}`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}
