import { DeadpanError, ERROR_CODES, sentenceOf } from '@deadpan/shared';
import { Command, CommanderError } from 'commander';

import { addAnalyzeCommand } from './commands/analyze.js';
import { addConfigCommand } from './commands/config.js';
import { addDoctorCommand } from './commands/doctor.js';
import { addLiveCommand } from './commands/live.js';
import { addServiceCommand } from './commands/service.js';
import { addTopicsCommand } from './commands/topics.js';
import { addEvaluateCommand } from './commands/evaluate.js';
import { addModelsCommand } from './commands/models.js';
import { addReproduceCommand } from './commands/reproduce.js';
import { addTrainCommands } from './commands/train.js';
import { version } from './version.js';

/** Exit code of a command that was interrupted: 128 + SIGINT. */
export const EXIT_INTERRUPTED = 130;

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
  addAnalyzeCommand(program, finish);
  addEvaluateCommand(program, finish);
  addModelsCommand(program, finish);
  addTrainCommands(program, finish);
  addReproduceCommand(program, finish);
  addConfigCommand(program, finish);
  addDoctorCommand(program, finish);
  addLiveCommand(program, finish);
  addServiceCommand(program, finish);
  addTopicsCommand(program, finish);
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
