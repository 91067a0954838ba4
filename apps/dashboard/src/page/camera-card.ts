import { api, type Camera } from './api.js';
import { openEditCamera } from './camera-dialog.js';
import { fill, h, setText } from './element.js';
import { createHealthMark } from './health-mark.js';
import { createLastPicture } from './last-picture.js';
import { peopleList, showPeople } from './people-list.js';
import { beginRemoval, type Removal } from './removal.js';
import type { Store } from './store.js';
import type { View } from './view.js';
import { rate, wordsOf } from './wording.js';

/** One camera on the wall. */
export function createCameraCard(store: Store, id: string): View & { update(): void } {
  const health = createHealthMark();
  const figures = Object.fromEntries(
    ['in', 'analysed', 'dropped', 'latency'].map((name) => [name, h('dd', {})]),
  ) as Record<'in' | 'analysed' | 'dropped' | 'latency', HTMLElement>;
  const figure = (label: string, value: HTMLElement): HTMLElement => h('div', {}, h('dt', {}, label), value);
  const error = h('pre', { class: 'last-error', tabindex: 0, 'aria-label': `Last error of ${id}` });
  const errorTitle = h('h3', {});
  const errorBox = h('div', { class: 'error-box', hidden: true }, errorTitle, error);
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  let removal: Removal | undefined;
  const offline = h('p', { class: 'offline' });
  const picture = createLastPicture(
    store,
    id,
    () => store.streams(id) && store.connection.state === 'connected',
  );
  const people = peopleList([]);
  const pause = h('button', { type: 'button', onclick: () => void act(togglePause) });
  const actions =
    store.about.role === 'operator'
      ? h(
          'div',
          { class: 'card-actions' },
          h('button', { type: 'button', 'aria-label': `Edit ${id}`, onclick: edit }, 'Edit'),
          pause,
          h(
            'button',
            { type: 'button', 'aria-label': `Remove ${id}`, onclick: () => void act(remove) },
            'Remove',
          ),
        )
      : null;
  const header = h(
    'header',
    {},
    h('h2', {}, h('a', { href: `#/live/${encodeURIComponent(id)}` }, id)),
    health.element,
  );
  const parts = [
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
    problem,
    actions,
  ];
  const element = h('article', { class: 'card', 'data-camera': id }, header, ...parts);

  const refresh = (): void => void store.refresh().catch(() => undefined);
  function edit(): void {
    const camera = store.camera(id);
    if (camera !== undefined) openEditCamera(camera, refresh);
  }
  /** Does what an operator asked for, and says why where it failed. */
  async function act(work: (camera: Camera) => Promise<void>): Promise<void> {
    const camera = store.camera(id);
    if (camera === undefined) return;
    try {
      await work(camera);
      showProblem('');
    } catch (reason) {
      showProblem(wordsOf(reason));
    }
    refresh();
  }
  function showProblem(words: string): void {
    problem.hidden = words === '';
    setText(problem, words);
  }
  async function togglePause({ paused }: Camera): Promise<void> {
    await api.changeCamera(id, { paused: !paused });
  }
  async function remove({ paused }: Camera): Promise<void> {
    removal = await beginRemoval(id, paused, (failed) => {
      removal = undefined;
      fill(element, header, ...parts);
      showProblem(failed === undefined ? '' : wordsOf(failed));
      refresh();
    });
    fill(element, header, removal.element);
    removal.element.querySelector<HTMLElement>('.primary')?.focus();
  }

  function update(): void {
    const camera: Camera | undefined = store.camera(id);
    if (camera === undefined) return;
    const { status, paused } = camera;
    const connected = store.connection.state !== 'lost';
    const judged = health.show(camera, connected, store.streams(id));
    element.classList.toggle('is-off', judged.level === 'off');
    element.classList.toggle('is-paused', judged.level === 'paused' || judged.level === 'unknown');
    offline.hidden = !['off', 'paused', 'unknown'].includes(judged.level);
    setText(offline, judged.label);
    const live = connected && status !== null && store.streams(id);
    setText(figures.in, live ? `${rate(status.fps.in)} fps` : '–');
    setText(figures.analysed, live ? `${rate(status.fps.analysed)} fps` : '–');
    setText(figures.dropped, live ? `${rate(status.fps.dropped)} fps` : '–');
    setText(figures.latency, live && status.latencyMs !== null ? `${Math.round(status.latencyMs)} ms` : '–');
    const lastError = status?.lastError ?? null;
    errorBox.hidden = lastError === null;
    setText(error, lastError ?? '');
    setText(errorTitle, live ? 'Last error, over now' : 'Last error');
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
      if (store.camera(id) === undefined) removal?.abandon();
      else removal?.dispose();
      picture.dispose();
    },
  };
}
