import type { CachedFace } from './face-cache.js';

/** People who are seen both neutral and with another expression: those whom a metric can tell expressions apart on. */
export function pairedSubjects(faces: readonly CachedFace[]): ReadonlySet<string> {
  const seen = (neutral: boolean): Set<string> =>
    new Set(
      faces.flatMap(({ label, subject }) =>
        label === undefined || subject === undefined || (label === 0) !== neutral ? [] : [subject],
      ),
    );
  const expressive = seen(false);
  return new Set([...seen(true)].filter((subject) => expressive.has(subject)));
}
