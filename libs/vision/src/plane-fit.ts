/**
 * Takes a linear slope of brightness out of a picture, in place: I <- I - a xc - b yc, with the coordinates centred
 * and a = sum(xc I) / sum(xc^2), b likewise (the least-squares plane). The mean stays.
 */
export function removePlane(values: Float32Array, width: number, height: number): void {
  const middleX = (width - 1) / 2;
  const middleY = (height - 1) / 2;
  let [alongX, alongY, squaresX, squaresY] = [0, 0, 0, 0];
  for (let y = 0, i = 0; y < height; y += 1) {
    const yc = y - middleY;
    for (let x = 0; x < width; x += 1, i += 1) {
      const xc = x - middleX;
      const value = values[i] ?? 0;
      alongX += xc * value;
      alongY += yc * value;
      squaresX += xc * xc;
      squaresY += yc * yc;
    }
  }
  const a = squaresX > 0 ? alongX / squaresX : 0;
  const b = squaresY > 0 ? alongY / squaresY : 0;
  for (let y = 0, i = 0; y < height; y += 1) {
    for (let x = 0; x < width; x += 1, i += 1) {
      values[i] = (values[i] ?? 0) - a * (x - middleX) - b * (y - middleY);
    }
  }
}
