import { h, setText } from './element.js';

const KEY = 'deadpan.theme';

/** A button that switches between dark and light; before its first use, the system decides. */
export function themeSwitch(): HTMLElement {
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const current = (): 'dark' | 'light' => {
    const chosen = document.documentElement.dataset['theme'];
    if (chosen === 'dark' || chosen === 'light') return chosen;
    return dark.matches ? 'dark' : 'light';
  };
  const button = h('button', {
    ...{ type: 'button', class: 'quiet' },
    onclick: () => {
      const next = current() === 'dark' ? 'light' : 'dark';
      document.documentElement.dataset['theme'] = next;
      localStorage.setItem(KEY, next);
      name();
    },
  });
  const name = (): void => {
    setText(button, current() === 'dark' ? 'Light' : 'Dark');
    button.setAttribute('aria-label', `Switch to ${current() === 'dark' ? 'light' : 'dark'} colours`);
  };
  dark.addEventListener('change', name);
  name();
  return button;
}

/** Puts on the theme that was chosen before. */
export function applyTheme(): void {
  const chosen = localStorage.getItem(KEY);
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset['theme'] = chosen;
}
