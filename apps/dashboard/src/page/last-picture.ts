import { api } from './api.js';
import { h, setText } from './element.js';
import { ago, clock } from './wording.js';
import { createDisposal, every, type View } from './view.js';

/** How often a picture is asked for, and how old it may be to pass as live, in milliseconds. */
const TIMES = { ask: 2000, live: 5000 };

/** A camera's newest picture. One that is old, or of a camera that is not live, is grey and says its age. */
export function createLastPicture(
  camera: string,
  allowed: boolean,
  isLive: () => boolean,
): View & { update(): void } {
  const image = h('img', { alt: '', hidden: true });
  const nothing = h('p', { class: 'no-picture' }, allowed ? 'No picture yet' : 'Pictures are off');
  const stamp = h('p', { class: 'stamp', hidden: true });
  const element = h('div', { class: 'last-picture' }, image, nothing, stamp);
  const disposal = createDisposal();
  let taken: number | undefined;
  let url: string | undefined;

  function update(): void {
    if (taken === undefined) return;
    const age = Date.now() / 1000 - taken;
    const old = !isLive() || age * 1000 > TIMES.live;
    element.classList.toggle('old', old);
    stamp.hidden = !old;
    setText(stamp, `Old picture: ${clock(taken)}, ${ago(age)}`);
    image.alt = old ? `Old picture of ${camera}` : `Picture of ${camera}, now`;
  }

  async function ask(): Promise<void> {
    // Nobody looks at a page in the background.
    if (document.hidden) return;
    try {
      const snapshot = await api.snapshot(camera);
      if (snapshot.time === taken) {
        update();
        return;
      }
      taken = snapshot.time;
      const before = url;
      url = URL.createObjectURL(snapshot.image);
      image.src = url;
      image.hidden = false;
      nothing.hidden = true;
      if (before !== undefined) URL.revokeObjectURL(before);
    } catch {
      // Not there yet, or the server is away: what is shown ages.
    }
    update();
  }

  if (allowed) {
    disposal.add(every(TIMES.ask, () => void ask()));
    void ask();
  }
  return {
    element,
    update,
    dispose() {
      disposal.run();
      if (url !== undefined) URL.revokeObjectURL(url);
    },
  };
}
