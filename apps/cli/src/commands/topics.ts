import { createLogger } from '@deadpan/shared/telemetry';
import type { Command } from 'commander';

import { CONFIG_OPTION, effectiveConfig } from './config.js';

/** Adds `topics apply` and `topics list`. */
export function addTopicsCommand(program: Command, finish: (exitCode: number) => void): void {
  const topics = program.command('topics').description('Creates and shows the Kafka topics.');
  topics
    .command('apply')
    .description(
      'Creates the topics that are missing and sets the settings that differ. Doing it again changes nothing.',
    )
    .option(...CONFIG_OPTION)
    .option('--json', 'print what was done as JSON')
    .action(async (options: { config?: string; json?: boolean }) => {
      const { kafka } = effectiveConfig(options.config);
      // Loaded here, so that commands that do not speak to Kafka do not wait for its client.
      const { applyTopics, createKafkaClient } = await import('@deadpan/shared/kafka');
      const client = createKafkaClient(kafka, createLogger({ level: 'warn', name: 'topics' }));
      const applied = await applyTopics(client);
      if (options.json === true) process.stdout.write(`${JSON.stringify(applied, null, 2)}\n`);
      else
        for (const { name, state, changes } of applied) {
          process.stdout.write(`${state.padEnd(10)} ${name}\n`);
          for (const change of changes) process.stdout.write(`${' '.repeat(11)}${change}\n`);
        }
      finish(0);
    });
  topics
    .command('list')
    .description('Prints the topics with what they carry, how long it is kept and how large it may be.')
    .action(async () => {
      const { TOPICS, topicSettings } = await import('@deadpan/shared/kafka');
      for (const topic of Object.values(TOPICS)) {
        const settings = topicSettings(topic, 1);
        const kept = `${settings['cleanup.policy'] ?? ''}, retention.ms ${settings['retention.ms'] ?? ''}`;
        process.stdout.write(
          `${topic.name.padEnd(26)} ${topic.public ? 'public ' : 'private'}  ${topic.about} (${kept}, up to ${topic.maxMessageBytes} bytes)\n`,
        );
      }
      finish(0);
    });
}
