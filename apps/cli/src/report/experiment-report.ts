import {
  metricLossOf,
  paperAccuracies,
  paperBatch,
  paperIdentityErrors,
  paperIdentityWeights,
  paperMinutes,
  paperPretraining,
  type ExperimentResults,
  type FacePicture,
  type MethodName,
  type MethodSummary,
  type ProtocolName,
  type Spread,
} from '@deadpan/training';
import sharp from 'sharp';

import { version } from '../version.js';
import { curvesChart, distancesChart, sweepChart } from './experiment-charts.js';
import { htmlPage } from './html-page.js';
import { markup, type Markup } from './markup.js';

/** What an experiment was made of, besides its results. */
export interface ExperimentFacts {
  readonly protocol: ProtocolName | undefined;
  /** What the paper counts in the set. */
  readonly printed:
    { readonly sequences: number; readonly subjects: number; readonly images: number } | undefined;
  /** Name and version of the generator of references. */
  readonly generator: string;
}

const SETS: Readonly<Record<ProtocolName, string>> = {
  ckplus: 'CK+ (7)',
  ckplus8: 'CK+ (8)',
  mmi: 'MMI',
  oulu: 'Oulu-CASIA',
};

const STYLE = `
.methods th[scope=row] { min-width: 130px; font-weight: 400; }
.matrix td { text-align: center; font-variant-numeric: tabular-nums; }
.matrix { width: auto; }
.pairs .none { width: 76px; height: 76px; display: inline-block; }
.chart svg { max-width: 100%; height: auto; }
`;

/**
 * The page of an experiment: the paper's tables and figures with what was measured beside what is printed. It needs
 * nothing but itself.
 */
export async function experimentReport(
  results: ExperimentResults,
  pictures: readonly FacePicture[],
  facts: ExperimentFacts,
): Promise<string> {
  return htmlPage({
    version,
    title: `Methods compared: ${results.title}`,
    allowed: 'img-src data:',
    style: STYLE,
    body: markup`<header>
<h1>Methods compared: ${results.title}</h1>
<p class="quiet">After Liu, Kumar, Jia and You, Hard negative generation for identity-disentangled facial expression recognition, Pattern Recognition 88 (2019).</p>
${overview(results, facts)}
</header>
<main>
${accuracyTable(results, facts)}
${timeTable(results, facts)}
${comparisonTable(results)}
${sweeps(results)}
${confusions(results)}
${identity(results)}
${await faceGrid(pictures)}
${howItWasDone(results, facts)}
</main>
<footer>Deadpan ${version}. Beside this page: <a href="results.json">results.json</a>, with every run.</footer>`,
  });
}

function overview(results: ExperimentResults, { printed }: ExperimentFacts): Markup {
  const fact = (term: string, value: string | number, more: string): Markup =>
    markup`<div><dt>${term}</dt><dd>${value} <small>${more}</small></dd></div>`;
  return markup`<dl class="facts">
${fact('Faces', results.faces, printed === undefined ? '' : `the paper: ${printed.images}`)}
${fact('People', results.subjects === 0 ? 'not known' : results.subjects, printed === undefined ? '' : `the paper: ${printed.subjects}`)}
${fact('Classes', results.classes.length, results.classes.map((name, k) => `${name} ${results.counts[k] ?? 0}`).join(', '))}
${fact('Runs', results.runs.length, `of ${results.training.steps} steps, on ${results.folds === 1 ? 'one split' : `${results.folds} splits`}`)}
</dl>`;
}

function accuracyTable(results: ExperimentResults, { protocol }: ExperimentFacts): Markup {
  const paperOf = (method: MethodName): string => {
    const row = paperAccuracies.find((other) => other.method === method);
    const value = protocol === undefined ? undefined : row?.accuracy[protocol];
    return value === undefined ? '' : value.toFixed(2);
  };
  const row = (
    summary: MethodSummary,
  ): Markup => markup`<tr><th scope="row">${summary.title}</th><td class="number">${weightOf(summary)}</td><td class="number">${summary.accuracy.runs}</td><td class="number">${plusMinus(summary.accuracy)}</td><td class="number">${percent(summary.pooled)}</td><td class="number">${plusMinus(summary.classMean)}</td><td class="number">${plusMinus(summary.macroF1)}</td><td class="number">${gainCell(summary.gain)}</td><td class="number">${gainCell(summary.classMeanGain)}</td>${protocol === undefined ? null : markup`<td class="number">${paperOf(summary.method)}</td>`}</tr>
`;
  return markup`<h2>Accuracy by method</h2>
<div class="wide"><table class="dense methods">
<caption>Per cent on the test part, by ${results.bySequence ? 'sequence' : 'face'}: mean ± standard deviation over the runs (splits and seeds); all items of all runs pooled; mean recall of the classes; macro F1. The gain is over softmax alone with the same split, seed, starting weights and batches: mean ± deviation, and below it the 95 % interval of the mean (Student's t), in points.</caption>
<thead><tr><th scope="col">Method</th><th scope="col" class="number">gamma</th><th scope="col" class="number">Runs</th><th scope="col" class="number">Accuracy</th><th scope="col" class="number">Pooled</th><th scope="col" class="number">Class mean</th><th scope="col" class="number">Macro F1</th><th scope="col" class="number">Gain, accuracy</th><th scope="col" class="number">Gain, class mean</th>${protocol === undefined ? null : markup`<th scope="col" class="number">The paper</th>`}</tr></thead>
<tbody>${results.methods.map(row)}</tbody></table></div>
${paperTable(protocol)}
${pretrainingTable(results, protocol)}`;
}

/** The paper's sets that a page tells of: its own, or all where it has none of them. */
function setsBeside(protocol: ProtocolName | undefined): ProtocolName[] {
  return (Object.keys(SETS) as ProtocolName[]).filter((set) => protocol === undefined || set === protocol);
}

function paperTable(protocol: ProtocolName | undefined): Markup {
  const sets = setsBeside(protocol);
  const rows = paperAccuracies.filter(({ accuracy }) => sets.some((set) => accuracy[set] !== undefined));
  return markup`<h3>What the paper prints</h3>
<div class="wide"><table class="narrow">
<caption>Tables 3, 4 and 6, per cent.${protocol === undefined ? ' On other sets than this one: not to be compared number by number.' : ''}</caption>
<thead><tr><th scope="col">Method</th>${sets.map((set) => markup`<th scope="col" class="number">${SETS[set]}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({
      name,
      accuracy,
    }) => markup`<tr><th scope="row">${name}</th>${sets.map((set) => markup`<td class="number">${accuracy[set]?.toFixed(2) ?? ''}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

/** The paper's Table 5, and what was measured on the same set, in the column of how this trunk begins. */
function pretrainingTable(
  { methods, trunk }: ExperimentResults,
  protocol: ProtocolName | undefined,
): Markup | null {
  const sets = setsBeside(protocol).filter((set) =>
    paperPretraining.some(({ accuracy }) => accuracy[set] !== undefined),
  );
  if (sets.length === 0) return null;
  const pretrained = trunk === 'residual';
  const measured =
    protocol === undefined
      ? []
      : methods.filter(({ method }) => paperPretraining.some((row) => row.method === method));
  return markup`<h3>Without and with pretraining</h3>
<div class="wide"><table class="narrow">
<caption>The paper's Table 5, per cent: without → with pretraining on Multi-PIE. All its differences are below one item of the data. Here ${pretrained ? 'the trunk begins with weights that were trained to recognise people, and nothing was run without' : 'the trunk begins with random weights, and nothing was run with pretraining'}.</caption>
<thead><tr><th scope="col">Method</th>${sets.map((set) => markup`<th scope="col" class="number">${SETS[set]}, without</th><th scope="col" class="number">with</th>`)}</tr></thead>
<tbody>${paperPretraining.map(
    ({ name, accuracy }) =>
      markup`<tr><th scope="row">${name}</th>${sets.map((set) => markup`<td class="number">${accuracy[set]?.[0].toFixed(2) ?? ''}</td><td class="number">${accuracy[set]?.[1].toFixed(2) ?? ''}</td>`)}</tr>
`,
  )}${measured.map(
    ({ title, gamma, accuracy }) =>
      markup`<tr><th scope="row">Measured: ${title}, gamma ${gamma}</th><td class="number">${pretrained ? '' : plusMinus(accuracy)}</td><td class="number">${pretrained ? plusMinus(accuracy) : ''}</td></tr>
`,
  )}</tbody></table></div>`;
}

function timeTable(results: ExperimentResults, { protocol }: ExperimentFacts): Markup {
  const set = protocol ?? 'ckplus';
  const minutesOf = (method: MethodName): number | undefined =>
    paperMinutes.find((row) => row.method === method)?.minutes[set];
  const own = minutesOf('radial') ?? 1;
  return markup`<h2>Training time to the same validation accuracy</h2>
<div class="wide"><table class="dense methods">
<caption>Each method beside RML with references (learnt T, the same gamma): for each split and seed the goal is the lower of the two best validation accuracies, so that both reach it. Processor seconds of the training steps, looks at the validation faces left out; mean ± standard deviation. The paper: Table 2, ${SETS[set]}, minutes of metric learning on a Titan X.</caption>
<thead><tr><th scope="col">Method</th><th scope="col" class="number">gamma</th><th scope="col" class="number">Runs</th><th scope="col" class="number">ms a step</th><th scope="col" class="number">Seconds</th><th scope="col" class="number">Steps</th><th scope="col" class="number">RML, seconds</th><th scope="col" class="number">RML, steps</th><th scope="col" class="number">Times RML</th><th scope="col" class="number">The paper, min</th><th scope="col" class="number">Times IDFERM</th></tr></thead>
<tbody>${results.times.map((time) => {
    const minutes = minutesOf(time.method);
    const summary = results.methods.find(
      ({ method, gamma }) => method === time.method && gamma === time.gamma,
    );
    const number = ({ mean, deviation, runs }: Spread, digits: number): string =>
      runs > 1 ? `${mean.toFixed(digits)} ± ${deviation.toFixed(digits)}` : mean.toFixed(digits);
    return markup`<tr><th scope="row">${time.title}</th><td class="number">${weightOf(time)}</td><td class="number">${time.cpuSeconds.runs}</td><td class="number">${summary?.stepCpuMs.toFixed(0) ?? ''}</td><td class="number">${number(time.cpuSeconds, 1)}</td><td class="number">${number(time.steps, 0)}</td><td class="number">${number(time.radialCpuSeconds, 1)}</td><td class="number">${number(time.radialSteps, 0)}</td><td class="number">${time.ratio.toFixed(2)}</td><td class="number">${minutes ?? ''}</td><td class="number">${minutes === undefined ? '' : (minutes / own).toFixed(1)}</td></tr>
`;
  })}</tbody></table></div>
${paperTimes(protocol)}
${gammasOf(results).map((gamma) => markup`<h3>Validation accuracy over processor time, gamma ${gamma}</h3><div class="chart">${curvesChart(results, gamma)}</div>`)}`;
}

function paperTimes(protocol: ProtocolName | undefined): Markup {
  const sets = setsBeside(protocol);
  const rows = paperMinutes.filter(({ minutes }) => sets.some((set) => minutes[set] !== undefined));
  const clock = (minutes: number | undefined): string => {
    if (minutes === undefined) return '';
    return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  };
  return markup`<h3>What the paper prints</h3>
<div class="wide"><table class="narrow">
<caption>Table 2: metric learning on a Titan X. The generator took about six hours besides, once for all sets.</caption>
<thead><tr><th scope="col">Method</th>${sets.map((set) => markup`<th scope="col" class="number">${SETS[set]}</th>`)}</tr></thead>
<tbody>${rows.map(
    ({
      name,
      minutes,
    }) => markup`<tr><th scope="row">${name}</th>${sets.map((set) => markup`<td class="number">${clock(minutes[set])}</td>`)}</tr>
`,
  )}</tbody></table></div>`;
}

/** Weights that more methods than RML were run with, greatest first. */
function gammasOf({ methods }: ExperimentResults): number[] {
  const others = methods.filter(({ method }) => method !== 'softmax' && method !== 'radial');
  return [...new Set(others.map(({ gamma }) => gamma))].sort((a, b) => b - a);
}

function weightOf({ method, gamma }: { readonly method: MethodName; readonly gamma: number }): string {
  return method === 'softmax' ? '' : `${gamma}`;
}

function comparisonTable({ methods, queries, training }: ExperimentResults): Markup {
  const { K, N, M } = paperBatch;
  return markup`<h2>Distance comparisons a batch</h2>
<div class="wide"><table class="narrow">
<caption>As the paper counts them, for its batch of ${K} queries (N = M = ${N}) and for this one of ${queries} (N = ${training.perClass}, M = ${queries - training.perClass}).</caption>
<thead><tr><th scope="col">Method</th><th scope="col" class="number">K = ${K}</th><th scope="col" class="number">K = ${queries}</th></tr></thead>
<tbody>${methods
    .filter(({ method }, i) => methods.findIndex((other) => other.method === method) === i)
    .map(
      ({ method, title, comparisons }) =>
        markup`<tr><th scope="row">${title}</th><td class="number">${metricLossOf(method)?.comparisons(K, N, M) ?? 0}</td><td class="number">${comparisons}</td></tr>
`,
    )}</tbody></table></div>`;
}

function sweeps({ gammaSweep, slopeSweep }: ExperimentResults): Markup | null {
  // Softmax alone is there anyway and makes no curve of a single weight.
  const gammas = gammaSweep.filter(({ value }) => value > 0).length > 1;
  const slopes = slopeSweep.length > 1;
  if (!gammas && !slopes) return null;
  const alone = gammaSweep.some(({ value }) => value === 0) ? ' 0 is softmax alone.' : '';
  const over = (points: ExperimentResults['gammaSweep']): string =>
    `RML with references on the first split, ± standard deviation over seeds (${points.map(({ value, accuracy }) => `${value}: ${accuracy.runs}`).join(', ')}).`;
  return markup`<h2>Accuracy against the weight of the metric loss, and the slope of the LeakyReLU</h2>
${gammas ? markup`<p>${over(gammaSweep)}${alone} The paper's Fig. 11 finds gamma between 0.95 and 1 best.</p><div class="chart">${sweepChart(gammaSweep, 'gamma')}</div>` : null}
${slopes ? markup`<p>${over(slopeSweep)} The paper's Fig. 12 is flat between 0.075 and 0.125.</p><div class="chart">${sweepChart(slopeSweep, 'slope')}</div>` : null}`;
}

function confusions({ methods, classes }: ExperimentResults): Markup {
  const shown = methods.filter(({ method }) => method === 'softmax' || method === 'radial');
  return markup`<h2>Confusion matrices</h2>
<p>Per cent of a class; as in the paper's Fig. 13 a column is the truth and a row what was said. All runs together.</p>
${(shown.length > 0 ? shown : methods.slice(0, 1)).map(({ method, gamma, title, confusion }) => {
  const totals = confusion.map((row) => row.reduce((sum, count) => sum + count, 0));
  return markup`<h3>${title}${method === 'softmax' ? '' : `, gamma ${gamma}`}</h3><div class="wide"><table class="matrix">
<thead><tr><th scope="col"></th>${classes.map((name) => markup`<th scope="col">${name}</th>`)}</tr></thead>
<tbody>${classes.map(
    (name, said) => markup`<tr><th scope="row">${name}</th>${classes.map((_, truth) => {
      const share = (confusion[truth]?.[said] ?? 0) / Math.max(1, totals[truth] ?? 0);
      return markup`<td style="background:rgba(10,125,85,${(0.75 * share).toFixed(2)})">${share === 0 ? '' : (100 * share).toFixed(1)}</td>`;
    })}</tr>
`,
  )}</tbody></table></div>`;
})}`;
}

function identity({ distances, identityErrors }: ExperimentResults): Markup {
  return markup`<h2>Is the reference the same person?</h2>
${
  distances === undefined
    ? null
    : markup`<p>Distances between expressive faces and their references (the paper's Fig. 10), by dlib's recognition network, which took part in the generator's training; median ${distances.median.toFixed(2)}. ${
        distances.threshold === undefined
          ? 'People are not known in this set, so there is no threshold.'
          : `The dashed line, ${distances.threshold.distance.toFixed(2)}, tells pairs of this set apart best (${percent(distances.threshold.right)} % right; the paper's 1.242 belongs to FaceNet): ${percent(distances.threshold.errors)} % of the references lie beyond it.`
      }</p><div class="chart">${distancesChart(distances)}</div>`
}
${withAndWithout(identityErrors)}
<div class="wide"><table class="narrow">
<caption>Identity errors, per cent, by the weight of the identity loss (Table 1).${
    identityErrors === undefined
      ? ' Not measured here: it takes a generator for each weight (--figures identity).'
      : ` Measured: one plain generator for each weight, ${identityErrors.steps} steps on the same batches, each from the same auto-encoder, which had ${identityErrors.autoEncoderSteps} steps and makes ${percent(identityErrors.autoEncoder.errors)} % errors itself. Judged on people who were held out, at the distance that tells this set apart best. Weights are multiplied by ${identityErrors.scale}: the paper does not say how it scales its losses. Its generators were trained for about six hours each.`
  }</caption>
<thead><tr><th scope="col">Weight</th>${paperIdentityErrors.map(([weight]) => markup`<th scope="col" class="number">${weight}</th>`)}</tr></thead>
<tbody><tr><th scope="row">The paper</th>${paperIdentityErrors.map(([, errors]) => markup`<td class="number">${errors.toFixed(2)}</td>`)}</tr>
${
  identityErrors === undefined
    ? null
    : markup`<tr><th scope="row">Measured</th>${paperIdentityErrors.map(([weight]) => {
        const row = identityErrors.byWeight.find((other) => other.weight === weight);
        return markup`<td class="number">${row === undefined ? '' : percent(row.errors)}</td>`;
      })}</tr>`
}</tbody></table></div>`;
}

/** The paper's Fig. 10 as it is printed: the same generator trained with the identity loss and without it. */
function withAndWithout(sweep: ExperimentResults['identityErrors']): Markup | null {
  const at = (wanted: number) => sweep?.byWeight.find(({ weight }) => weight === wanted);
  const [held, free] = [at(paperIdentityWeights.with), at(paperIdentityWeights.without)];
  if (held === undefined || free === undefined) return null;
  const about = ({ distances, errors }: typeof held): string =>
    `median ${distances.median.toFixed(2)}, ${percent(errors)} % beyond the dashed line`;
  return markup`<h3>With and without the identity loss</h3>
<p>The paper's Fig. 10: plain generators from the same start on the same batches, on expressive faces of people who were held out. With L_id, weight ${held.weight}: ${about(held)}. Without it: ${about(free)}.</p><div class="chart">${distancesChart(held.distances, free.distances)}</div>`;
}

async function faceGrid(pictures: readonly FacePicture[]): Promise<Markup | null> {
  if (pictures.length === 0) return null;
  const image = async (face: Uint8Array, what: string): Promise<Markup> =>
    markup`<img src="${await png(face)}" alt="${what}">`;
  const figures = await Promise.all(
    pictures.map(
      async ({ expression, face, target, reference, plain }) =>
        markup`<li><figure>${await image(face, `A face: ${expression}`)}${target === undefined ? markup`<span class="none"></span>` : await image(target, 'A neutral face of the same person')}${await image(reference, 'Its generated reference')}${await Promise.all(
          plain.map(({ title, reference: other }) => image(other, `By a plain generator, ${title}`)),
        )}<figcaption>${expression}</figcaption></figure></li>`,
    ),
  );
  const plain = pictures[0]?.plain.map(({ title }) => title) ?? [];
  const more =
    plain.length === 0
      ? ''
      : `; then those of the plain generators of Table 1, which have trained on four in five of these people: ${plain.join(', ')}`;
  return markup`<h2>Faces and their references</h2>
<p>From left to right, as in the paper's Fig. 5 and 9: a face; another face of the same person, neutral, where the set has one, which is what a reference should look like; its generated reference${more}.</p>
<ul class="pairs">${figures}</ul>`;
}

async function png(face: Uint8Array): Promise<string> {
  const bytes = await sharp(face, { raw: { width: 64, height: 64, channels: 1 } })
    .png()
    .toBuffer();
  return `data:image/png;base64,${bytes.toString('base64')}`;
}

function howItWasDone(results: ExperimentResults, { generator }: ExperimentFacts): Markup {
  const { training, trunk, queries, deal } = results;
  const residual = trunk === 'residual';
  return markup`<h2>How it was done, and where it is not the paper</h2>
<ul>
<li>Trunk: ${residual ? 'dlib’s recognition ResNet on faces of 96 pixels. Its weights have seen no expression label. It is frozen up to the 128-channel stage and its features are worked out once for the centre crop of each face and its mirror image; the 256-channel stage and the two-branch head are trained. The paper trains its inception trunk whole, on ten crops, after pretraining on Multi-PIE.' : 'the paper’s inception groups from random weights, trained whole on the centre crop and its mirror image. The paper takes ten crops, and pretrains on Multi-PIE.'}</li>
${
  deal === undefined
    ? null
    : markup`<li>Folds: no person is in two of them. By their ids, ${deal === 'interleaved' ? 'every so many-th person goes into one' : 'people in a row go into one'}; the fold after the tested one validates, all others train.</li>
`
}<li>Every method has the same splits, starting weights, dropout and batches for the same seed: ${training.perClass} faces a class, ${queries} a batch, ${training.steps} steps, mirrored by chance. The loss is softmax + gamma x metric loss. The weights with the best accuracy on the validation faces are tested.</li>
<li>Optimiser: Adam, greatest rate ${training.learningRate}, warm-up and cosine, weight decay ${training.weightDecay}. The paper: SGD with momentum 0.9 from 0.1, halved when it stalls.</li>
<li>FC5 is scaled so that the first batch's embeddings spread by 1: margin ${training.margin} and T = ${training.threshold} then mean the same for all losses. The paper does not say its margins. Adaptive losses start with b at the median of half the squared distance to the class centre.</li>
<li>RML has the signs that make H fall with distance; “printed signs” has those of the paper’s Eq. 13 and 14, which move half of all queries away from their centre. Class centres are means of the batch's queries without gradient. A neutral query's reference is neutral itself and pushes nothing away. “No references” leaves out the second hinge.</li>
<li>(N+M)-tuplets: one a class; negatives are other expressions of the same people where the batch has such, else all other faces of it, since batches are the same for all methods.</li>
<li>References: ${generator}. It saw faces of FER+, LFW and the London set in its training, and a frozen expression network trained on FER+ was one of its losses; where those sets are tested it is no stranger to them. References take no part in testing: the class comes from the expression branch on one picture.</li>
<li>Times are processor seconds of one process on the machine that ran this. Losses are worked out for a whole batch at once, so K cubed comparisons of ${queries} embeddings cost little beside the trunk; references cost a second pass through what is trained.</li>
</ul>`;
}

function percent(share: number): string {
  return (100 * share).toFixed(2);
}

function plusMinus({ mean, deviation, runs }: Spread): string {
  return runs > 1 ? `${percent(mean)} ± ${percent(deviation)}` : percent(mean);
}

function gainCell(gain: MethodSummary['gain']): Markup | null {
  if (gain === undefined) return null;
  const mean = `${gain.mean < 0 ? '' : '+'}${percent(gain.mean)}`;
  if (gain.interval === undefined) return markup`${mean}`;
  const [low, high] = gain.interval;
  return markup`${mean} ± ${percent(gain.deviation)}<br><span class="quiet">${percent(low)} to ${percent(high)}</span>`;
}
