import { h } from './element.js';
import type { TimelineMode } from './timeline-data.js';

/** Chooses between stacked areas and lines. */
export function modeControl(change: (mode: TimelineMode) => void): HTMLElement {
  const option = (mode: TimelineMode, text: string): HTMLElement =>
    h(
      'label',
      {},
      h('input', {
        ...{ type: 'radio', name: `mode-${count}`, checked: mode === 'stacked' },
        onchange: () => {
          change(mode);
        },
      }),
      text,
    );
  count += 1;
  return h(
    'div',
    { class: 'segments', role: 'radiogroup', 'aria-label': 'Drawn as' },
    option('stacked', 'Stacked'),
    option('lines', 'Lines'),
  );
}

/** Radio buttons of one page need names of their own. */
let count = 0;
