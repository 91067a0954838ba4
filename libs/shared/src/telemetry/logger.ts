import { destination, pino, type Logger } from 'pino';

export type { Logger };

/** How a program logs. */
export interface LoggerOptions {
  readonly level: 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';
  /** Which program speaks. */
  readonly name: string;
}

/** JSON lines on standard error, which leaves standard output to results. Written at once, so that none is lost at the end. */
export function createLogger({ level, name }: LoggerOptions): Logger {
  return pino(
    { level, name, base: { name }, timestamp: pino.stdTimeFunctions.isoTime },
    destination({ dest: 2, sync: true }),
  );
}
