import { after, before } from 'node:test';

import { createKafkaLink } from '@deadpan/shared/kafka';
import { testLinkConformance } from '@deadpan/shared/link-conformance';

import { startBroker, type Broker } from '../../../infra/kafka/broker.mjs';
import { clientOf, prepared, textCodec, TEXTS } from './kafka-under-test.js';

let broker: Broker;
before(async () => {
  broker = await startBroker();
});
after(() => broker.stop());

testLinkConformance({
  name: 'kafka',
  async create(room) {
    const client = clientOf(broker, { inFlight: room });
    const deadLetters = await prepared(client);
    const link = createKafkaLink({
      client,
      topic: TEXTS,
      codec: textCodec,
      group: 'conformance',
      source: '/deadpan/test',
      deadLetters,
      markEnd: true,
      untilEnd: true,
    });
    return {
      link,
      async dispose() {
        await link.receiver.close();
        await deadLetters.end();
      },
    };
  },
});
