import { createTally, ok, runMapStage } from '@deadpan/shared';
import { createLogger } from '@deadpan/shared/telemetry';
import {
  createDeadLetters,
  createKafkaClient,
  createKafkaReceiver,
  createKafkaSender,
  kafkaConfig,
} from '@deadpan/shared/kafka';

import { textCodec, TEXTS } from './kafka-under-test.js';

/*
 * A service at its smallest, to be killed: copies texts to results. Its one argument is the configuration as JSON.
 * It prints a line when it has joined its group, and ends on SIGTERM.
 */
const client = createKafkaClient(
  kafkaConfig.parse(JSON.parse(process.argv[2] ?? '{}')),
  createLogger({ level: 'error', name: 'relay' }),
);
const deadLetters = createDeadLetters(client);
const receiver = createKafkaReceiver({ client, topic: TEXTS, codec: textCodec, group: 'relay', deadLetters });
const sender = createKafkaSender({
  client,
  topic: { ...TEXTS, name: 'results' },
  codec: textCodec,
  source: '/deadpan/relay',
  deadLetters: deadLetters.sink,
});
process.once('SIGTERM', () => void receiver.stop());
const done = runMapStage(
  function relay(records: readonly string[]) {
    return Promise.resolve(records.map((text) => ok(text)));
  },
  { from: receiver, to: sender, deadLetters: deadLetters.sink, observer: createTally() },
  { size: 8, maxDelayMs: 5, concurrency: 2 },
);
await receiver.start();
process.stdout.write('joined\n');
await done;
await receiver.close();
await deadLetters.end();
