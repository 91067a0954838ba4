import { DeadpanError } from '../../errors/index.js';

/** Kafka's own name of what went wrong, e.g. MESSAGE_TOO_LARGE, however deep kafkajs has wrapped it. */
export function kafkaErrorType(error: unknown): string | undefined {
  let current: unknown = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth += 1) {
    const { type, cause, errors, originalError } = current as Record<string, unknown>;
    if (typeof type === 'string') return type;
    current = cause ?? originalError ?? (Array.isArray(errors) ? (errors as unknown[])[0] : undefined);
  }
  return undefined;
}

const REFUSED = new Set([
  'TOPIC_AUTHORIZATION_FAILED',
  'GROUP_AUTHORIZATION_FAILED',
  'CLUSTER_AUTHORIZATION_FAILED',
  'SASL_AUTHENTICATION_FAILED',
  'UNSUPPORTED_SASL_MECHANISM',
  'ILLEGAL_SASL_STATE',
]);

// The second hides what the broker said of the group; that it was away is ruled out by trying again before.
const REFUSED_NAMES = new Set(['KafkaJSSASLAuthenticationError', 'KafkaJSGroupCoordinatorNotFound']);

/** The error in our words where the broker refuses this user: trying again is of no use. Undefined for all others. */
export function refusal(error: unknown, what: string): DeadpanError | undefined {
  const type = kafkaErrorType(error);
  const named = error instanceof Error && REFUSED_NAMES.has(error.name);
  if (!named && (type === undefined || !REFUSED.has(type))) return undefined;
  return new DeadpanError('E_BROKER_REFUSED', `Kafka does not let this program ${what}.`, {
    cause: error,
    advice: 'Check kafka.username, kafka.password and the access control list of the user.',
  });
}

/** The error in our words where Kafka, or the way to it, failed at something. Undefined for all others: bugs of ours. */
export function failure(error: unknown, what: string): DeadpanError | undefined {
  if (!(error instanceof Error) || !error.name.startsWith('KafkaJS')) return undefined;
  // What several parts of one request failed at, kafkajs says in each part alone.
  const [part] = 'errors' in error && Array.isArray(error.errors) ? (error.errors as unknown[]) : [];
  const { message } = part instanceof Error ? part : error;
  return new DeadpanError('E_LINK', `Kafka failed to ${what}: ${message.replace(/\.$/, '')}.`, {
    cause: error,
    advice: 'Check that all of its brokers run, then try again.',
  });
}
