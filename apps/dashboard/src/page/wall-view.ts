import { createCameraCard } from './camera-card.js';
import { openAddCamera } from './camera-dialog.js';
import { h, setText } from './element.js';
import type { Store } from './store.js';
import { createDisposal, every, type View } from './view.js';

/** The wall: every camera with its health. */
export function createWallView(store: Store): View {
  const cards = new Map<string, ReturnType<typeof createCameraCard>>();
  const grid = h('div', { class: 'wall' });
  const summary = h('p', { class: 'summary', role: 'status' });
  const empty = h('p', { class: 'empty' }, 'There is no camera yet.');
  const add =
    store.about.role === 'operator'
      ? h(
          'button',
          {
            type: 'button',
            class: 'primary',
            onclick: () => {
              const taken = store.cameras().map(({ id }) => id);
              openAddCamera(store.about, taken, () => void store.refresh().catch(() => undefined));
            },
          },
          'Add a camera',
        )
      : null;
  const element = h(
    'section',
    { 'aria-labelledby': 'wall-title' },
    h('div', { class: 'page-head' }, h('h1', { id: 'wall-title' }, 'Cameras'), summary, add),
    empty,
    grid,
  );

  function sync(): void {
    const cameras = store.cameras();
    for (const [id, card] of cards) {
      if (store.camera(id) !== undefined) continue;
      card.dispose();
      card.element.remove();
      cards.delete(id);
    }
    for (const { id } of cameras) {
      if (cards.has(id)) continue;
      const card = createCameraCard(store, id);
      cards.set(id, card);
      grid.append(card.element);
    }
    empty.hidden = cameras.length > 0;
    for (const card of cards.values()) card.update();
    sumUp();
  }

  function sumUp(): void {
    const cameras = store.cameras();
    const live = cameras.filter(({ id }) => store.streams(id)).length;
    const isKnown = cameras.length > 0 && store.connection.state !== 'lost';
    setText(summary, isKnown ? `${live} of ${cameras.length} live` : '');
  }

  const disposal = createDisposal();
  disposal.add(
    store.on('cameras', sync),
    store.on('status', ({ camera }) => {
      cards.get(camera)?.update();
      sumUp();
    }),
    store.on('connection', sync),
    // People come and go, and cameras fall silent, between two messages.
    every(1000, () => {
      for (const card of cards.values()) card.update();
      sumUp();
    }),
  );
  sync();
  return {
    element,
    dispose() {
      disposal.run();
      for (const card of cards.values()) card.dispose();
    },
  };
}
