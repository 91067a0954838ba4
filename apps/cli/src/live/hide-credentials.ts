const HIDDEN = '***';
const SECRET_PARAMETER = /([?&][^=&#]*(?:pass|pwd|token|secret|key|auth|user)[^=&#]*=)[^&#]*/gi;

/** An address for people's eyes: user, password and query parameters that may be secret are replaced by `***`. */
export function hideCredentials(address: string): string {
  return address
    .replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/?#]*@/i, `$1${HIDDEN}@`)
    .replace(SECRET_PARAMETER, `$1${HIDDEN}`);
}
