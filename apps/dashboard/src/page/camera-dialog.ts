import { api, type About, type Camera, type Probe } from './api.js';
import { fill, h } from './element.js';
import { wordsOf } from './wording.js';

const fpsOf = (text: string): number | null => (text.trim() === '' ? null : Number(text));

function addressField(value = '', required = true): HTMLInputElement {
  return h('input', {
    ...{ id: 'camera-address', name: 'address', value, required, maxlength: 2048 },
    ...{
      placeholder: 'rtsp://user:password@camera.example/stream',
      autocomplete: 'off',
      spellcheck: 'false',
    },
  });
}

function fpsField(value: number | null): HTMLInputElement {
  return h('input', {
    ...{ id: 'camera-fps', name: 'fps', type: 'number', min: 0.1, max: 120, step: 0.1 },
    value: value ?? '',
    placeholder: 'all',
  });
}

const field = (label: string, input: HTMLInputElement, hint: string): HTMLElement =>
  h('div', { class: 'field' }, h('label', { for: input.id }, label), input, h('p', { class: 'hint' }, hint));

/** The dialog that adds a camera in three steps: address, what ffmpeg answers, picture. */
export function openAddCamera(about: About, taken: readonly string[], added: () => void): void {
  const steps = ['Address', 'Probe', 'Preview'].map((name) => h('li', {}, name));
  const body = h('div', { class: 'step' });
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'add-title' },
    h('h2', { id: 'add-title' }, 'Add a camera'),
    h('ol', { class: 'steps', 'aria-label': 'Steps' }, ...steps),
    body,
  );
  const name = h('input', {
    ...{ id: 'camera-name', name: 'name', required: true, maxlength: 64, autocomplete: 'off' },
    placeholder: 'front door',
  });
  const address = addressField();
  const fps = fpsField(5);
  let probing = new AbortController();

  const cancel = (): HTMLButtonElement =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          dialog.close();
        },
      },
      'Cancel',
    );

  function show(step: number, ...content: readonly HTMLElement[]): void {
    for (const [i, item] of steps.entries()) {
      if (i === step) item.setAttribute('aria-current', 'step');
      else item.removeAttribute('aria-current');
      item.classList.toggle('done', i < step);
    }
    fill(body, ...content);
  }

  function askAddress(problem?: string): void {
    const form = h(
      'form',
      {
        onsubmit: (event: SubmitEvent) => {
          event.preventDefault();
          if (taken.includes(name.value.trim()))
            askAddress(`There is a camera "${name.value.trim()}" already.`);
          else void probe();
        },
      },
      problem === undefined ? null : h('p', { class: 'problem', role: 'alert' }, problem),
      field('Name', name, 'Up to 64 letters, digits, spaces or . _ -; it cannot be changed later.'),
      field(
        'Address',
        address,
        'rtsp://, rtsps:// or http(s):// with MJPEG. The password is never shown again.',
      ),
      field('Analysed frames a second', fps, 'Empty: as many as arrive. Five suffice for expressions.'),
      h('div', { class: 'actions' }, cancel(), h('button', { class: 'primary' }, 'Probe')),
    );
    show(0, form);
    name.focus();
  }

  async function probe(): Promise<void> {
    probing = new AbortController();
    show(
      1,
      h('p', { class: 'busy', role: 'status' }, 'Asking the camera what it has to offer…'),
      h('div', { class: 'actions' }, back(), cancel()),
    );
    try {
      showAnswer(await api.probe(address.value.trim(), probing.signal));
    } catch (error) {
      if (!probing.signal.aborted) askAddress(wordsOf(error));
    }
  }

  const back = (): HTMLButtonElement =>
    h(
      'button',
      {
        type: 'button',
        onclick: () => {
          probing.abort();
          askAddress();
        },
      },
      'Back',
    );

  function showAnswer(found: Probe): void {
    const go = h(
      'button',
      {
        type: 'button',
        class: 'primary',
        onclick: () => {
          showPreview(found);
        },
      },
      found.reachable ? 'Preview' : 'Go on all the same',
    );
    show(1, ...answerOf(found), h('div', { class: 'actions' }, back(), cancel(), go));
    go.focus();
  }

  function showPreview(found: Probe): void {
    const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
    const add = h(
      'button',
      { type: 'button', class: 'primary', onclick: () => void save() },
      'Add this camera',
    );
    const save = async (): Promise<void> => {
      add.disabled = true;
      try {
        await api.addCamera({ id: name.value.trim(), address: address.value.trim(), fps: fpsOf(fps.value) });
        added();
        dialog.close();
      } catch (error) {
        add.disabled = false;
        problem.hidden = false;
        problem.textContent = wordsOf(error);
      }
    };
    show(2, previewOf(found, about), problem, h('div', { class: 'actions' }, back(), cancel(), add));
    add.focus();
  }

  dialog.addEventListener('close', () => {
    probing.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  askAddress();
  dialog.showModal();
  name.focus();
}

/** What a probe found, and what ffmpeg said to it. */
function answerOf(found: Probe): HTMLElement[] {
  const facts = [
    found.codec ?? 'unknown codec',
    found.width === null ? null : `${found.width} × ${found.height ?? '?'}`,
    found.fps === null ? null : `${found.fps} frames a second`,
  ].filter((fact) => fact !== null);
  return [
    h(
      'p',
      { class: found.reachable ? 'verdict good' : 'verdict bad', role: 'status' },
      found.reachable ? `Reached: ${facts.join(', ')}.` : (found.error ?? 'No picture came.'),
    ),
    h('h3', { id: 'answer-title' }, 'What ffmpeg answered'),
    h('pre', { class: 'answer', tabindex: 0, 'aria-labelledby': 'answer-title' }, found.answer || 'Nothing.'),
  ];
}

function previewOf(found: Probe, about: About): HTMLElement {
  if (found.preview !== null) {
    const bytes = Uint8Array.from(atob(found.preview), (character) => character.charCodeAt(0));
    const url = URL.createObjectURL(new Blob([bytes], { type: 'image/jpeg' }));
    const image = h('img', { class: 'preview', src: url, alt: 'First picture of the camera' });
    image.addEventListener('load', () => {
      URL.revokeObjectURL(url);
    });
    return image;
  }
  const why =
    about.pixels === 'frames'
      ? 'The camera gave no picture.'
      : 'The configuration does not allow pictures, so the camera is added unseen.';
  return h('div', { class: 'preview none' }, h('p', {}, why));
}

/**
 * The dialog that changes a camera's address and rate. What is not touched stays, its password too. A new address is
 * asked first, since the old one's password is not known here and could not be put back: one that does not answer is
 * saved only if the user says so.
 */
export function openEditCamera(camera: Camera, changed: () => void): void {
  const address = addressField('', false);
  const fps = fpsField(camera.fps);
  const problem = h('p', { class: 'problem', role: 'alert', hidden: true });
  const answer = h('div', { class: 'step' });
  const submit = h('button', { class: 'primary' }, 'Save');
  const probing = new AbortController();
  let unanswered: string | undefined;

  async function isToBeSaved(text: string): Promise<boolean> {
    if (text === '' || text === unanswered) return true;
    fill(answer, h('p', { class: 'busy', role: 'status' }, 'Asking the new address…'));
    const found = await api.probe(text, probing.signal).catch((error: unknown) => {
      fill(answer);
      throw error;
    });
    if (found.reachable) return true;
    fill(answer, ...answerOf(found));
    unanswered = text;
    submit.textContent = 'Save all the same';
    return false;
  }
  const save = async (): Promise<void> => {
    const text = address.value.trim();
    problem.hidden = true;
    submit.disabled = true;
    try {
      if (await isToBeSaved(text)) {
        await api.changeCamera(camera.id, {
          fps: fpsOf(fps.value),
          ...(text === '' ? {} : { address: text }),
        });
        changed();
        dialog.close();
      }
    } catch (error) {
      problem.hidden = probing.signal.aborted;
      problem.textContent = wordsOf(error);
    } finally {
      submit.disabled = false;
    }
  };
  address.addEventListener('input', () => {
    submit.textContent = address.value.trim() === unanswered ? 'Save all the same' : 'Save';
  });
  const cancel = h(
    'button',
    {
      type: 'button',
      onclick: () => {
        dialog.close();
      },
    },
    'Cancel',
  );
  const dialog = h(
    'dialog',
    { class: 'dialog', 'aria-labelledby': 'edit-title' },
    h('h2', { id: 'edit-title' }, `Edit ${camera.id}`),
    h(
      'form',
      {
        onsubmit: (event: SubmitEvent) => {
          event.preventDefault();
          void save();
        },
      },
      problem,
      field('New address', address, `Now ${camera.address ?? 'unknown'}. Leave empty to keep it.`),
      field('Analysed frames a second', fps, 'Empty: as many as arrive.'),
      answer,
      h('div', { class: 'actions' }, cancel, submit),
    ),
  );
  dialog.addEventListener('close', () => {
    probing.abort();
    dialog.remove();
  });
  document.body.append(dialog);
  dialog.showModal();
}
