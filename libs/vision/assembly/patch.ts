/** Places between two pixels are told apart to 1 / 2^BITS: whole numbers are added up faster than floats. */
const BITS = 8;
const STEPS = 1 << BITS;

/** Where what lies outside begins, and where the inside ends. */
const BEGIN: usize = 0;
const END: usize = 16;

/**
 * Resamples a picture bilinearly through a similarity from patch to picture; `src/patch.ts` says what that means and
 * brings the memory: the first {@link held} values, the picture as bytes of red, green and blue, of which only the rows
 * that the patch touches need be there, and from `planes` on the floats that are written. One row and eight bytes more
 * are read than a sample needs, for neighbours beyond the edge, which weigh nothing.
 *
 * `origin` is where the picture's first row is or would be, `stride` the bytes of a row.
 */
export function samplePatch(
  origin: usize,
  stride: i32,
  width: i32,
  height: i32,
  a: f64,
  b: f64,
  tx: f64,
  ty: f64,
  size: i32,
  samples: i32,
  channels: i32,
  black: bool,
  planes: usize,
): void {
  const step = 1.0 / f64(samples);
  const share = (step * step) / f64(STEPS * STEPS);
  const plane = (4 * size * size) as usize;
  // Two floats are one place, x and y, in 1 / STEPS of a pixel: powers of two change no digit.
  a *= f64(STEPS);
  b *= f64(STEPS);
  tx *= f64(STEPS);
  ty *= f64(STEPS);
  const middle = 0.5 * f64(STEPS);
  const last = held(32, pair(f64((width - 1) << BITS), f64((height - 1) << BITS)));
  held(BEGIN, f64x2.splat(-middle));
  held(END, f64x2.add(last, f64x2.splat(middle)));
  const along = held(48, pair(a * step, b * step));
  const perU = held(64, pair(a, b));
  const perV = held(80, pair(-b, a));
  const shift = held(96, pair(tx, ty));
  const centre = held(112, f64x2.splat(middle));
  const rounding = held(128, f64x2.splat(0.5));
  const shares = held(144, f64x2.splat(share));
  let out = planes;
  for (let row = 0; row < size; row += 1) {
    for (let column = 0; column < size; column += 1, out += 4) {
      const u = f64x2.splat(f64(column) + 0.5 * step);
      let sum = i32x4.splat(0);
      for (let j = 0; j < samples; j += 1) {
        const v = f64x2.splat(f64(row) + (f64(j) + 0.5) * step);
        let place = f64x2.add(f64x2.mul(perU, u), f64x2.mul(perV, v));
        place = f64x2.sub(f64x2.add(place, shift), centre);
        for (let i = 0; i < samples; i += 1, place = f64x2.add(place, along)) {
          if (black) {
            const outside = v128.or(f64x2.lt(place, v128.load(BEGIN)), f64x2.gt(place, v128.load(END)));
            if (v128.any_true(outside)) continue;
          }
          const inside = f64x2.pmin(f64x2.pmax(place, f64x2.splat(0)), last);
          const whole = i32x4.trunc_sat_f64x2_s_zero(f64x2.add(inside, rounding));
          const x = i32x4.extract_lane(whole, 0);
          const y = i32x4.extract_lane(whole, 1);
          const at = origin + (y >> BITS) * stride + (x >> BITS) * 3;
          // The weights of the left and of the right pixel, STEPS - p and p, as 16-bit numbers side by side.
          const weights = i32x4.splat(STEPS + (x & (STEPS - 1)) * 0xffff);
          const upper = i32x4.dot_i16x8_s(neighbours(at), weights);
          const lower = i32x4.dot_i16x8_s(neighbours(at + stride), weights);
          const q = i32x4.splat(y & (STEPS - 1));
          sum = i32x4.add(sum, i32x4.shl(upper, BITS));
          sum = i32x4.add(sum, i32x4.mul(i32x4.sub(lower, upper), q));
        }
      }
      const redGreen = f64x2.convert_low_i32x4_s(sum);
      const blue = f64(i32x4.extract_lane(sum, 2));
      if (channels === 1) {
        const luma: f64 =
          0.299 * f64x2.extract_lane(redGreen, 0) + 0.587 * f64x2.extract_lane(redGreen, 1) + 0.114 * blue;
        store<f32>(out, f32(luma * share));
      } else {
        const means = f32x4.demote_f64x2_zero(f64x2.mul(redGreen, shares));
        v128.store32_lane(out, means, 0);
        v128.store32_lane(out + plane, means, 1);
        store<f32>(out + 2 * plane, f32(blue * share));
      }
    }
  }
}

function pair(x: f64, y: f64): v128 {
  return f64x2.replace_lane(f64x2.splat(x), 1, y);
}

/** A value that was loaded stays in a register; V8 would move its computation into the innermost loop. */
function held(at: usize, value: v128): v128 {
  v128.store(at, value);
  return v128.load(at);
}

/** A pixel and the one to its right, as 16-bit numbers: red, red, green, green, blue, blue, and two more. */
function neighbours(at: usize): v128 {
  const left = v128.load64_zero(at);
  const right = v128.load64_zero(at, 3);
  return i16x8.extend_low_i8x16_u(
    i8x16.shuffle(left, right, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23),
  );
}
