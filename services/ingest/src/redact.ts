const HIDDEN = '***';

/** Takes secrets out of a text before anybody can read it. */
export type Redact = (text: string) => string;

/**
 * Makes a function that replaces the given secrets, as they are and as they stand in an address, and whatever else
 * looks like a name and a password in one.
 */
export function createRedactor(secrets: readonly string[]): Redact {
  const forms = new Set<string>();
  for (const secret of secrets) {
    if (secret === '') continue;
    forms.add(secret);
    forms.add(encodeURIComponent(secret));
    forms.add(encodeURI(secret));
    try {
      forms.add(decodeURIComponent(secret));
    } catch {
      // A per cent sign that is one: there is nothing to decode.
    }
  }
  // The longest first: one form may be a part of another.
  const known = [...forms].sort((a, b) => b.length - a.length);
  return (text) => hideCredentials(known.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text));
}

/** A name before `=` that something secret may follow, as cameras have it in their paths. */
const SECRET_NAME =
  '(?:(?:user|usr|login|pass|pas|pwd|psw|token|key|secret|auth|credential|session|sign)[\\w.-]*|[/_&;,][up])=';
/** Where an address or a part of it ends in a text; a sentence may go on with its own sign. */
const END = `[:;,.]?(?:[\\s'"#]|$)`;
// A secret may hold any sign by which addresses are divided, so what follows such a name is hidden to the path's end.
const SECRET_PATH = new RegExp(
  `([a-z][a-z0-9+.-]*://[^\\s'"?#]*?${SECRET_NAME})[^\\s'"?#]*?(?=\\?|${END})`,
  'gi',
);
const SECRET_VALUE = new RegExp(`([?&][^\\s'"=&?#]*=)[^\\s'"&#]*?(?=&|${END})`, 'g');
const SECRET_FRAGMENT = new RegExp(`([a-z][a-z0-9+.-]*://[^\\s'"#]*#)[^\\s'"]+?(?=${END})`, 'gi');

/**
 * Hides what may let somebody in, in every address of a text: name and password before the host, what is called so in
 * the path, each value of a query, whatever its name is, and what comes after `#`.
 */
function hideCredentials(text: string): string {
  return text
    .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"@]*@(?=[^\s/'"])/gi, `$1${HIDDEN}@`)
    .replace(SECRET_PATH, `$1${HIDDEN}`)
    .replace(SECRET_VALUE, `$1${HIDDEN}`)
    .replace(SECRET_FRAGMENT, `$1${HIDDEN}`);
}

/**
 * An address without name and password, and without what else in it may be secret. Unlike in a text, it is known where
 * it ends and what is a query, so that a quotation mark or a value without a name hides nothing.
 */
export function withoutCredentials(url: URL): URL {
  const shown = new URL(url);
  shown.username = '';
  shown.password = '';
  const path = new RegExp(`^(.*?${SECRET_NAME}).*$`, 'i').exec(url.pathname)?.[1];
  if (path !== undefined) shown.pathname = `${path}${HIDDEN}`;
  shown.search = url.search.replace(/([?&][^=&]*=)[^&]*|(?<=[?&])[^=&]+(?=&|$)/g, `$1${HIDDEN}`);
  if (url.hash !== '') shown.hash = HIDDEN;
  return shown;
}
