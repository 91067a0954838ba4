import { readdirSync, readFileSync } from 'node:fs';
import { clearInterval, setInterval } from 'node:timers';

const TICKS = 100;

/** User and system seconds of a process and of all below it, those included that have ended and were waited for. */
function cpuSeconds(pid) {
  try {
    // After the name in parentheses, which may hold spaces: utime, stime, cutime, cstime are fields 14 to 17.
    const fields = readFileSync(`/proc/${pid}/stat`, 'latin1').split(') ').at(-1).split(' ');
    const own = fields.slice(11, 15).reduce((sum, ticks) => sum + Number(ticks), 0) / TICKS;
    const children = readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, 'latin1').split(' ').filter(Boolean),
    );
    return children.reduce((sum, child) => sum + cpuSeconds(child), own);
  } catch {
    return 0;
  }
}

/**
 * Watches what named processes spend from now on. The function that is returned ends that and gives their CPU seconds; what
 * one spends in its last 50 ms is not seen.
 */
export function watchCpu(pids) {
  const before = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, cpuSeconds(pid)]));
  const spent = Object.fromEntries(Object.keys(pids).map((name) => [name, 0]));
  const look = () => {
    for (const [name, pid] of Object.entries(pids))
      spent[name] = Math.max(spent[name], cpuSeconds(pid) - before[name]);
  };
  const timer = setInterval(look, 50);
  return () => {
    clearInterval(timer);
    look();
    return spent;
  };
}
