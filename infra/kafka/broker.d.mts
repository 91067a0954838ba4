/** A running broker. */
export interface Broker {
  readonly brokers: string[];
  readonly port: number;
  readonly folder: string;
  /** PEM of the authority that signed the broker's certificate, and its file; secure profile only. */
  readonly ca: string | undefined;
  readonly caFile: string | undefined;
  /** Passwords of `admin` (may do everything), `deadpan` and `reader` (nothing until an ACL allows it). */
  readonly users: Record<'admin' | 'deadpan' | 'reader', string> | undefined;
  readonly pid: number | undefined;
  kill(): Promise<void>;
  restart(): Promise<void>;
  freeze(): boolean;
  thaw(): boolean;
  stop(): Promise<void>;
}
export interface BrokerOptions {
  readonly profile?: 'plain' | 'secure';
  readonly port?: number;
  readonly quiet?: boolean;
}
export function startBroker(options?: BrokerOptions): Promise<Broker>;
export function toolsEnvironment(): { KAFKA_CLASS_PATH: string };
