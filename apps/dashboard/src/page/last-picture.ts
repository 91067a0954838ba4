import { api } from './api.js';
import { h, setText } from './element.js';
import type { Store } from './store.js';
import type { View } from './view.js';
import { ago, clock } from './wording.js';

/**
 * How often a picture is asked for, how soon again after an old one of a live camera (pictures are only taken while
 * somebody asks), and how old one may be to pass as live, in milliseconds.
 */
const TIMES = { ask: 2000, again: 500, live: 5000 };

/** A camera's newest picture. One that is old, or of a camera that is not live, is grey and says its age. */
export function createLastPicture(
  store: Store,
  camera: string,
  isLive: () => boolean,
): View & { update(): void } {
  const allowed = store.about.pixels === 'frames';
  const image = h('img', { alt: '', hidden: true });
  const nothing = h('p', { class: 'no-picture' }, allowed ? 'No picture yet' : 'Pictures are off');
  const stamp = h('p', { class: 'stamp', hidden: true });
  const element = h('div', { class: 'last-picture' }, image, nothing, stamp);
  let taken: number | undefined;
  let url: string | undefined;
  let timer = 0;
  let disposed = false;

  function update(): void {
    if (taken === undefined) return;
    const age = store.now() - taken;
    const old = !isLive() || age * 1000 > TIMES.live;
    element.classList.toggle('old', old);
    stamp.hidden = !old;
    setText(stamp, `Old picture: ${clock(taken)}, ${ago(age)}`);
    image.alt = old ? `Old picture of ${camera}` : `Picture of ${camera}, now`;
  }

  async function fetchNewest(): Promise<void> {
    const snapshot = await api.snapshot(camera);
    if (snapshot.time === taken) return;
    taken = snapshot.time;
    const before = url;
    url = URL.createObjectURL(snapshot.image);
    image.src = url;
    image.hidden = false;
    nothing.hidden = true;
    if (before !== undefined) URL.revokeObjectURL(before);
  }

  async function keepUp(first: boolean): Promise<void> {
    // Nobody looks at a page in the background, and a camera that is away has no newer picture than its last.
    if (first || (isLive() && !document.hidden)) {
      // Not there yet, or the server is away: what is shown ages.
      await fetchNewest().catch(() => undefined);
      update();
    }
    if (disposed) return;
    const isOld = taken === undefined || (store.now() - taken) * 1000 > TIMES.live;
    timer = window.setTimeout(() => void keepUp(false), isOld && isLive() ? TIMES.again : TIMES.ask);
  }

  if (allowed) void keepUp(true);
  return {
    element,
    update,
    dispose() {
      disposed = true;
      window.clearTimeout(timer);
      if (url !== undefined) URL.revokeObjectURL(url);
    },
  };
}
