import { existsSync } from 'node:fs';

import { describeOptions, hideSecrets, jsonSchemaOf, loadConfig } from '@deadpan/shared';
import type { Command } from 'commander';
import { stringify } from 'yaml';

import { deadpanConfig, type DeadpanConfig } from '../config.js';

/** The configuration file that is read when none is named. */
const DEFAULT_FILE = 'deadpan.yaml';

/** `--config` of every command that reads a configuration: flag and description. */
export const CONFIG_OPTION = [
  '--config <file>',
  `configuration file (default: DEADPAN_CONFIG, or ${DEFAULT_FILE} where there is one)`,
] as const;

/**
 * The effective configuration of a command.
 * @param file as given by `--config`; without it the one that `DEADPAN_CONFIG` names, or `deadpan.yaml` in the current
 * folder, where there is one
 * @param flags values by dotted path; undefined ones are passed over
 * @throws DeadpanError E_CONFIG
 */
export function effectiveConfig(
  file: string | undefined,
  flags: Readonly<Record<string, unknown>> = {},
): DeadpanConfig {
  return loadConfig(deadpanConfig, {
    file: file ?? process.env['DEADPAN_CONFIG'] ?? (existsSync(DEFAULT_FILE) ? DEFAULT_FILE : undefined),
    environment: process.env,
    flags,
  });
}

/** Adds `config check`, `config show` and `config schema`. */
export function addConfigCommand(program: Command, finish: (exitCode: number) => void): void {
  const config = program.command('config').description('Checks and shows the configuration.');
  config
    .command('check')
    .description('Says whether the configuration is valid, and if not, everything that is wrong with it.')
    .option(...CONFIG_OPTION)
    .action((options: { config?: string }) => {
      effectiveConfig(options.config);
      process.stdout.write('The configuration is valid.\n');
      finish(0);
    });
  config
    .command('show')
    .description('Prints the effective configuration (file, then DEADPAN_* variables), secrets hidden.')
    .option(...CONFIG_OPTION)
    .action((options: { config?: string }) => {
      process.stdout.write(stringify(hideSecrets(deadpanConfig, effectiveConfig(options.config))));
      finish(0);
    });
  config
    .command('schema')
    .description('Prints the JSON Schema of the configuration file.')
    .action(() => {
      process.stdout.write(`${JSON.stringify(jsonSchemaOf(deadpanConfig), null, 2)}\n`);
      finish(0);
    });
  config
    .command('options')
    .description('Lists every option with its variable, type, default, unit and range.')
    .action(() => {
      for (const option of describeOptions(deadpanConfig)) {
        const unit = option.unit === undefined ? '' : ` ${option.unit}`;
        const range = option.range === undefined ? '' : `, ${option.range}`;
        const fallback =
          option.default === undefined ? '' : `; default ${JSON.stringify(option.default)}${unit}`;
        const variable = option.variable === undefined ? '' : `  [${option.variable}]`;
        process.stdout.write(
          `${option.path.join('.')}  (${option.type}${range}${option.required ? '; required' : fallback})\n` +
            `    ${option.help}${variable}\n`,
        );
      }
      finish(0);
    });
}
