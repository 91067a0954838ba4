import { h, setText } from './element.js';
import type { Store } from './store.js';
import { createDisposal, every, type View } from './view.js';

const WORDS = {
  connecting: 'Connecting',
  connected: 'Connected',
  lost: 'Connection lost, reconnecting',
} as const;

/** Says whether the page is connected and, where not, when it tries again. */
export function createConnectionLine(store: Store): View {
  const text = h('span', { role: 'status' });
  const wait = h('span', { 'aria-hidden': 'true' });
  const retry = h(
    'button',
    {
      type: 'button',
      class: 'quiet',
      onclick: () => {
        store.retry();
      },
    },
    'Try now',
  );
  const element = h('div', { class: 'connection' }, h('span', { class: 'pulse' }), text, wait, retry);
  const disposal = createDisposal();

  function update(): void {
    const { connection } = store;
    const lost = connection.state === 'lost';
    element.classList.toggle('lost', lost);
    document.body.classList.toggle('is-lost', lost);
    setText(text, WORDS[connection.state]);
    const seconds = lost ? Math.ceil((connection.retryAt - performance.now()) / 1000) : 0;
    setText(wait, seconds > 0 ? ` in ${seconds} s` : lost ? '…' : '');
    retry.hidden = !lost;
  }
  disposal.add(store.on('connection', update), every(500, update));
  update();
  return {
    element,
    dispose() {
      disposal.run();
    },
  };
}
