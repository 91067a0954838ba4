// Starts a broker and keeps it until Ctrl-C:   node infra/kafka/start.mjs [--profile secure] [--port 9092] [--log]
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { startBroker } from './broker.mjs';

const { values } = parseArgs({
  options: {
    profile: { type: 'string', default: 'plain' },
    port: { type: 'string', default: '9092' },
    log: { type: 'boolean', default: false },
  },
});
if (!['plain', 'secure'].includes(values.profile)) {
  console.error(`--profile is "plain" or "secure", not "${values.profile}".`);
  process.exit(2);
}
let broker;
for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, async () => {
    await broker?.stop();
    process.exit(0);
  });
}
broker = await startBroker({ profile: values.profile, port: Number(values.port), quiet: !values.log });
console.log(`Kafka listens on ${broker.brokers.join(',')}.`);
if (broker.users !== undefined) {
  const credentials = join(broker.folder, 'users.json');
  writeFileSync(credentials, JSON.stringify(broker.users, null, 2), { mode: 0o600 });
  console.log(
    `SASL_SSL with SCRAM-SHA-512. Authority: ${broker.caFile}. Users and passwords: ${credentials}.`,
  );
}
console.log('Ctrl-C ends it and removes its data.');
