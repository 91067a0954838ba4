/**
 * Whether a person is held out: every `every`-th of the sorted subject ids. The same people are held out by every
 * part of training, so that nothing has seen them.
 */
export function heldOutSubjects(subjects: Iterable<string | undefined>, every: number): Set<string> {
  const known = new Set<string>();
  for (const subject of subjects) if (subject !== undefined) known.add(subject);
  return new Set([...known].sort().filter((_, index) => index % every === 0));
}
