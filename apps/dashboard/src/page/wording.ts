/** A fraction in per cent. */
export const percent = (fraction: number): string => `${Math.round(fraction * 100)} %`;

/** A rate with one decimal. */
export const rate = (value: number): string => value.toFixed(1);

/** A time of the day to the second, from seconds since 1970. */
export const clock = (seconds: number): string =>
  new Date(seconds * 1000).toLocaleTimeString(undefined, { hour12: false });

/** How long ago something was, in words. */
export function ago(seconds: number): string {
  if (seconds < 1.5) return 'just now';
  return `${span(seconds)} ago`;
}

/** A length of time in words, from seconds. */
export function span(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}

/** A track's id as people read it: of a long one the begin and the end, since ids of one session begin alike. */
export const person = (track: string): string =>
  track.length > 14 ? `${track.slice(0, 6)}…${track.slice(-5)}` : track;

/** An error in words. */
export const wordsOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
