import type { Camera } from './api.js';
import { healthOf, UNKNOWN, type Health } from './camera-health.js';
import { h, setText } from './element.js';

/** A dot for a camera's health with its state in a word; the reason comes on hover and on focus. */
export interface HealthMark {
  readonly element: HTMLElement;
  /** Judges the camera anew and shows it; of a page without a connection nothing can be said. */
  show(camera: Camera, connected: boolean, streams: boolean): Health;
}

/** Creates a mark; it is a button so that the keyboard and a finger reach the reason too. */
export function createHealthMark(): HealthMark {
  count += 1;
  const id = `health-${count}`;
  const dot = h('span', { class: 'dot' });
  const label = h('span', { class: 'state' });
  const reason = h('span', { class: 'tooltip', role: 'tooltip', id });
  const element = h(
    'button',
    { type: 'button', class: 'health', 'aria-describedby': id },
    dot,
    label,
    reason,
  );
  return {
    element,
    show({ status, paused }, connected, streams) {
      const health = connected ? healthOf(status, paused, streams) : UNKNOWN;
      dot.className = `dot ${health.level}`;
      setText(label, health.label);
      setText(reason, health.reason);
      return health;
    },
  };
}

/** Names of cameras hold spaces, which an id must not. */
let count = 0;
