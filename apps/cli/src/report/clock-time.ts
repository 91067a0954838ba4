/** Distances between ticks that people count in, in seconds. */
const STEPS = [
  0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200,
];

/**
 * Seconds as a clock shows them: `m:ss`, from an hour on `h:mm:ss`, with `decimals` of a second. Cut off and not
 * rounded, as players do.
 */
export function clockTime(seconds: number, decimals = 0): string {
  const unit = 10 ** decimals;
  // The small addition undoes the error of binary fractions: 0.29 * 100 is 28.999...
  const units = Math.floor(Math.abs(seconds) * unit + 1e-6);
  const whole = Math.floor(units / unit);
  const minutes = Math.floor(whole / 60) % 60;
  const hours = Math.floor(whole / 3600);
  const two = (value: number): string => String(value).padStart(2, '0');
  const fraction = decimals === 0 ? '' : `.${String(units % unit).padStart(decimals, '0')}`;
  const sign = seconds < 0 && units > 0 ? '-' : '';
  const head = hours > 0 ? `${hours}:${two(minutes)}` : String(minutes);
  return `${sign}${head}:${two(whole % 60)}${fraction}`;
}

/** At most `count` round times from 0 to `end` seconds, and the decimals that tell them apart. */
export function clockTicks(
  end: number,
  count: number,
): { readonly times: readonly number[]; readonly decimals: 0 | 1 } {
  const day = 86_400;
  const step = STEPS.find((candidate) => end / candidate <= count) ?? day * Math.ceil(end / count / day);
  const times = Array.from(
    { length: Math.floor(end / step + 1e-9) + 1 },
    (_, i) => Math.round(i * step * 10) / 10,
  );
  return { times, decimals: step < 1 ? 1 : 0 };
}
