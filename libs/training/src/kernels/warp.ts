import type { Rank, Tensor, Tensor2D, Tensor4D } from '@tensorflow/tfjs-node';
import { tf } from '../backend.js';

/**
 * Fetches every pixel of a picture from elsewhere in it, bilinearly; beyond the edge lies the edge. The gradient reaches
 * the flow alone: the picture is what the network is given, not what it learns.
 * @param picture [N, H, W, 1]
 * @param flow [N, H, W, 2], how far to the right and how far down each pixel comes from, in pixels
 */
export function warp(picture: Tensor4D, flow: Tensor4D): Tensor4D {
  const operation = tf.customGrad((given, moved, save) => {
    const { corners, fx, fy } = cornersOf(given as Tensor4D, moved as Tensor4D);
    const [v00, v10, v01, v11] = corners;
    const top = tf.add(v00, tf.mul(fx, tf.sub(v10, v00)));
    const bottom = tf.add(v01, tf.mul(fx, tf.sub(v11, v01)));
    const [n, h, w] = (given as Tensor4D).shape;
    (save as (tensors: Tensor[]) => void)([given as Tensor, moved as Tensor]);
    return {
      value: tf.reshape(tf.add(top, tf.mul(fy, tf.sub(bottom, top))), [n, h, w, 1]),
      gradFunc: (dy: Tensor, saved: Tensor[]) => {
        const [base, by] = saved as [Tensor4D, Tensor4D];
        return [tf.zerosLike(base), flowGradient(base, by, dy)];
      },
    };
  });
  return operation(picture, flow) as Tensor4D;
}

function flowGradient(picture: Tensor4D, flow: Tensor4D, dy: Tensor): Tensor {
  const [n, h, w] = picture.shape;
  const { corners, fx, fy, insideX, insideY } = cornersOf(picture, flow);
  const [v00, v10, v01, v11] = corners;
  const [ox, oy] = [tf.sub(1, fx), tf.sub(1, fy)];
  const alongX = tf.mul(tf.add(tf.mul(oy, tf.sub(v10, v00)), tf.mul(fy, tf.sub(v11, v01))), insideX);
  const alongY = tf.mul(tf.add(tf.mul(ox, tf.sub(v01, v00)), tf.mul(fx, tf.sub(v11, v10))), insideY);
  const given = tf.reshape(dy, [n, h * w]);
  return tf.reshape(tf.stack([tf.mul(given, alongX), tf.mul(given, alongY)], 2), [n, h, w, 2]);
}

interface Corners {
  /** Values at the four pixels around each source point, [N, H * W]: left above, right above, left below, right below. */
  readonly corners: readonly [Tensor2D, Tensor2D, Tensor2D, Tensor2D];
  /** Where between them the point lies, 0..1. */
  readonly fx: Tensor2D;
  readonly fy: Tensor2D;
  /** 1 where the point lies within the picture: at the edge the flow has no effect. */
  readonly insideX: Tensor2D;
  readonly insideY: Tensor2D;
}

function cornersOf(picture: Tensor4D, flow: Tensor4D): Corners {
  const [n, h, w] = picture.shape;
  const flat = tf.reshape<Rank.R2>(picture, [n, h * w]);
  const along = (axis: 0 | 1, places: number[], last: number) => {
    const at = tf.add<Tensor2D>(
      tf.reshape(tf.slice(flow, [0, 0, 0, axis], [n, h, w, 1]), [n, h * w]),
      tf.tensor1d(places),
    );
    const clipped = tf.clipByValue(at, 0, last);
    const low = tf.minimum(tf.floor(clipped), last - 1);
    return {
      low,
      part: tf.sub<Tensor2D>(clipped, low),
      inside: tf.cast<Tensor2D>(tf.equal(at, clipped), 'float32'),
    };
  };
  const pixels = Array.from({ length: h * w }, (_, i) => i);
  const x = along(
    0,
    pixels.map((i) => i % w),
    w - 1,
  );
  const y = along(
    1,
    pixels.map((i) => Math.floor(i / w)),
    h - 1,
  );
  // A flow that is no number would be no place in the picture either: the values then say so, not the fetching of them.
  const first = tf.maximum<Tensor2D>(
    tf.cast<Tensor2D>(tf.add(tf.mul(y.low, w), x.low), 'int32'),
    tf.scalar(0, 'int32'),
  );
  const value = (offset: number): Tensor2D =>
    tf.gather(flat, tf.add<Tensor2D>(first, tf.scalar(offset, 'int32')), 1, 1);
  return {
    corners: [value(0), value(1), value(w), value(w + 1)],
    fx: x.part,
    fy: y.part,
    insideX: x.inside,
    insideY: y.inside,
  };
}
