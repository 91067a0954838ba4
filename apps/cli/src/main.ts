import { DeadpanError, ERROR_CODES, sentenceOf } from '@deadpan/shared';
import { Command, CommanderError } from 'commander';

import { version } from './version.js';

/** Exit code of a command that was interrupted: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

/** Adds commands to the program, which tell `finish` their exit code. */
type AddCommands = (program: Command, finish: (exitCode: number) => void) => void;

const train = async (): Promise<AddCommands> => (await import('./commands/train.js')).addTrainCommands;

/**
 * Where the commands are, in the order of the help. Only the one that runs is loaded: what the others need takes longer
 * to load than a short clip takes to analyse.
 */
const COMMANDS: ReadonlyMap<string, () => Promise<AddCommands>> = new Map([
  ['analyze', async () => (await import('./commands/analyze.js')).addAnalyzeCommand],
  ['evaluate', async () => (await import('./commands/evaluate.js')).addEvaluateCommand],
  ['models', async () => (await import('./commands/models.js')).addModelsCommand],
  ['prepare', train],
  ['prepare-pairs', train],
  ['train', train],
  ['export', train],
  ['import', train],
  ['reproduce', async () => (await import('./commands/reproduce.js')).addReproduceCommand],
  ['config', async () => (await import('./commands/config.js')).addConfigCommand],
  ['doctor', async () => (await import('./commands/doctor.js')).addDoctorCommand],
  ['live', async () => (await import('./commands/live.js')).addLiveCommand],
  ['service', async () => (await import('./commands/service.js')).addServiceCommand],
  ['topics', async () => (await import('./commands/topics.js')).addTopicsCommand],
]);

/** What a command tells its caller; an exit code other than 0 ends the process with it. */
export type CommandResult = Promise<number>;

/**
 * Runs the command line.
 * @param argv what follows the program's name
 * @returns the exit code: 0 all done; 1 some inputs failed; 2 wrong usage or configuration; 3 something is missing on
 * this machine; 130 interrupted
 */
export async function main(argv: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('deadpan')
    .description('Turns camera streams and video files into emotion timelines per person.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(deadpan --help shows the commands, deadpan COMMAND --help the flags)');
  const finish = (code: number): void => {
    exitCode = code;
  };
  const [name = ''] = argv;
  const wanted = COMMANDS.get(name);
  for (const load of wanted === undefined ? new Set(COMMANDS.values()) : [wanted]) {
    (await load())(program, finish);
  }
  try {
    await program.parseAsync(argv, { from: 'user' });
    return exitCode;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof DeadpanError)) throw error;
    process.stderr.write(`deadpan: ${sentenceOf(error)}\n`);
    return error.code === 'E_INTERRUPTED' ? EXIT_INTERRUPTED : ERROR_CODES[error.code].exitCode;
  }
}
