import { CLASSES, type ExpressionClass } from '@deadpan/shared';

import { clockTime } from './clock-time.js';
import { EXPRESSION_COLORS } from './expression-palette.js';
import { htmlPage } from './html-page.js';
import { markup, trusted, type Markup } from './markup.js';
import type { ByClass, Moment, Summary, TrackSummary } from './summary.js';

/** A model that took part, as the report and run.json name it. */
export interface ModelFacts {
  readonly name: string;
  readonly version: string;
  readonly sha256: string;
}

/** A face beside its generated reference, as PNG. */
export interface ReferencePicture {
  readonly time: number;
  readonly expression: ExpressionClass;
  readonly intensity: number;
  readonly crop: Uint8Array;
  readonly reference: Uint8Array;
}

/** All that the report shows. */
export interface ReportData {
  readonly summary: Summary;
  /** As timelineSvg made it. */
  readonly timeline: string;
  /** Version of Deadpan. */
  readonly version: string;
  readonly models: readonly ModelFacts[];
  /** Options that change the result, as name and value with its unit. */
  readonly settings: readonly (readonly [name: string, value: string])[];
  /** By track; empty unless references were asked for. */
  readonly references: ReadonlyMap<string, readonly ReferencePicture[]>;
  /** Names of the files beside the report. */
  readonly files: readonly string[];
  /** Frames and faces that could not be worked on: lines of `dead-letters.ndjson`. */
  readonly putAside: number;
}

/**
 * `report.html`: one page that needs nothing but itself. Its content security policy forbids it every request, and
 * all text that comes from outside is escaped.
 */
export function reportHtml(data: ReportData): string {
  const { summary } = data;
  const name = fileName(summary.input);
  return htmlPage({
    version: data.version,
    title: `Expressions in ${name}`,
    allowed: 'img-src data:',
    body: markup`<header>
<h1>Expressions in ${name}</h1>
${summary.input === name ? null : markup`<p class="quiet">${summary.input}</p>`}
${facts(summary)}
</header>
<main>
${putAside(data)}
${summary.tracks.length === 0 ? nobody(summary) : [trackTable(summary), timeline(data)]}
${references(data)}
${howToRead()}
${law()}
${provenance(data)}
</main>
<footer>Deadpan ${data.version}. ${data.files.length === 0 ? null : markup`Beside this page: ${listed(data.files.map((file) => markup`<a href="${encodeURI(file)}">${file}</a>`))}.`}</footer>`,
  });
}

/** The last part of a path. */
export function fileName(path: string): string {
  return path.split(/[/\\]/).findLast((part) => part !== '') ?? path;
}

function facts(summary: Summary): Markup {
  const { frames } = summary;
  const share = frames.analysed === 0 ? 0 : frames.withFace / frames.analysed;
  const fact = (term: string, value: string, more: string): Markup =>
    markup`<div><dt>${term}</dt><dd>${value} <small>${more}</small></dd></div>`;
  return markup`<dl class="facts">
${summary.kind === 'image' ? fact('Picture', `${summary.width} × ${summary.height}`, 'pixels') : fact('Duration', clockTime(summary.duration, 1), `${summary.width} × ${summary.height}`)}
${fact('Frames analysed', count(frames.analysed), frames.analysed === frames.read ? 'all of them' : `of ${count(frames.read)}`)}
${fact('With a face', percent(share), `${count(frames.withFace)} ${plural('frame', frames.withFace)}`)}
${fact('Tracks', count(summary.tracks.length), `${count(summary.faces)} ${plural('face', summary.faces)}`)}
</dl>`;
}

function putAside({ putAside }: ReportData): Markup | null {
  if (putAside === 0) return null;
  return markup`<p><strong>${count(putAside)} ${plural('record', putAside)} could not be worked on</strong> and ${putAside === 1 ? 'is' : 'are'} missing below; <a href="dead-letters.ndjson">dead-letters.ndjson</a> says which and why.</p>`;
}

function nobody({ frames }: Summary): Markup {
  return markup`<h2>No face was seen</h2>
<p>${frames.analysed === 0 ? 'No frame was analysed.' : `None of the ${count(frames.analysed)} analysed frames holds a face that the detector is sure of.`} Faces that are very small, turned away or covered are not found.</p>`;
}

function trackTable({ tracks, kind }: Summary): Markup {
  return markup`<h2>Who showed what</h2>
<div class="wide"><table class="dense">
<caption>The share of its frames in which each expression was the most probable one, per track. A track is one person followed without a long break; who leaves and comes back may get a new one.</caption>
<thead><tr><th scope="col">Track</th><th scope="col">Seen</th>${CLASSES.map((name) => markup`<th scope="col" class="number">${swatch(name)}${name}</th>`)}<th scope="col" class="number">Intensity</th></tr></thead>
<tbody>${tracks.map((track) => trackRow(track, kind))}</tbody>
</table></div>
${kind === 'image' ? null : moments(tracks)}`;
}

function trackRow(track: TrackSummary, kind: Summary['kind']): Markup {
  const seen =
    kind === 'image' ? 'in the picture' : `${clockTime(track.first, 1)} to ${clockTime(track.last, 1)}`;
  return markup`<tr><th scope="row">${track.track}</th><td>${seen}<br><span class="quiet">${count(track.frames)} ${plural('frame', track.frames)}</span>${shareBar(track.shares)}</td>${CLASSES.map((name) => markup`<td class="number${emphasis(track, name)}">${share(track.shares[name])}</td>`)}<td class="number">${track.intensity.toFixed(2)}</td></tr>
`;
}

function emphasis(track: TrackSummary, name: ExpressionClass): string {
  if (name === track.expression) return ' most';
  return track.shares[name] === 0 ? ' quiet' : '';
}

/** A bar for the eye; the numbers beside it say the same. */
function shareBar(shares: ByClass): Markup {
  const parts = CLASSES.filter((name) => shares[name] > 0).map(
    (name) =>
      markup`<span style="width:${(shares[name] * 100).toFixed(2)}%;background:${EXPRESSION_COLORS[name]}"></span>`,
  );
  return markup`<div class="shares" aria-hidden="true">${parts}</div>`;
}

function moments(tracks: readonly TrackSummary[]): Markup {
  const rows = tracks.flatMap((track) =>
    track.moments.map((moment, i) => ({ track, moment, first: i === 0, of: track.moments.length })),
  );
  if (rows.length === 0) {
    return markup`<p class="quiet">No window of any track has a most probable expression other than neutral.</p>`;
  }
  const row = ({ track, moment, first, of }: (typeof rows)[number]): Markup =>
    markup`<tr>${first ? markup`<th scope="rowgroup" rowspan="${of}">${track.track}</th>` : null}${momentCells(moment)}</tr>`;
  return markup`<h3>Clearest moments</h3>
<div class="wide"><table class="narrow">
<caption>Windows in which an expression other than neutral prevails, by probability times intensity: at most three a track, at least three seconds apart.</caption>
<thead><tr><th scope="col">Track</th><th scope="col" class="number">At</th><th scope="col">Expression</th><th scope="col" class="number">Probability</th><th scope="col" class="number">Intensity</th></tr></thead>
${tracks.map((track) =>
  track.moments.length === 0
    ? null
    : markup`<tbody>${rows.filter((entry) => entry.track === track).map(row)}</tbody>
`,
)}</table></div>`;
}

function momentCells(moment: Moment): Markup {
  return markup`<td class="number">${clockTime(moment.time, 1)}</td><td>${swatch(moment.expression)}${moment.expression}</td><td class="number">${share(moment.probability)}</td><td class="number">${moment.intensity.toFixed(2)}</td>`;
}

function timeline({ timeline: svg, summary }: ReportData): Markup | null {
  if (summary.kind === 'image') return null;
  return markup`<h2>Over time</h2>
<div class="chart">${trusted(svg)}</div>`;
}

function references({ references: pictures }: ReportData): Markup | null {
  if (pictures.size === 0) return null;
  return markup`<h2>Faces and their neutral references</h2>
<p>On the left a face as the classifier saw it, on the right the neutral face of the same person that was generated from it. The intensity is how far apart the two are.</p>
${[...pictures].map(
  ([
    track,
    pairs,
  ]) => markup`<section class="track"><h3>Track ${track}</h3><ul class="pairs">${pairs.map((pair) => pairFigure(track, pair))}</ul></section>
`,
)}`;
}

function pairFigure(
  track: string,
  { time, expression, intensity, crop, reference }: ReferencePicture,
): Markup {
  const at = clockTime(time, 1);
  return markup`<li><figure><img src="${png(crop)}" alt="Track ${track} at ${at}: ${expression}"><img src="${png(reference)}" alt="Generated neutral face of track ${track} at ${at}"><figcaption>${at} ${expression}, ${intensity.toFixed(2)}</figcaption></figure></li>`;
}

function howToRead(): Markup {
  return markup`<h2>How to read this</h2>
<p><strong>Probability</strong> is how sure the classifier is of each of the eight expressions; the eight sum to 100 %. <strong>Intensity</strong> says how far the face is from a neutral face of the same person, which Deadpan generates for each face: 0 is as neutral as that person gets, 1 is far from it. A resting face that looks stern or cheerful to others therefore does not count as an expression by itself.</p>
<p>The curves show sliding windows: the mean over the frames of each window in which the track was seen. Where the panel is empty, it was not seen.</p>
<p><strong>What it cannot tell.</strong> An expression is what a face shows and not what a person feels: people smile out of courtesy and frown in thought. Small, blurred, covered or strongly turned faces are read less reliably (see <code>quality</code> in faces.csv), and so are expressions that were rare in the training data; the model cards give the measured accuracy per class. Do not base a decision about a person on these numbers.</p>`;
}

function law(): Markup {
  return markup`<div class="notice" role="note" aria-label="Law and privacy"><p><strong>Law and privacy.</strong> In the European Union it is prohibited to infer the emotions of people at work and in education, except for medical or safety reasons (Regulation (EU) 2024/1689, Article 5(1)(f)). Where it is allowed, people whose expressions are analysed must be told so (Article 50(3)), and faces are personal data (Regulation (EU) 2016/679). This page describes identifiable people: keep it, share it and delete it accordingly.</p></div>`;
}

function provenance({ models, settings, version }: ReportData): Markup {
  return markup`<h2>Made with</h2>
<div class="wide"><table>
<thead><tr><th scope="col">What</th><th scope="col">Version or value</th><th scope="col">SHA-256</th></tr></thead>
<tbody>
<tr><th scope="row">Deadpan</th><td>${version}</td><td></td></tr>
${models.map(
  (
    model,
  ) => markup`<tr><th scope="row">${model.name}</th><td>${model.version}</td><td><code>${model.sha256}</code></td></tr>
`,
)}${settings.map(
    ([name, value]) => markup`<tr><th scope="row">${name}</th><td>${value}</td><td></td></tr>
`,
  )}</tbody>
</table></div>`;
}

/** The colour of a class, for the eye only. */
function swatch(name: ExpressionClass): Markup {
  return markup`<span class="swatch" style="background:${EXPRESSION_COLORS[name]}" aria-hidden="true"></span>`;
}

function listed(items: readonly Markup[]): readonly (Markup | string)[] {
  return items.flatMap((item, i) => (i === 0 ? [item] : [', ', item]));
}

function png(bytes: Uint8Array): string {
  return `data:image/png;base64,${Buffer.from(bytes).toString('base64')}`;
}

function share(value: number): string {
  if (value === 0) return '0 %';
  return value < 0.01 ? '< 1 %' : percent(value);
}

function percent(value: number): string {
  // Nearly all is not all, and nearly none is not none.
  if (value < 1 && value >= 0.995) return `${Math.min(99.9, Math.round(value * 1000) / 10)} %`;
  return `${Math.round(value * 100)} %`;
}

function count(value: number): string {
  return value.toLocaleString('en');
}

function plural(noun: string, of: number): string {
  return of === 1 ? noun : `${noun}s`;
}
