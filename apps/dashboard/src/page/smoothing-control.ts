import { h, setText } from './element.js';

/** A switch and a slider for the smoothing of what is shown; `change` gets the time constant in seconds, 0 when off. */
export function smoothingControl(change: (tau: number) => void): HTMLElement {
  const strength = h('input', {
    ...{ type: 'range', min: 0.2, max: 5, step: 0.1, value: 1, disabled: true },
    'aria-label': 'Strength of the smoothing in seconds',
  });
  const value = h('output', {}, 'off');
  const toggle = h('input', { type: 'checkbox' });
  const apply = (): void => {
    const tau = toggle.checked ? Number(strength.value) : 0;
    strength.disabled = !toggle.checked;
    setText(value, tau === 0 ? 'off' : `${tau.toFixed(1)} s`);
    change(tau);
  };
  toggle.addEventListener('change', apply);
  strength.addEventListener('input', apply);
  return h('div', { class: 'smoothing' }, h('label', {}, toggle, 'Smoothing'), strength, value);
}
