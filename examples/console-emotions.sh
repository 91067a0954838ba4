#!/bin/sh
# Follows a public topic with the tools that come with Kafka: key, headers and JSON of each message.
#
#   examples/console-emotions.sh localhost:9092 [topic] [number of messages]
#
# It calls kafka-console-consumer.sh where that is on the PATH; else Java with the jars that KAFKA_CLASS_PATH names.
set -eu
brokers=${1:?usage: console-emotions.sh BROKERS [TOPIC] [MESSAGES]}
topic=${2:-deadpan.emotions.v1}
set -- --bootstrap-server "$brokers" --topic "$topic" --from-beginning \
  --property print.key=true --property print.headers=true ${3:+--max-messages "$3"}
if command -v kafka-console-consumer.sh >/dev/null; then
  exec kafka-console-consumer.sh "$@"
fi
exec java -cp "${KAFKA_CLASS_PATH:?put the tools of Kafka on the PATH, or name its jars in KAFKA_CLASS_PATH}" \
  org.apache.kafka.tools.consumer.ConsoleConsumer "$@"
