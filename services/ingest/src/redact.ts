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
  return (text) => {
    const hidden = known.reduce((rest, form) => rest.replaceAll(form, HIDDEN), text);
    return hidden
      .replace(/([a-z][a-z0-9+.-]*:\/\/)[^\s/'"@]*@(?=[^\s/'"])/gi, `$1${HIDDEN}@`)
      .replace(
        /([?&](?:password|passwd|pwd|pass|token|key|secret|auth|user|usr)=)[^&\s'"]*/gi,
        `$1${HIDDEN}`,
      );
  };
}
