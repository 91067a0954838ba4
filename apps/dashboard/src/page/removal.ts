import { api } from './api.js';
import { h, setText } from './element.js';
import { createDisposal, every, type View } from './view.js';

/** A removal that can still be taken back. */
export interface Removal extends View {
  /** Nothing is left to decide: the camera has gone without it. One that comes back by its name is another. */
  abandon(): void;
}

/** How long a removal can be taken back, in seconds. */
const UNDO_S = 10;

/**
 * Removes a camera, but not at once: it is paused, and for some seconds that can be undone. Whoever leaves the page has
 * decided. `done` is called when it is removed or back, or with what the server said instead.
 */
export async function beginRemoval(
  camera: string,
  wasPaused: boolean,
  done: (problem?: unknown) => void,
): Promise<Removal> {
  if (!wasPaused) await api.changeCamera(camera, { paused: true });
  const until = performance.now() + UNDO_S * 1000;
  const disposal = createDisposal();
  let decided = false;

  function decide(work: () => Promise<unknown>): void {
    if (decided) return;
    decided = true;
    disposal.run();
    work().then(() => {
      done();
    }, done);
  }
  const remove = (): void => {
    decide(() => api.removeCamera(camera));
  };
  const undo = (): void => {
    decide(() => (wasPaused ? Promise.resolve() : api.changeCamera(camera, { paused: false })));
  };

  const left = h('span', { 'aria-hidden': 'true' });
  const count = (): void => {
    const seconds = Math.ceil((until - performance.now()) / 1000);
    setText(left, ` in ${Math.max(0, seconds)} s`);
    if (seconds <= 0) remove();
  };
  const undoButton = h('button', { type: 'button', class: 'primary', onclick: undo }, 'Undo');
  const element = h(
    'div',
    { class: 'removal', role: 'group', 'aria-label': `Removal of ${camera}` },
    h('p', { role: 'status' }, `${camera} is removed`, left, '.'),
    h('p', { class: 'hint' }, 'What was kept of it stays until its retention ends.'),
    h(
      'div',
      { class: 'actions' },
      h('button', { type: 'button', onclick: remove }, 'Remove now'),
      undoButton,
    ),
  );
  window.addEventListener('pagehide', remove);
  disposal.add(every(250, count), () => {
    window.removeEventListener('pagehide', remove);
  });
  count();
  return {
    element,
    dispose: remove,
    abandon() {
      decided = true;
      disposal.run();
    },
  };
}
