import { api, type Camera } from './api.js';
import { openEditCamera } from './camera-dialog.js';
import { healthOf } from './camera-health.js';
import { confirmation } from './confirmation.js';
import { h, setText } from './element.js';
import { createLastPicture } from './last-picture.js';
import { peopleList, showPeople } from './people-list.js';
import type { Store } from './store.js';
import type { View } from './view.js';
import { rate } from './wording.js';

/** One camera on the wall. */
export function createCameraCard(store: Store, id: string): View & { update(): void } {
  const dot = h('span', { class: 'dot' });
  const stateLabel = h('span', { class: 'state' });
  const reason = h('span', { class: 'tooltip', role: 'tooltip', id: `health-${id}` });
  const health = h(
    'button',
    { type: 'button', class: 'health', 'aria-describedby': `health-${id}` },
    dot,
    stateLabel,
    reason,
  );
  const figures = Object.fromEntries(
    ['in', 'analysed', 'dropped', 'latency'].map((name) => [name, h('dd', {})]),
  ) as Record<'in' | 'analysed' | 'dropped' | 'latency', HTMLElement>;
  const figure = (label: string, value: HTMLElement): HTMLElement => h('div', {}, h('dt', {}, label), value);
  const error = h('pre', { class: 'last-error', tabindex: 0, 'aria-label': `Last error of ${id}` });
  const errorBox = h('div', { class: 'error-box', hidden: true }, h('h3', {}, 'Last error'), error);
  const offline = h('p', { class: 'offline' });
  const picture = createLastPicture(
    id,
    store.about.pixels === 'frames',
    () => store.camera(id)?.status?.state === 'streaming' && store.connection.state === 'connected',
  );
  const people = peopleList([]);
  const pause = h('button', { type: 'button', onclick: () => void togglePause() });
  const actions =
    store.about.role === 'operator'
      ? h(
          'div',
          { class: 'card-actions' },
          h('button', { type: 'button', 'aria-label': `Edit ${id}`, onclick: edit }, 'Edit'),
          pause,
          h(
            'button',
            { type: 'button', 'aria-label': `Remove ${id}`, onclick: () => void remove() },
            'Remove',
          ),
        )
      : null;
  const element = h(
    'article',
    { class: 'card', 'data-camera': id },
    h('header', {}, h('h2', {}, h('a', { href: `#/live/${encodeURIComponent(id)}` }, id)), health),
    h('div', { class: 'screen' }, picture.element, offline),
    h(
      'dl',
      { class: 'figures' },
      figure('in', figures.in),
      figure('analysed', figures.analysed),
      figure('dropped', figures.dropped),
      figure('latency', figures.latency),
    ),
    people,
    errorBox,
    actions,
  );

  const refresh = (): void => void store.refresh().catch(() => undefined);
  function edit(): void {
    const camera = store.camera(id);
    if (camera !== undefined) openEditCamera(camera, refresh);
  }
  async function togglePause(): Promise<void> {
    const camera = store.camera(id);
    if (camera === undefined) return;
    await api.changeCamera(id, { paused: !camera.paused });
    refresh();
  }
  async function remove(): Promise<void> {
    const sure = await confirmation(
      `Remove ${id}?`,
      'Deadpan stops reading this camera. What it has kept of it stays until its retention ends.',
      'Remove',
    );
    if (!sure) return;
    await api.removeCamera(id);
    refresh();
  }

  function update(): void {
    const camera: Camera | undefined = store.camera(id);
    if (camera === undefined) return;
    const { status, paused } = camera;
    const judged = healthOf(status, paused);
    dot.className = `dot ${judged.level}`;
    setText(stateLabel, judged.label);
    setText(reason, judged.reason);
    element.classList.toggle('is-off', judged.level === 'off');
    element.classList.toggle('is-paused', judged.level === 'paused');
    offline.hidden = judged.level !== 'off' && judged.level !== 'paused';
    setText(offline, judged.label);
    const live = status?.state === 'streaming';
    setText(figures.in, live ? `${rate(status.fps.in)} fps` : '–');
    setText(figures.analysed, live ? `${rate(status.fps.analysed)} fps` : '–');
    setText(figures.dropped, live ? `${rate(status.fps.dropped)} fps` : '–');
    setText(figures.latency, live && status.latencyMs !== null ? `${Math.round(status.latencyMs)} ms` : '–');
    const lastError = status?.lastError ?? null;
    errorBox.hidden = lastError === null;
    setText(error, lastError ?? '');
    setText(pause, paused ? 'Resume' : 'Pause');
    pause.setAttribute('aria-label', `${paused ? 'Resume' : 'Pause'} ${id}`);
    // A camera that is not live does not know who is in view.
    people.hidden = !live;
    if (live) showPeople(people, store.present(id));
    picture.update();
  }
  update();

  return {
    element,
    update,
    dispose() {
      picture.dispose();
    },
  };
}
