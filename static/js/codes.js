// Vectors as bits: static/src/codes.rs.
const LEVELS = [0.2451, 0.756, 1.344, 2.152].map(Math.fround);

// The values that a code stands for. `cells` holds the low and the high bits of the cells; null if signs are all.
export function valuesOf({ signs, cells, size }) {
  const values = new Float64Array(signs.length * 8);
  for (let i = 0; i < values.length; i++) {
    const byte = i >> 3, bit = i & 7;
    const level = cells ? LEVELS[((cells[0][byte] >> bit) & 1) + 2 * ((cells[1][byte] >> bit) & 1)] : 1;
    values[i] = size * ((signs[byte] >> bit) & 1 ? level : -level);
  }
  return values;
}
