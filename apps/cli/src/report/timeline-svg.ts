import * as Plot from '@observablehq/plot';
import { CLASSES } from '@deadpan/shared';
import { parseHTML } from 'linkedom';

import { clockTicks, clockTime } from './clock-time.js';
import { EXPRESSION_COLORS } from './expression-palette.js';
import { markup, trusted, type Markup } from './markup.js';
import { COARSE, FINE, timelinePoints, type TimelinePoint } from './timeline-points.js';
import type { TrackRecord } from './track-record.js';

/** How long the axis is, in seconds of the media. */
export interface TimelineOptions {
  readonly duration: number;
}

/** What is used of the element that Plot makes. */
interface PlottedSvg {
  querySelector(selector: string): { remove(): void } | null;
  readonly outerHTML: string;
}

const WIDTH = 960;
const MARGIN_LEFT = 48;
const MARGIN_RIGHT = 28;
const HEADING = 18;
const AXIS = 32;
const LEGEND = 34;
/** More rows than this nobody reads; the tracks with the most frames are shown. */
const TRACKS_SHOWN = 60;
/** Above this many tracks, panels are low and lines are drawn less finely. */
const TRACKS_FINE = 10;

const STYLE = `
.timeline { color: #1f2328; background: #ffffff; font: 12px system-ui, -apple-system, "Segoe UI", sans-serif; }
.timeline text { fill: currentColor; }
.timeline .unseen { fill: #f3f4f6; }
.timeline .halo { stroke: #ffffff; }
.timeline .intensity { stroke: #111418; }
.timeline .quiet { opacity: 0.7; }
@media screen and (prefers-color-scheme: dark) {
  .timeline { color: #e6e9ed; background: #14171b; }
  .timeline .unseen { fill: #1e2329; }
  .timeline [fill="${EXPRESSION_COLORS.neutral}"] { fill: #4c545e; }
  .timeline .halo { stroke: #14171b; }
  .timeline .intensity { stroke: #ffffff; }
}`;

/**
 * `timeline.svg`: for each track, by first appearance, how probable each expression is over time (stacked, one
 * sliding window a point), the intensity as a line, and nothing where the track was not seen. Light or dark as the
 * viewer prefers.
 */
export function timelineSvg(tracks: readonly TrackRecord[], { duration }: TimelineOptions): string {
  const seen = tracks.filter((track) => track.windows.length > 0 && track.spans.length > 0);
  const shown = mostSeen(seen);
  const panel = panelHeight(shown.length);
  const row = HEADING + panel + AXIS;
  const end = Math.max(duration, ...seen.map((track) => track.spans.at(-1)?.end ?? 0), 0);
  const left = seen.length - shown.length;
  const height = LEGEND + Math.max(1, shown.length) * row + (left > 0 ? 20 : 0);
  const stretches = shown.length <= TRACKS_FINE ? FINE : COARSE;
  const rows = shown.map((track, i) =>
    trackRow(track, timelinePoints(track, stretches), {
      y: LEGEND + i * row,
      panel,
      end: end > 0 ? end : 1,
    }),
  );
  const title = `Expressions over time of ${shown.length === 1 ? 'one track' : `${shown.length} tracks`}`;
  return `${
    markup`<svg xmlns="http://www.w3.org/2000/svg" class="timeline" role="img" aria-label="${title}" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}">
<title>${title}</title>
<desc>For each track, the probability of each expression in sliding windows, stacked, from 0:00 to ${clockTime(end)}.</desc>
<style>${trusted(STYLE)}</style>
${legend()}
${shown.length === 0 ? markup`<text x="${MARGIN_LEFT}" y="${LEGEND + 28}">No face was seen.</text>` : rows}
${left > 0 ? markup`<text class="quiet" x="${MARGIN_LEFT}" y="${height - 6}">${left} more tracks, seen in fewer frames, are in emotions.csv.</text>` : null}
</svg>`.markup
  }\n`;
}

function mostSeen(tracks: readonly TrackRecord[]): readonly TrackRecord[] {
  if (tracks.length <= TRACKS_SHOWN) return tracks;
  const kept = new Set([...tracks].sort((a, b) => b.frames - a.frames).slice(0, TRACKS_SHOWN));
  return tracks.filter((track) => kept.has(track));
}

function panelHeight(tracks: number): number {
  if (tracks <= 3) return 150;
  return tracks <= TRACKS_FINE ? 100 : 64;
}

function trackRow(
  track: TrackRecord,
  lines: readonly (readonly TimelinePoint[])[],
  { y, panel, end }: { readonly y: number; readonly panel: number; readonly end: number },
): Markup {
  const first = track.spans[0]?.start ?? 0;
  const last = track.spans.at(-1)?.end ?? 0;
  return markup`<g transform="translate(0 ${y})">
<text x="${MARGIN_LEFT}" y="15"><tspan font-weight="600">Track ${track.track}</tspan><tspan class="quiet" dx="10">${clockTime(first)} to ${clockTime(last)}, ${track.frames.toLocaleString('en')} ${track.frames === 1 ? 'frame' : 'frames'}</tspan></text>
<g transform="translate(0 ${HEADING})">${chart(lines, panel, end)}</g>
</g>
`;
}

function chart(lines: readonly (readonly TimelinePoint[])[], panel: number, end: number): Markup {
  const { times, decimals } = clockTicks(end, 12);
  const points = lines.flatMap((line, span) => widened(line, end).map((point) => ({ ...point, span })));
  const parts = points.flatMap(({ time, span, probabilities }) =>
    CLASSES.map((expression, k) => ({
      time,
      expression,
      series: `${span} ${expression}`,
      order: k,
      probability: probabilities[k] ?? 0,
    })),
  );
  const intensity = { x: 'time', y: 'intensity', z: 'span' };
  // The types of both libraries ask for a browser's; this is what is used of them.
  const { document: elements } = parseHTML('<html></html>') as unknown as { document: unknown };
  const plot = Plot.plot({
    document: elements as never,
    className: 'chart',
    width: WIDTH,
    height: panel + AXIS,
    marginLeft: MARGIN_LEFT,
    marginRight: MARGIN_RIGHT,
    marginTop: 8,
    marginBottom: AXIS - 8,
    style: { fontSize: '11px' },
    x: { domain: [0, end] },
    y: { domain: [0, 1] },
    color: { type: 'ordinal', domain: [...CLASSES], range: CLASSES.map((name) => EXPRESSION_COLORS[name]) },
    marks: [
      Plot.frame({ className: 'unseen', fill: '#f3f4f6', stroke: 'none' }),
      Plot.areaY(parts, { x: 'time', y: 'probability', z: 'series', fill: 'expression', order: 'order' }),
      Plot.gridX(times, { strokeOpacity: 0.12 }),
      Plot.gridY([0.5], { strokeOpacity: 0.12 }),
      Plot.lineY(points, { ...intensity, className: 'halo', stroke: '#ffffff', strokeWidth: 3.5 }),
      Plot.lineY(points, { ...intensity, className: 'intensity', stroke: '#111418', strokeWidth: 1.5 }),
      Plot.axisY([0, 0.5, 1], {
        label: null,
        tickSize: 3,
        tickFormat: (value: number) => `${value * 100} %`,
      }),
      Plot.axisX(times, {
        label: null,
        tickSize: 3,
        tickFormat: (time: number) => clockTime(time, decimals),
      }),
    ],
  }) as unknown as PlottedSvg;
  // Plot's own style sheet speaks of a white page.
  plot.querySelector('style')?.remove();
  return trusted(plot.outerHTML);
}

/** A span of one frame has no width to draw; it gets two pixels. */
function widened(line: readonly TimelinePoint[], end: number): readonly TimelinePoint[] {
  const [first] = line;
  const last = line.at(-1);
  const least = (2 * end) / (WIDTH - MARGIN_LEFT - MARGIN_RIGHT);
  if (first === undefined || last === undefined || last.time - first.time >= least) return line;
  const start = Math.max(0, Math.min(first.time, end - least));
  return [
    { ...first, time: start },
    { ...last, time: start + least },
  ];
}

function legend(): Markup {
  let x = MARGIN_LEFT;
  const entries = CLASSES.map((name) => {
    const entry = markup`<rect x="${x}" y="8" width="12" height="12" rx="2" fill="${EXPRESSION_COLORS[name]}"/><text x="${x + 17}" y="18">${name}</text>`;
    x += 17 + 7 * name.length + 18;
    return entry;
  });
  const line = markup`<path class="intensity" d="M${x} 14h18" stroke="#111418" stroke-width="1.5"/><text x="${x + 23}" y="18">intensity</text>`;
  x += 23 + 63 + 18;
  const unseen = markup`<rect class="unseen" x="${x}" y="8" width="12" height="12" rx="2" fill="#f3f4f6" stroke="currentColor" stroke-opacity="0.3"/><text x="${x + 17}" y="18">not seen</text>`;
  return markup`<g>${entries}${line}${unseen}</g>`;
}
