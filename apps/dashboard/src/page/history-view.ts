import type { EmotionMessage } from '@deadpan/shared';

import { api, type HistoryPart } from './api.js';
import { fill, h, setText } from './element.js';
import { findGaps } from './gaps.js';
import { modeControl } from './mode-control.js';
import { CLASS_NAMES } from './palette.js';
import { smoothingControl } from './smoothing-control.js';
import type { Store } from './store.js';
import { createTimeline, timelineLegend, type Timeline, type TimelineStyle } from './timeline.js';
import type { View } from './view.js';
import { clock, percent, person, span } from './wording.js';

/** The ranges that one click chooses, in seconds. */
const RANGES = [
  ['15 minutes', 900],
  ['Hour', 3600],
  ['6 hours', 21_600],
  ['Day', 86_400],
] as const;
/** People whose timelines are drawn at a time, and rows of a table. */
const SHOWN = { people: 12, rows: 200 };

/** The value of a `datetime-local` field: local time without a zone. */
const localTime = (seconds: number): string =>
  new Date(seconds * 1000 - new Date(seconds * 1000).getTimezoneOffset() * 60_000).toISOString().slice(0, 19);

/** What was kept: a camera, a time, and a timeline per person. */
export function createHistoryView(store: Store): View {
  const { history } = store.about;
  let style: TimelineStyle = { mode: 'stacked', tau: 0, intensity: true };
  let timelines: Timeline[] = [];
  let asking = 0;

  const camera = h(
    'select',
    { id: 'history-camera', onchange: () => void ask() },
    ...store.cameras().map(({ id }) => h('option', { value: id }, id)),
  );
  const now = store.now();
  const from = h('input', {
    ...{ id: 'history-from', type: 'datetime-local', step: 1 },
    value: localTime(now - 900),
  });
  const to = h('input', {
    ...{ id: 'history-to', type: 'datetime-local', step: 1 },
    value: localTime(now + 1),
  });
  const said = h('p', { class: 'summary', role: 'status' });
  const results = h('div', { class: 'timelines' });

  const secondsOf = (input: HTMLInputElement): number => new Date(input.value).getTime() / 1000;

  async function ask(): Promise<void> {
    asking += 1;
    const turn = asking;
    const [first, last] = [secondsOf(from), secondsOf(to)];
    if (!(first < last)) {
      setText(said, 'The begin must be before the end.');
      return;
    }
    setText(said, 'Looking…');
    try {
      const part = await api.history({
        camera: camera.value,
        from: String(first),
        to: String(last),
        limit: '50000',
      });
      if (turn === asking) show(part, first, last);
    } catch (error) {
      if (turn === asking) setText(said, error instanceof Error ? error.message : String(error));
    }
  }

  function show({ windows, states, next }: HistoryPart, first: number, last: number): void {
    for (const timeline of timelines) timeline.dispose();
    const byTrack = new Map<string, EmotionMessage[]>();
    for (const window of windows) {
      const own = byTrack.get(window.track);
      if (own === undefined) byTrack.set(window.track, [window]);
      else own.push(window);
    }
    const people = [...byTrack].sort((a, b) => b[1].length - a[1].length).slice(0, SHOWN.people);
    timelines = people.map(([track]) => createTimeline(person(track), style));
    fill(
      results,
      ...people.map(([track, own], i) =>
        h(
          'section',
          { class: 'person', 'data-track': track },
          h(
            'div',
            { class: 'person-head' },
            h('h3', {}, person(track)),
            h('p', { class: 'now' }, `${clock(own[0]?.first ?? 0)} to ${clock(own.at(-1)?.last ?? 0)}`),
          ),
          timelines[i]?.element,
          table(track, own),
        ),
      ),
    );
    for (const [i, [, own]] of people.entries()) {
      const begin = Math.max(first, (own[0]?.start ?? first) - 2);
      const end = Math.min(last, (own.at(-1)?.end ?? last) + 2);
      timelines[i]?.show(own, findGaps(own, states, store.about.window.hop), [begin, end]);
    }
    const cut =
      next === null ? '' : ` Only the first ${windows.length} windows are shown: choose a shorter time.`;
    const more = byTrack.size > people.length ? `, the ${people.length} seen longest are shown` : '';
    setText(
      said,
      byTrack.size === 0
        ? 'Nobody was seen in this time.'
        : `${byTrack.size} ${byTrack.size === 1 ? 'person' : 'people'} in ${span(last - first)}${more}.${cut}`,
    );
  }

  const presets = RANGES.map(([name, seconds]) =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          const end = store.now();
          from.value = localTime(end - seconds);
          to.value = localTime(end + 1);
          void ask();
        },
      },
      name,
    ),
  );
  const restyle = (change: Partial<TimelineStyle>): void => {
    style = { ...style, ...change };
    for (const timeline of timelines) timeline.restyle(style);
  };
  const field = (name: string, input: HTMLElement): HTMLElement =>
    h('div', { class: 'field inline' }, h('label', { for: input.id }, name), input);

  const element = h(
    'section',
    { 'aria-labelledby': 'history-title' },
    h('div', { class: 'page-head' }, h('h1', { id: 'history-title' }, 'History'), said),
    history === null
      ? h('p', { class: 'empty' }, 'No history is kept here.')
      : h(
          'div',
          {},
          h(
            'form',
            {
              class: 'panel picker',
              onsubmit: (event: SubmitEvent) => {
                event.preventDefault();
                void ask();
              },
            },
            field('Camera', camera),
            field('From', from),
            field('To', to),
            h('button', { class: 'primary' }, 'Show'),
            h(
              'div',
              { class: 'presets', role: 'group', 'aria-label': 'The last' },
              h('span', {}, 'The last'),
              ...presets,
            ),
            h('p', { class: 'hint' }, `Kept for ${span(history.retentionHours * 3600)}, then deleted.`),
          ),
          h(
            'div',
            { class: 'section-head' },
            modeControl((mode) => {
              restyle({ mode });
            }),
            smoothingControl((tau) => {
              restyle({ tau });
            }),
          ),
          timelineLegend(),
          results,
        ),
  );
  if (history !== null && store.cameras().length > 0) void ask();
  return {
    element,
    dispose() {
      asking += 1;
      for (const timeline of timelines) timeline.dispose();
    },
  };
}

/** The same as a table, made when it is opened. */
function table(track: string, windows: readonly EmotionMessage[]): HTMLElement {
  const details = h('details', { class: 'as-table' }, h('summary', {}, 'As a table'));
  details.addEventListener(
    'toggle',
    () => {
      const rows = windows
        .slice(-SHOWN.rows)
        .map((window) =>
          h(
            'tr',
            {},
            h('th', { scope: 'row' }, clock(window.start)),
            h('td', {}, window.expression),
            ...CLASS_NAMES.map((name) => h('td', {}, percent(window.probabilities[name]))),
            h('td', {}, percent(window.intensity)),
          ),
        );
      const head = ['Begin', 'Expression', ...CLASS_NAMES, 'intensity'].map((name) =>
        h('th', { scope: 'col' }, name),
      );
      details.append(
        h(
          'div',
          { class: 'scroll', tabindex: 0, role: 'region', 'aria-label': `Windows of ${person(track)}` },
          h('table', {}, h('thead', {}, h('tr', {}, ...head)), h('tbody', {}, ...rows)),
        ),
      );
    },
    { once: true },
  );
  return details;
}
