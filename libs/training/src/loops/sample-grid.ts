import sharp from 'sharp';

/**
 * Writes a picture of faces side by side, to be looked at.
 * @param rows grey faces 0..1, `side` squared each; every row as long as the first
 * @param zoom pixels per pixel
 */
export async function writeGrid(
  file: string,
  rows: readonly (readonly Float32Array[])[],
  side: number,
  zoom = 2,
): Promise<void> {
  const columns = rows[0]?.length ?? 0;
  const width = columns * side;
  const pixels = new Uint8Array(width * rows.length * side);
  rows.forEach((faces, row) => {
    faces.forEach((face, column) => {
      for (let y = 0; y < side; y++) {
        for (let x = 0; x < side; x++) {
          pixels[(row * side + y) * width + column * side + x] = Math.round(
            255 * Math.min(1, Math.max(0, face[y * side + x] ?? 0)),
          );
        }
      }
    });
  });
  await sharp(pixels, { raw: { width, height: rows.length * side, channels: 1 } })
    .resize({ width: width * zoom, kernel: 'cubic' })
    .png()
    .toFile(file);
}
