import { ApiError, api, token, type About } from './api.js';
import { fill, h } from './element.js';

/** What the server says of itself, after asking for a token where it wants one. */
export async function aboutAfterLogin(place: HTMLElement): Promise<About> {
  try {
    return await api.about();
  } catch (error) {
    if (!(error instanceof ApiError && (error.status === 401 || error.status === 429))) throw error;
    return askToken(place, token.get() === null ? undefined : error.message);
  }
}

function askToken(place: HTMLElement, problem?: string): Promise<About> {
  return new Promise((resolve, reject) => {
    const input = h('input', {
      id: 'token',
      type: 'password',
      required: true,
      autocomplete: 'current-password',
    });
    const form = h(
      'form',
      {
        class: 'panel login',
        onsubmit: (event: SubmitEvent) => {
          event.preventDefault();
          token.set(input.value.trim());
          aboutAfterLogin(place).then(resolve, reject);
        },
      },
      h('h1', {}, 'Deadpan'),
      problem === undefined ? null : h('p', { class: 'problem', role: 'alert' }, problem),
      h(
        'div',
        { class: 'field' },
        h('label', { for: 'token' }, 'Token'),
        input,
        h('p', { class: 'hint' }, 'This server needs a token. It is forgotten when you close the tab.'),
      ),
      h('div', { class: 'actions' }, h('button', { class: 'primary' }, 'Sign in')),
    );
    fill(place, form);
    input.focus();
  });
}
