import { readFileSync } from 'node:fs';

/** CPU seconds that the calling thread has used. Linux only. */
export function threadCpuSeconds(): number {
  return Number(readFileSync('/proc/thread-self/schedstat', 'latin1').split(' ', 1)[0]) / 1e9;
}

/** Clock ticks a second of /proc; 100 on every Linux that Node runs on. */
const TICKS = 100;

/** CPU seconds (user and system) of this process and of its children that have ended, by the kernel's count. */
export function processCpuSeconds(): { readonly own: number; readonly children: number } {
  const stat = readFileSync('/proc/self/stat', 'latin1');
  // The name in parentheses may hold spaces; the fields after it are utime, stime, cutime and cstime at 11 to 14.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number);
  return { own: (user + system) / TICKS, children: (childUser + childSystem) / TICKS };
}
