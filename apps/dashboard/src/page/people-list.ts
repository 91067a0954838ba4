import { fill, h } from './element.js';
import type { Present } from './store.js';
import { percent, person } from './wording.js';

/** The people whom a camera sees now: expression, its probability and the intensity. */
export function peopleList(people: readonly Present[]): HTMLElement {
  const list = h('ul', { class: 'people', 'aria-label': 'People' });
  showPeople(list, people);
  return list;
}

/** Shows others in the same list. */
export function showPeople(list: HTMLElement, people: readonly Present[]): void {
  fill(
    list,
    ...people.slice(0, 6).map(({ emotion }) => {
      const meter = h('meter', { min: 0, max: 1, value: emotion.intensity, 'aria-label': 'Intensity' });
      return h(
        'li',
        {},
        h('span', { class: `swatch ${emotion.expression}` }),
        h('span', { class: 'who' }, person(emotion.track)),
        h(
          'span',
          { class: 'what' },
          `${emotion.expression} ${percent(emotion.probabilities[emotion.expression])}`,
        ),
        meter,
      );
    }),
    people.length === 0 ? h('li', { class: 'nobody' }, 'Nobody in view') : null,
    people.length > 6 ? h('li', { class: 'nobody' }, `and ${people.length - 6} more`) : null,
  );
}
