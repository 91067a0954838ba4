import type { EmotionMessage } from '@deadpan/shared';

import { api } from './api.js';
import { fill, h, setText } from './element.js';
import { findGaps, type Gap, type StateAt } from './gaps.js';
import { createHealthMark } from './health-mark.js';
import { modeControl } from './mode-control.js';
import { createLastPicture } from './last-picture.js';
import { createPictureLoader } from './pictures-of-shot.js';
import { shownFaces } from './shown-faces.js';
import { createShots, type Shot } from './shots.js';
import { smoothingControl } from './smoothing-control.js';
import { drawStage, LAYERS, type Layer } from './stage-drawing.js';
import type { Store } from './store.js';
import { createTimeline, timelineLegend, type Timeline, type TimelineStyle } from './timeline.js';
import { createDisposal, every, type View } from './view.js';
import { ago, clock, percent, person, rate } from './wording.js';

/** Seconds that the timelines of the live view show. */
const SPAN_S = 120;
/** Shots that can be gone back to. */
const SHOTS = 300;

/** One camera, live: what was found on the frames that were analysed, and a timeline per person. */
export function createLiveView(store: Store, id: string): View {
  const disposal = createDisposal();
  const shots = createShots(SHOTS);
  const load = createPictureLoader(store.about);
  const layers = new Set<Layer>(LAYERS.filter((layer) => layer !== 'landmarks'));
  let style: TimelineStyle = { mode: 'stacked', tau: 0, intensity: true };
  /** The shot that is shown while paused; undefined while live. */
  let held: Shot | undefined;

  // ---- stage ----

  const canvas = h('canvas', { width: 1280, height: 720, role: 'img', 'aria-label': 'No frame yet' });
  const badge = h('p', { class: 'badge' });
  const isLive = (): boolean => store.streams(id) && store.connection.state === 'connected';
  // Until the first frame is here: the last picture that there is, as old as it may be.
  const lastPicture = createLastPicture(store, id, isLive);
  const waitingFor = h('p');
  const waiting = h('div', { class: 'stage-wait' }, lastPicture.element, waitingFor);
  disposal.add(() => {
    lastPicture.dispose();
  });
  const stage = h(
    'div',
    { class: 'stage', tabindex: 0, role: 'group', 'aria-label': 'Live view. Space pauses, arrow keys step.' },
    canvas,
    badge,
    waiting,
  );
  const said = h('p', { class: 'visually-hidden', role: 'status' });
  const figures = h('p', { class: 'stage-figures' });
  const pause = h('button', { type: 'button', onclick: togglePause }, 'Pause');

  const indexShown = (): number => (held === undefined ? shots.all.length - 1 : shots.all.indexOf(held));

  async function draw(): Promise<void> {
    const index = indexShown();
    const shot = shots.all[index];
    if (shot === undefined) return;
    const faces = shownFaces(shots.all, index, style.tau);
    // A stage without pictures is drawn at once; with them, when those of this very shot are here.
    const pictures = store.about.pixels === 'off' ? undefined : await load(shot);
    if (shots.all[indexShown()] !== shot) return;
    const context = canvas.getContext('2d');
    if (context === null) return;
    const width = canvas.clientWidth;
    const ratio = devicePixelRatio;
    const size = [Math.round(width * ratio), Math.round((width * shot.height * ratio) / shot.width)] as const;
    if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawStage(context, width, shot, faces, pictures, layers);
    if (!waiting.hidden) {
      waiting.hidden = true;
      lastPicture.dispose();
    }
    canvas.setAttribute(
      'aria-label',
      faces.length === 0
        ? 'Nobody in the frame'
        : faces
            .map(
              ({ message, expression, probability, intensity }) =>
                `Person ${person(message.track ?? '')}: ${expression} ${percent(probability)}, intensity ${percent(intensity)}`,
            )
            .join('; '),
    );
    figures.title = `Connection ${shot.epoch}, frame ${shot.sequence}`;
    setText(
      figures,
      `Frame ${shot.sequence} · ${clock(shot.time)} · ${faces.length} ${faces.length === 1 ? 'person' : 'people'}`,
    );
    showBadge();
  }

  function showBadge(): void {
    lastPicture.update();
    const live = isLive();
    const newest = shots.all.at(-1);
    badge.hidden = newest === undefined;
    const age = newest === undefined ? '' : `: ${clock(newest.time)}, ${ago(store.now() - newest.time)}`;
    const text = held !== undefined ? 'Paused' : live ? 'Live' : `Old picture${age}`;
    setText(badge, text);
    badge.className = `badge ${held !== undefined ? 'paused' : live ? 'live' : 'old'}`;
    stage.classList.toggle('old', held === undefined && !live);
    setText(pause, held === undefined ? 'Pause' : 'Go live');
  }

  // ---- going back and forth ----

  function togglePause(): void {
    held = held === undefined ? shots.all.at(-1) : undefined;
    setText(said, held === undefined ? 'Live again' : 'Paused');
    void draw();
    showBadge();
  }

  function step(by: number): void {
    if (shots.all.length === 0) return;
    const at = Math.min(shots.all.length - 1, Math.max(0, indexShown() + by));
    held = shots.all[at];
    void draw().then(() => {
      setText(said, `Frame ${held?.sequence ?? ''}: ${canvas.getAttribute('aria-label') ?? ''}`);
    });
  }

  const keys = (event: KeyboardEvent): void => {
    const { target } = event;
    if (
      target instanceof HTMLElement &&
      target.closest('input, button, select, textarea, dialog, a') !== null
    )
      return;
    if (event.key === ' ') togglePause();
    else if (event.key === 'ArrowLeft') step(event.shiftKey ? -10 : -1);
    else if (event.key === 'ArrowRight') step(event.shiftKey ? 10 : 1);
    else return;
    event.preventDefault();
  };
  document.addEventListener('keydown', keys);
  disposal.add(() => {
    document.removeEventListener('keydown', keys);
  });

  // ---- timelines ----

  const people = h('div', { class: 'timelines' });
  const gone = h('div', { class: 'timelines' });
  const goneTitle = h('h3', { class: 'gone-title', hidden: true }, 'Left in the last two minutes');
  const nobody = h('p', { class: 'empty' }, 'Nobody is in view.');
  const tracks = new Map<
    string,
    { windows: EmotionMessage[]; timeline: Timeline; box: HTMLElement; now: HTMLElement }
  >();
  let states: StateAt[] = [];

  function trackOf(track: string): NonNullable<ReturnType<typeof tracks.get>> {
    let found = tracks.get(track);
    if (found === undefined) {
      const timeline = createTimeline(person(track), style);
      const now = h('p', { class: 'now' });
      const box = h(
        'section',
        { class: 'person', 'data-track': track },
        h('div', { class: 'person-head' }, h('h3', {}, person(track)), now),
        timeline.element,
      );
      found = { windows: [], timeline, box, now };
      tracks.set(track, found);
    }
    return found;
  }

  function addWindow(message: EmotionMessage): void {
    const { windows } = trackOf(message.track);
    const before = windows.at(-1);
    // A repeat overwrites; history and feed may overlap.
    if (before !== undefined && message.start <= before.start) {
      const at = windows.findIndex(({ start }) => start >= message.start);
      windows.splice(at, windows[at]?.start === message.start ? 1 : 0, message);
    } else windows.push(message);
  }

  function showTimelines(): void {
    const now = store.now();
    const range = [now - SPAN_S, now] as const;
    const inView: { readonly box: HTMLElement; readonly end: number }[] = [];
    const hadLeft: typeof inView = [];
    for (const [track, { windows, timeline, box, now: line }] of tracks) {
      const last = windows.at(-1);
      const left = last === undefined || now - last.end > store.goneAfter(id);
      // Of somebody in view the newest stays, however long ago it ended.
      while ((windows[0]?.end ?? Infinity) < range[0] - 5 && (left || windows.length > 1)) windows.shift();
      if (last === undefined || windows.length === 0) {
        timeline.dispose();
        box.remove();
        tracks.delete(track);
        continue;
      }
      const gaps: Gap[] = findGaps(windows, states, store.about.window.hop);
      if (left) gaps.push(...findGaps([last, { start: now, end: now }], states, store.about.window.hop));
      timeline.show(windows, gaps, range);
      (left ? hadLeft : inView).push({ box, end: last.end });
      setText(
        line,
        left
          ? `left ${clock(last.end)}`
          : `${last.expression} ${percent(last.probabilities[last.expression])}, intensity ${percent(last.intensity)}`,
      );
    }
    arrange(
      people,
      inView.map(({ box }) => box),
    );
    // Who left last comes first.
    hadLeft.sort((a, b) => b.end - a.end);
    arrange(
      gone,
      hadLeft.map(({ box }) => box),
    );
    nobody.hidden = inView.length > 0;
    goneTitle.hidden = hadLeft.length === 0;
  }

  function restyle(change: Partial<TimelineStyle>): void {
    style = { ...style, ...change };
    for (const { timeline } of tracks.values()) timeline.restyle(style);
    void draw();
  }

  async function loadPast(): Promise<void> {
    if (store.about.history === null) return;
    const to = store.now();
    const past = await api.history({ camera: id, from: String(to - SPAN_S), to: String(to) });
    states = [...past.states];
    for (const window of past.windows) addWindow(window);
    showTimelines();
  }

  // ---- the view ----

  const health = createHealthMark();
  const speed = h('span', { class: 'summary' });
  const problem = h('pre', {
    class: 'last-error problem',
    tabindex: 0,
    hidden: true,
    'aria-label': 'Last error',
  });
  function showStatus(): void {
    const camera = store.camera(id);
    if (camera === undefined) return;
    const { level } = health.show(camera, store.connection.state !== 'lost', store.streams(id));
    const { status } = camera;
    setText(
      speed,
      isLive() && status !== null
        ? `${rate(status.fps.in)} fps in, ${rate(status.fps.analysed)} analysed, ${rate(status.fps.dropped)} dropped` +
            (status.latencyMs === null ? '' : `, ${Math.round(status.latencyMs)} ms late`)
        : '',
    );
    const error = level === 'off' ? (status?.lastError ?? null) : null;
    problem.hidden = error === null;
    setText(problem, error ?? '');
    setText(waitingFor, isLive() ? 'Waiting for the first analysed frame…' : 'No analysed frame yet');
    showBadge();
  }

  const layerSwitches = LAYERS.filter(
    (layer) => store.about.pixels !== 'off' || (layer !== 'picture' && layer !== 'neutral face'),
  ).map((layer) =>
    h(
      'label',
      {},
      h('input', {
        ...{ type: 'checkbox', checked: layers.has(layer) },
        onchange: (event: Event) => {
          if ((event.target as HTMLInputElement).checked) layers.add(layer);
          else layers.delete(layer);
          void draw();
        },
      }),
      layer,
    ),
  );
  const cameraPicker = h(
    'select',
    {
      'aria-label': 'Camera',
      onchange: (event: Event) => {
        location.hash = `#/live/${encodeURIComponent((event.target as HTMLSelectElement).value)}`;
      },
    },
    ...store
      .cameras()
      .map((camera) => h('option', { value: camera.id, selected: camera.id === id }, camera.id)),
  );
  const intensitySwitch = h('input', {
    ...{ type: 'checkbox', checked: true },
    onchange: (event: Event) => {
      restyle({ intensity: (event.target as HTMLInputElement).checked });
    },
  });
  const element = h(
    'section',
    { 'aria-labelledby': 'live-title' },
    h('div', { class: 'page-head' }, h('h1', { id: 'live-title' }, id), health.element, speed, cameraPicker),
    problem,
    store.about.aggregatesOnly
      ? h(
          'p',
          { class: 'empty' },
          'This feed speaks of nobody alone, so there is no live view; the timeline is of everybody.',
        )
      : h(
          'div',
          { class: 'live-layout' },
          stage,
          h(
            'div',
            { class: 'panel controls' },
            h('div', { class: 'row' }, pause, figures),
            h('fieldset', {}, h('legend', {}, 'Layers'), ...layerSwitches),
            smoothingControl((tau) => {
              restyle({ tau });
            }),
            h('p', { class: 'hint' }, 'Smoothing changes what is shown, never what is stored.'),
            h(
              'p',
              { class: 'hint keys' },
              ...[h('kbd', {}, 'Space'), ' pause  ', h('kbd', {}, '←'), ' ', h('kbd', {}, '→'), ' a frame  '],
              ...[h('kbd', {}, 'Shift'), ' ten'],
            ),
          ),
        ),
    said,
    h(
      'div',
      { class: 'section-head' },
      h('h2', {}, 'Timeline per person'),
      modeControl((mode) => {
        restyle({ mode });
      }),
      h('label', { class: 'check' }, intensitySwitch, 'Intensity'),
    ),
    timelineLegend(),
    nobody,
    people,
    goneTitle,
    gone,
  );

  disposal.add(
    store.follow(id),
    store.on('expression', (message) => {
      if (message.camera === id && shots.add(message) && held === undefined) void draw();
    }),
    store.on('emotion', (message) => {
      if (message.camera === id) addWindow(message);
    }),
    store.on('status', (status) => {
      if (status.camera !== id) return;
      const last = states.at(-1);
      if (last?.state !== status.state) {
        states.push({
          camera: id,
          time: Date.parse(status.at) / 1000,
          state: status.state,
          error: status.lastError,
        });
      }
      showStatus();
    }),
    store.on('connection', ({ state: connected }) => {
      if (connected === 'connected') void loadPast().catch(() => undefined);
      showStatus();
    }),
    store.on('cameras', () => {
      fill(
        cameraPicker,
        ...store
          .cameras()
          .map((camera) => h('option', { value: camera.id, selected: camera.id === id }, camera.id)),
      );
      showStatus();
    }),
    every(1000, () => {
      showTimelines();
      showBadge();
      showStatus();
    }),
  );
  for (const { emotion } of store.present(id)) addWindow(emotion);
  void loadPast().catch(() => undefined);
  showStatus();
  showTimelines();
  return {
    element,
    dispose() {
      disposal.run();
      for (const { timeline } of tracks.values()) timeline.dispose();
    },
  };
}

/** Puts elements into a container in this order, and leaves alone those that are in their place. */
function arrange(container: HTMLElement, elements: readonly HTMLElement[]): void {
  for (const [i, element] of elements.entries()) {
    const there = container.children[i] ?? null;
    if (there !== element) container.insertBefore(element, there);
  }
}
