import { z } from 'zod';

/** How a program reaches Kafka: the section `kafka` of the configuration. */
export const kafkaConfig = z.strictObject({
  brokers: z
    .array(z.string().regex(/^[^\s,:]+:\d+$/, 'a broker is HOST:PORT'))
    .min(1)
    .default(['127.0.0.1:9092'])
    .describe('Brokers to ask first, as HOST:PORT.'),
  clientId: z.string().min(1).default('deadpan').describe('Name that the brokers log and count quotas by.'),
  tls: z.boolean().default(false).describe('Whether to encrypt the connection.'),
  ca: z
    .string()
    .default('')
    .describe("PEM of the authority that signed the brokers' certificates; empty: those that Node trusts."),
  certificate: z.string().default('').describe("PEM of this program's certificate, for mutual TLS."),
  key: z.string().default('').describe('PEM of its private key.').meta({ secret: true }),
  username: z.string().default('').describe('SCRAM-SHA-512 user; empty: none.'),
  password: z
    .string()
    .default('')
    .describe('Its password; give it as ${NAME} or file:PATH.')
    .meta({ secret: true }),
  topicPrefix: z
    .string()
    .regex(/^[a-zA-Z0-9._-]*$/, 'letters, digits, dot, underscore and hyphen')
    .default('')
    .describe('Put before every topic and group name, so that several Deadpans share one Kafka.'),
  partitions: z.int().min(1).max(1000).default(12).describe('Partitions of each topic; never raised later.'),
  replication: z.int().min(1).max(5).default(1).describe('Copies of each partition; 3 in production.'),
  sessionTimeout: z
    .number()
    .min(2)
    .max(300)
    .default(10)
    .describe('After how long without a sign of life a replica is replaced.')
    .meta({ unit: 's' }),
  inFlight: z
    .int()
    .min(1)
    .max(10_000)
    .default(64)
    .describe('Records of one partition that may be read and not yet acknowledged.'),
});

/** The section `kafka` with its defaults filled in. */
export type KafkaConfig = z.output<typeof kafkaConfig>;
