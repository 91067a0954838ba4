import { access } from 'node:fs/promises';

/** Whether something can be seen at a path; not so either where a folder above may not be entered. */
export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
