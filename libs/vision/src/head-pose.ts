import type { Pose } from '@deadpan/shared';

type Vector = readonly [number, number, number];

/**
 * A generic head: landmarks (iBUG order) at x to the image's right, y down, z away from the camera; 24 units from the
 * eyes to the mouth. Only landmarks that hardly move when the face does. x and y are the mean of what face-api's
 * landmark network finds on the 190 frontal portraits of the London and Canada sets, made symmetrical, so that looking
 * straight ahead is zero; z is from the University of Glasgow's generic head that dlib-based pose estimators use, with
 * the depth of the nose by anthropometry.
 */
export const GENERIC_HEAD: readonly (readonly [landmark: number, x: number, y: number, z: number])[] = [
  [27, 0.0, 0.43, -6.36],
  [30, 0.0, 12.63, -12.69],
  [31, -3.99, 15.46, -6.27],
  [33, 0.0, 16.44, -7.22],
  [35, 3.99, 15.46, -6.27],
  [36, -15.28, -0.14, -0.0],
  [39, -6.83, 0.31, -1.21],
  [42, 6.83, 0.31, -1.21],
  [45, 15.28, -0.14, -0.0],
  [48, -8.81, 23.88, -3.05],
  [54, 8.81, 23.88, -3.05],
];

const POINTS = centred(GENERIC_HEAD.map(([, x, y, z]) => [x, y, z]));

/**
 * Pose of the head from its landmarks, under weak perspective (a distant camera): the rotation nearest to the linear
 * map that takes the generic head to the picture with the least squared error. R = Ry(yaw) Rx(pitch) Rz(roll): the
 * head tilts about its own axis first, and yaw and pitch say where that axis points to.
 * Source: DeMenthon and Davis, IJCV 15, 1995 (the first step of POSIT).
 * @param landmarks 68 landmarks, x0, y0, x1, y1, ... in pixels
 * @returns degrees; zeros where the landmarks coincide
 */
export function headPose(landmarks: ArrayLike<number>): Pose {
  const [across, down] = linearMap(landmarks);
  // The polar factor of the two rows: (M M')^(-1/2) M, with the square root of a 2 x 2 matrix in closed form.
  const [p, q, r] = [dot(across, across), dot(across, down), dot(down, down)];
  const root = Math.sqrt(Math.max(0, p * r - q * q));
  const trace = Math.sqrt(p + r + 2 * root);
  const determinant = (p + root) * (r + root) - q * q;
  if (!(determinant > 0)) return { yaw: 0, pitch: 0, roll: 0 };
  const scale = trace / determinant;
  const right = combine(across, (r + root) * scale, down, -q * scale);
  const below = combine(down, (p + root) * scale, across, -q * scale);
  const away = right[0] * below[1] - right[1] * below[0];
  return {
    yaw: degrees(Math.atan2(-right[2], away)),
    pitch: degrees(Math.asin(Math.max(-1, Math.min(1, below[2])))),
    roll: degrees(Math.atan2(below[0], below[1])),
  };
}

/** The 2 x 3 matrix, by rows, that takes the centred head to the centred landmarks with the least squared error. */
function linearMap(landmarks: ArrayLike<number>): readonly [Vector, Vector] {
  const [mx, my] = [0, 1].map(
    (axis) =>
      GENERIC_HEAD.reduce((sum, [landmark]) => sum + (landmarks[2 * landmark + axis] ?? 0), 0) /
      GENERIC_HEAD.length,
  );
  let x: Vector = [0, 0, 0];
  let y: Vector = [0, 0, 0];
  for (const [i, [landmark]] of GENERIC_HEAD.entries()) {
    const point = POINTS[i] ?? [0, 0, 0];
    x = combine(x, 1, point, (landmarks[2 * landmark] ?? 0) - (mx ?? 0));
    y = combine(y, 1, point, (landmarks[2 * landmark + 1] ?? 0) - (my ?? 0));
  }
  return [solve(x), solve(y)];
}

/** (sum of P P')^-1 times a vector, by Cramer's rule. */
function solve(v: Vector): Vector {
  const [a, b, c] = MOMENTS;
  const determinant = dot(a, cross(b, c));
  return [
    dot(v, cross(b, c)) / determinant,
    dot(a, cross(v, c)) / determinant,
    dot(a, cross(b, v)) / determinant,
  ];
}

const MOMENTS: readonly [Vector, Vector, Vector] = [0, 1, 2].map((row) =>
  POINTS.reduce<Vector>((sum, point) => combine(sum, 1, point, point[row] ?? 0), [0, 0, 0]),
) as [Vector, Vector, Vector];

function centred(points: readonly Vector[]): readonly Vector[] {
  const mean = points.reduce<Vector>((sum, point) => combine(sum, 1, point, 1 / points.length), [0, 0, 0]);
  return points.map((point) => combine(point, 1, mean, -1));
}

function combine(a: Vector, s: number, b: Vector, t: number): Vector {
  return [s * a[0] + t * b[0], s * a[1] + t * b[1], s * a[2] + t * b[2]];
}

function dot(a: Vector, b: Vector): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Vector, b: Vector): Vector {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}

function degrees(radians: number): number {
  return (radians * 180) / Math.PI;
}
