import type { EmotionMessage } from '@deadpan/shared';
import uPlot from 'uplot';

import { fill, h, setText } from './element.js';
import type { Gap } from './gaps.js';
import { CLASS_NAMES, COLOURS } from './palette.js';
import { findPeaks } from './peaks.js';
import { timelineData, type TimelineData, type TimelineMode } from './timeline-data.js';
import { clock, percent } from './wording.js';
import type { View } from './view.js';

/** How a timeline is drawn. */
export interface TimelineStyle {
  readonly mode: TimelineMode;
  /** Time constant of the smoothing in seconds; 0: none. */
  readonly tau: number;
  readonly intensity: boolean;
}

/** One person's expressions over time. */
export interface Timeline extends View {
  /** Shows windows (ascending) and gaps; `range` is what is in view, in seconds since 1970. */
  show(windows: readonly EmotionMessage[], gaps: readonly Gap[], range: readonly [number, number]): void;
  restyle(style: TimelineStyle): void;
}

/** Intensities from this on count as peaks, and peaks are at least so many seconds apart. */
const PEAK = { height: 0.4, apart: 4 };
/** Width from which a gap has room for its label, in CSS pixels; a narrower one is named by the readout. */
const LABEL_ROOM = 70;

/** Creates a timeline. Arrow keys move its cursor by a window, with Shift by ten; dragging zooms, a double click zooms out. */
export function createTimeline(name: string, style: TimelineStyle): Timeline {
  const readout = h('p', { class: 'readout', role: 'status' });
  const chart = h('div', { class: 'chart' });
  const element = h(
    'figure',
    {
      ...{ class: 'timeline', tabindex: 0, role: 'group' },
      'aria-label': `Expressions of ${name} over time. Arrow keys read the values out.`,
    },
    chart,
    readout,
  );
  let current = style;
  let shown: { windows: readonly EmotionMessage[]; gaps: readonly Gap[]; range: readonly [number, number] } =
    {
      windows: [],
      gaps: [],
      range: [0, 1],
    };
  let data: TimelineData = timelineData([], [], style.mode, 0);
  let zoomed = false;

  const ink = (property: string): string => getComputedStyle(element).getPropertyValue(property).trim();

  const build = (): uPlot => {
    const stacked = current.mode === 'stacked';
    // The sum of all is painted first and the others over it, so that each shows its own share.
    const order = stacked ? [...CLASS_NAMES].reverse() : CLASS_NAMES;
    return new uPlot(
      {
        width: Math.max(200, chart.clientWidth),
        height: chart.clientWidth < 500 ? 160 : 190,
        padding: [8, 30, 0, 0],
        cursor: { y: false, drag: { x: true, y: false } },
        legend: { show: false },
        scales: { x: { time: true }, y: { range: [0, 1] } },
        axes: [
          {
            stroke: () => ink('--ink-soft'),
            grid: { stroke: () => ink('--line') },
            ticks: { show: false },
            size: 28,
            space: 70,
            // A clock that tells seconds cannot name less.
            incrs: [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 28_800, 86_400],
            values: (_, times) => times.map(clock),
          },
          {
            stroke: () => ink('--ink-soft'),
            grid: { stroke: () => ink('--line') },
            ticks: { show: false },
            size: 46,
            values: (_, values) => values.map((value) => `${Math.round(value * 100)} %`),
          },
        ],
        series: [
          {},
          ...order.map((label) => ({
            label,
            stroke: COLOURS[label],
            ...(stacked ? { fill: COLOURS[label], width: 0 } : { width: 1.6 }),
            points: { show: false },
          })),
          {
            label: 'intensity',
            stroke: () => ink('--ink'),
            width: 2,
            dash: [5, 3],
            show: current.intensity,
            points: { show: false },
          },
        ],
        hooks: {
          draw: [
            (plot) => {
              drawGaps(plot);
              if (current.intensity) drawPeaks(plot);
            },
          ],
          setCursor: [readOut],
          setSelect: [
            (plot) => {
              zoomed = plot.select.width > 0 || zoomed;
            },
          ],
        },
      },
      columns(),
      chart,
    );
  };

  const columns = (): uPlot.AlignedData => {
    const classes = current.mode === 'stacked' ? [...data.classes].reverse() : data.classes;
    return [data.times, ...classes, data.intensity];
  };

  function drawGaps(plot: uPlot): void {
    const { ctx } = plot;
    const { top, height, left, width } = plot.bbox;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, top, width, height);
    ctx.clip();
    for (const { from, to, label } of shown.gaps) {
      const x0 = Math.max(left, plot.valToPos(from, 'x', true));
      const x1 = Math.min(left + width, plot.valToPos(to, 'x', true));
      if (x1 <= x0) continue;
      ctx.fillStyle = ink('--gap');
      ctx.fillRect(x0, top, x1 - x0, height);
      ctx.strokeStyle = ink('--gap-line');
      ctx.lineWidth = ratio;
      ctx.beginPath();
      ctx.save();
      ctx.rect(x0, top, x1 - x0, height);
      ctx.clip();
      ctx.beginPath();
      for (let x = x0 - height; x < x1; x += 9 * ratio) {
        ctx.moveTo(x, top + height);
        ctx.lineTo(x + height, top);
      }
      ctx.stroke();
      ctx.restore();
      if (x1 - x0 < LABEL_ROOM * ratio) continue;
      ctx.font = `${11 * ratio}px system-ui, sans-serif`;
      ctx.textAlign = 'center';
      ctx.textBaseline = 'middle';
      const half = ctx.measureText(label).width / 2 + 6 * ratio;
      const middle = (x0 + x1) / 2;
      ctx.fillStyle = ink('--panel');
      ctx.fillRect(middle - half, top + height / 2 - 10 * ratio, half * 2, 20 * ratio);
      ctx.fillStyle = ink('--ink');
      ctx.fillText(label, middle, top + height / 2);
    }
    ctx.restore();
  }

  function drawPeaks(plot: uPlot): void {
    const { ctx } = plot;
    const ratio = devicePixelRatio;
    ctx.save();
    ctx.fillStyle = ink('--ink');
    ctx.strokeStyle = ink('--panel');
    ctx.lineWidth = 2 * ratio;
    for (const i of findPeaks(data.times, data.intensity, PEAK.height, PEAK.apart)) {
      const x = plot.valToPos(data.times[i] ?? 0, 'x', true);
      const y = plot.valToPos(data.intensity[i] ?? 0, 'y', true);
      if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) continue;
      ctx.beginPath();
      ctx.arc(x, y, 4.5 * ratio, 0, 2 * Math.PI);
      ctx.stroke();
      ctx.fill();
    }
    ctx.restore();
  }

  function readOut(plot: uPlot): void {
    const idx = plot.cursor.idx ?? undefined;
    const window = idx === undefined ? undefined : data.windows[idx];
    if (idx === undefined) {
      setText(readout, '');
      return;
    }
    const time = data.times[idx] ?? 0;
    if (window === undefined) {
      const gap = shown.gaps.find(({ from, to }) => from <= time && time <= to);
      setText(readout, `${clock(time)}  ${gap?.label ?? 'nothing'}`);
      return;
    }
    const strongest = CLASS_NAMES.map((label) => [label, window.probabilities[label]] as const)
      .sort((a, b) => b[1] - a[1])
      .slice(0, 3)
      .map(([label, value]) => `${label} ${percent(value)}`)
      .join(', ');
    setText(readout, `${clock(time)}  ${strongest}; intensity ${percent(window.intensity)}`);
  }

  element.addEventListener('keydown', (event) => {
    const step = event.key === 'ArrowRight' ? 1 : event.key === 'ArrowLeft' ? -1 : 0;
    if (step === 0 || data.times.length === 0) return;
    event.preventDefault();
    event.stopPropagation();
    const last = data.times.length - 1;
    const from = plot.cursor.idx ?? (step > 0 ? -1 : last + 1);
    const idx = Math.min(last, Math.max(0, from + step * (event.shiftKey ? 10 : 1)));
    plot.setCursor({ left: plot.valToPos(data.times[idx] ?? 0, 'x'), top: 10 });
  });
  chart.addEventListener('dblclick', () => {
    zoomed = false;
    draw();
  });

  let plot = build();
  const resizing = new ResizeObserver(() => {
    if (Math.abs(plot.width - chart.clientWidth) > 1 && chart.clientWidth > 0) {
      plot.setSize({ width: chart.clientWidth, height: chart.clientWidth < 500 ? 160 : 190 });
    }
  });
  resizing.observe(chart);

  function draw(): void {
    data = timelineData(shown.windows, shown.gaps, current.mode, current.tau);
    plot.batch(() => {
      plot.setData(columns(), false);
      const [min, max] = shown.range;
      if (!zoomed) plot.setScale('x', { min, max });
      else plot.redraw(true);
    });
  }

  return {
    element,
    show(windows, gaps, range) {
      shown = { windows, gaps, range };
      draw();
    },
    restyle(next) {
      const rebuild = next.mode !== current.mode || next.intensity !== current.intensity;
      current = next;
      if (rebuild) {
        plot.destroy();
        fill(chart);
        plot = build();
      }
      draw();
    },
    dispose() {
      resizing.disconnect();
      plot.destroy();
    },
  };
}

/** The colours of the classes, with their names. */
export function timelineLegend(): HTMLElement {
  return h(
    'ul',
    { class: 'legend', 'aria-label': 'Colours' },
    ...CLASS_NAMES.map((name) => h('li', {}, h('span', { class: `swatch ${name}` }), name)),
    h('li', {}, h('span', { class: 'swatch line' }), 'intensity, peaks marked'),
  );
}
