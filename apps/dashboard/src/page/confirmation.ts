import { h } from './element.js';

/** Asks before something that cannot be taken back; resolves with the answer. */
export function confirmation(question: string, explanation: string, action: string): Promise<boolean> {
  return new Promise((resolve) => {
    const dialog = h(
      'dialog',
      { class: 'dialog small', 'aria-labelledby': 'confirmation-title' },
      h('h2', { id: 'confirmation-title' }, question),
      h('p', {}, explanation),
      h(
        'div',
        { class: 'actions' },
        h(
          'button',
          {
            type: 'button',
            onclick: () => {
              dialog.close();
            },
          },
          'Cancel',
        ),
        h(
          'button',
          {
            type: 'button',
            class: 'danger',
            onclick: () => {
              dialog.close('yes');
            },
          },
          action,
        ),
      ),
    );
    dialog.addEventListener('close', () => {
      dialog.remove();
      resolve(dialog.returnValue === 'yes');
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
