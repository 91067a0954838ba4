/** A record that was put aside, as `dead-letters.ndjson` has it. */
export interface DeadLetterNote {
  readonly stage: string;
  readonly reason: string;
  readonly message: string;
  readonly record: string;
}
