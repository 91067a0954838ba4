/** HTML or SVG that is safe to put into a page: made by {@link markup}, or vouched for with {@link trusted}. */
export interface Markup {
  readonly markup: string;
}

/** What may stand in a template: text is escaped, markup is not, lists are joined, null is left out. */
export type Insertion = string | number | Markup | null | readonly Insertion[];

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Text as it may stand between tags and within quoted attributes; what XML does not allow becomes U+FFFD. */
export function escaped(text: string): string {
  return (
    text
      .replace(/\p{Cs}/gu, '\ufffd')
      // eslint-disable-next-line no-control-regex -- these are the characters that XML 1.0 forbids
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, '\ufffd')
      .replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character)
  );
}

/** A tagged template that escapes all that is put into it. Attributes need quotes around them. */
export function markup(parts: TemplateStringsArray, ...insertions: readonly Insertion[]): Markup {
  return {
    markup: parts
      .map((part, i) => part + (i < insertions.length ? inserted(insertions[i] ?? null) : ''))
      .join(''),
  };
}

/** Text that is markup already, from a source that escapes by itself. */
export function trusted(text: string): Markup {
  return { markup: text };
}

function inserted(insertion: Insertion): string {
  if (insertion === null) return '';
  if (typeof insertion === 'string' || typeof insertion === 'number') return escaped(String(insertion));
  if (isList(insertion)) return insertion.map(inserted).join('');
  return insertion.markup;
}

// Array.isArray does not narrow readonly arrays.
function isList(insertion: Insertion): insertion is readonly Insertion[] {
  return Array.isArray(insertion);
}
