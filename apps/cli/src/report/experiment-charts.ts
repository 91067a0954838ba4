import * as Plot from '@observablehq/plot';
import type { ExperimentResults, IdentityDistances, MethodName, SweepPoint } from '@deadpan/training';
import { parseHTML } from 'linkedom';

import { trusted, type Markup } from './markup.js';

const WIDTH = 720;
const HEIGHT = 280;

/** Methods that stand out; the others are drawn in grey behind them. */
const COLORS: Partial<Record<MethodName, string>> = {
  softmax: '#59636e',
  triplet: '#d9822b',
  'nm-tuplet': '#7a5fb5',
  radial: '#0a7d55',
};

/** Mean validation accuracy of each method over the processor time of training. */
export function curvesChart({ methods, runs }: ExperimentResults, gamma: number): Markup {
  const points = methods.flatMap(({ method, title, gamma: weight }) => {
    if (method !== 'softmax' && weight !== gamma) return [];
    const own = runs.filter((run) => run.method === method && run.gamma === weight && run.alpha === 0.1);
    const mean = (values: readonly number[]): number =>
      values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
    return (own[0]?.curve ?? []).map((_, i) => ({
      method,
      title,
      seconds: mean(own.flatMap(({ curve }) => curve[i]?.cpuSeconds ?? [])),
      accuracy: mean(own.flatMap(({ curve }) => curve[i]?.accuracy ?? [])),
    }));
  });
  const line = { x: 'seconds', y: 'accuracy', z: 'method' };
  const bright = points.filter(({ method }) => COLORS[method] !== undefined);
  const named = bright.filter((point, i) => bright[i + 1]?.method !== point.method);
  return plot({
    x: { label: 'processor time of training, seconds', grid: true },
    y: { label: 'validation accuracy, %', percent: true, grid: true },
    marks: [
      Plot.lineY(points, { ...line, stroke: '#9aa4ae', strokeWidth: 1, strokeOpacity: 0.6 }),
      Plot.lineY(bright, {
        ...line,
        stroke: (point: Point) => COLORS[point.method] ?? '#000',
        strokeWidth: 2,
      }),
      ...named.map(({ method, title }, i) =>
        Plot.text([title], {
          frameAnchor: 'bottom-right',
          text: [title],
          dy: -8 - 16 * (named.length - 1 - i),
          fill: COLORS[method] ?? '#000',
        }),
      ),
    ],
  });
}

interface Point {
  readonly method: MethodName;
}

/** Accuracy over a parameter, with its spread over seeds. */
export function sweepChart(points: readonly SweepPoint[], label: string): Markup {
  const rows = points.map(({ value, accuracy }) => ({
    value,
    accuracy: accuracy.mean,
    low: accuracy.mean - accuracy.deviation,
    high: accuracy.mean + accuracy.deviation,
  }));
  return plot({
    x: { label, grid: true },
    y: { label: 'accuracy, %', percent: true, grid: true },
    marks: [
      Plot.ruleX(rows, { x: 'value', y1: 'low', y2: 'high', stroke: '#0a7d55' }),
      Plot.lineY(rows, { x: 'value', y: 'accuracy', stroke: '#0a7d55', strokeWidth: 2 }),
      Plot.dot(rows, { x: 'value', y: 'accuracy', fill: '#0a7d55' }),
    ],
  });
}

/**
 * Distances of faces to their references beside those of the same person and of strangers; with `without`, also to
 * the references of a generator that was trained without the identity loss and judged on the same faces.
 */
export function distancesChart(distances: IdentityDistances, without?: IdentityDistances): Markup {
  const kinds: readonly (readonly [string, readonly number[], string])[] = [
    [
      `a face and its reference${without === undefined ? '' : ', with L_id'}`,
      distances.faceToReference,
      '#0a7d55',
    ],
    ...(without === undefined
      ? []
      : [['a face and its reference, without L_id', without.faceToReference, '#b3261e'] as const]),
    ['two faces of a person', distances.samePerson, '#0a5ea8'],
    ['faces of two people', distances.strangers, '#d9822b'],
  ];
  const rows = kinds.flatMap(([kind, shares, color]) =>
    shares.map((share, i) => ({ kind, color, share, distance: distances.bins[i] ?? 0 })),
  );
  const present = kinds.filter(([, shares]) => shares.length > 0);
  return plot({
    // The names stand above the curves, wherever these lie.
    insetTop: 16 * present.length + 6,
    x: { label: 'distance' },
    y: { label: 'share of pairs, %', percent: true, grid: true },
    color: {
      type: 'ordinal',
      domain: present.map(([kind]) => kind),
      range: present.map(([, , color]) => color),
    },
    marks: [
      Plot.lineY(rows, { x: 'distance', y: 'share', stroke: 'kind', strokeWidth: 2 }),
      ...(distances.threshold === undefined
        ? []
        : [Plot.ruleX([distances.threshold.distance], { strokeDasharray: '4 3' })]),
      ...present.map(([kind, , color], i) =>
        Plot.text([kind], { frameAnchor: 'top-right', text: [kind], dy: 6 + 16 * i, fill: color }),
      ),
    ],
  });
}

function plot(options: Plot.PlotOptions): Markup {
  // The types of both libraries ask for a browser's; this is what is used of them.
  const { document: elements } = parseHTML('<html></html>') as unknown as { document: unknown };
  const made = Plot.plot({
    ...options,
    document: elements as never,
    className: 'chart',
    width: WIDTH,
    height: HEIGHT,
    marginLeft: 52,
    style: { fontSize: '12px', background: 'transparent' },
  }) as unknown as { querySelector(selector: string): { remove(): void } | null; readonly outerHTML: string };
  // Plot's own style sheet speaks of a white page.
  made.querySelector('style')?.remove();
  return trusted(made.outerHTML);
}
