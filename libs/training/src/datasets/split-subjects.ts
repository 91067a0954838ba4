/**
 * Whether a person is held out: about one in `every`, by a hash of the id, so that every part of training holds out the
 * same people, also after more have been added.
 * @param every 0 holds out nobody
 */
export function isHeldOut(subject: string | undefined, every: number): boolean {
  if (subject === undefined || every === 0) return false;
  let hash = 0;
  for (let i = 0; i < subject.length; i++) hash = (hash * 31 + subject.charCodeAt(i)) >>> 0;
  return hash % every === 0;
}
