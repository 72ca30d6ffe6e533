// What every search needs to know of the passages: the file `h`, as static/src/overview.rs writes it.
import { Reader } from "./bytes.js";

// The length of a passage in terms that a byte stands for: static/src/lengths.rs.
function lengthOf(code) {
  if (code < 24) return code;
  const rest = code - 24, bits = rest & 7, shift = (rest >> 3) - 1;
  return 24 + (shift < 0 ? bits : (bits | 8) * 2 ** shift);
}

export class Overview {
  constructor(data, averageLength) {
    const reader = new Reader(data), sizes = Uint32Array.from({ length: reader.number() }, () => reader.number());
    this.firsts = new Uint32Array(sizes.length);
    this.passages = sizes.reduce((sum, size, page) => ((this.firsts[page] = sum), sum + size), 0);
    this.sizes = sizes;
    this.pageOf = new Uint32Array(this.passages);
    sizes.forEach((size, page) => this.pageOf.fill(page, this.firsts[page], this.firsts[page] + size));
    this.links = new Set(reader.ascending());
    this.superseded = new Set(reader.ascending());
    this.textStarts = reader.ascending();
    this.bounds = reader.strings();
    this.letters = reader.strings();
    this.lengths = reader.raw(this.passages);
    // BM25's k1 (1.2) and b (0.75).
    this.norms = Float64Array.from({ length: 256 }, (_, code) => 1.2 * (0.25 + (0.75 * lengthOf(code)) / averageLength));
  }

  // The file of texts that has a passage.
  textFile(passage) {
    let low = 0, high = this.textStarts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.textStarts[middle] <= passage) low = middle + 1;
      else high = middle;
    }
    return low - 1;
  }

  onePerPage(passages) {
    const pages = new Map();
    for (const passage of passages) if (!pages.has(this.pageOf[passage])) pages.set(this.pageOf[passage], passage);
    return [...pages.values()];
  }
}
