import { createConnectionLine } from './connection-line.js';
import { fill, h } from './element.js';
import { createHistoryView } from './history-view.js';
import { createLiveView } from './live-view.js';
import { aboutAfterLogin } from './login.js';
import { createStore, type Store } from './store.js';
import { applyTheme, themeSwitch } from './theme.js';
import type { View } from './view.js';
import { createWallView } from './wall-view.js';

const place = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`The page has no #${id}.`);
  return found;
};

const LINKS = [
  ['#/wall', 'Wall'],
  ['#/live', 'Live'],
  ['#/history', 'History'],
] as const;

function viewAt(hash: string, store: Store): View {
  const [, name = 'wall', camera] = hash.split('/');
  if (name === 'history') return createHistoryView(store);
  if (name === 'live') {
    const id = camera === undefined ? store.cameras()[0]?.id : decodeURIComponent(camera);
    if (id !== undefined) return createLiveView(store, id);
  }
  return createWallView(store);
}

async function start(): Promise<void> {
  const content = place('content');
  const about = await aboutAfterLogin(content);
  const store = await createStore(about);
  const links = LINKS.map(([href, name]) => h('a', { href }, name));
  if (about.notice !== '') {
    fill(place('notice'), h('aside', { class: 'notice', 'aria-label': 'Notice' }, about.notice));
  }
  fill(
    place('bar'),
    h(
      'a',
      { class: 'brand', href: '#/wall' },
      h('img', { src: '/icon.svg', alt: '', width: 26, height: 26 }),
      'Deadpan',
    ),
    h('nav', { 'aria-label': 'Pages' }, ...links),
    createConnectionLine(store).element,
    themeSwitch(),
  );

  let view: View | undefined;
  const show = (): void => {
    const before = view;
    view = viewAt(location.hash, store);
    fill(content, view.element);
    before?.dispose();
    for (const link of links) {
      const here = (location.hash || '#/wall').startsWith(link.getAttribute('href') ?? '-');
      if (here) link.setAttribute('aria-current', 'page');
      else link.removeAttribute('aria-current');
    }
    document.title = `${content.querySelector('h1')?.textContent ?? ''} · Deadpan`;
  };
  window.addEventListener('hashchange', () => {
    show();
    content.focus({ preventScroll: true });
    scrollTo(0, 0);
  });
  show();
}

applyTheme();
start().catch((error: unknown) => {
  const words = error instanceof Error ? error.message : String(error);
  fill(place('content'), h('p', { class: 'problem', role: 'alert' }, `The page cannot start: ${words}`));
});
