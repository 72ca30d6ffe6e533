// Similarities of passages: the files `n` and `c` as static/src/near.rs writes them, and the codes beside texts.
import { Reader } from "./bytes.js";

// Values by their signs, and in four cells, in deviations: static/src/codes.rs.
const ONE = 0.79788;
const [INNER, OUTER] = [0.4528, 1.51];
// How many passages' vectors a search fetches, and how much the best passages by words weigh in the choice of groups.
const FETCHED = 320;
const LEADERS = 50;
const LEAD = 0.3;

// A query against codes. Sums for each value of each byte make a code cost an addition a byte.
export class Probe {
  constructor(vector, mean) {
    Object.assign(this, { vector, base: vector.reduce((sum, v, i) => sum + v * mean[i], 0) });
    this.bytes = Math.ceil(vector.length / 8);
    this.sums = new Float64Array(this.bytes * 256);
    for (let byte = 0; byte < this.bytes; byte++) {
      for (let value = 0; value < 256; value++) {
        let sum = 0;
        for (let bit = 0; bit < 8; bit++) sum += (value >> bit) & 1 ? (vector[byte * 8 + bit] ?? 0) : -(vector[byte * 8 + bit] ?? 0);
        this.sums[byte * 256 + value] = sum;
      }
    }
  }

  #sum(signs) {
    let sum = 0;
    for (let i = 0; i < signs.length; i++) sum += this.sums[i * 256 + signs[i]];
    return sum;
  }

  bySigns(signs, deviation) {
    return this.base + ONE * deviation * this.#sum(signs);
  }

  byCells(code) {
    return this.base + cells(code).reduce((sum, v, i) => sum + v * this.vector[i], 0);
  }
}

// The values that a code of two bits stands for, without the mean.
export function cells({ signs, far, deviation }) {
  return Float64Array.from({ length: signs.length * 8 }, (_, i) => {
    const size = (far[i >> 3] >> (i & 7)) & 1 ? OUTER : INNER;
    return deviation * ((signs[i >> 3] >> (i & 7)) & 1 ? size : -size);
  });
}

export class Vectors {
  #groups = new WeakMap(); // by data

  constructor(files, passages, dimension) {
    Object.assign(this, { files, passages, bytes: Math.ceil(dimension / 8) });
  }

  async load() {
    if (this.middles) return;
    const reader = new Reader(await this.files.get("n", 0)), count = reader.number(), middles = [];
    while (middles.length < count) middles.push({ size: reader.number(), deviation: reader.float(), signs: reader.raw(this.bytes) });
    const [low, middle, high] = [0, 1, 2].map(() => reader.raw(this.passages));
    this.groupOf = Uint32Array.from(low, (byte, i) => byte + 256 * middle[i] + 65536 * high[i]);
    this.middles = middles;
  }

  async #group(number) {
    const data = await this.files.get("c", number);
    if (!this.#groups.has(data)) {
      const reader = new Reader(data), passages = reader.ascending(), largest = reader.float(), shares = reader.raw(passages.length);
      const signs = reader.raw(passages.length * this.bytes);
      this.#groups.set(data, { passages, deviations: Float64Array.from(shares, (share) => (share / 255) * largest), signs });
    }
    return this.#groups.get(data);
  }

  // The groups to fetch: those near the query, and those of the best passages by words.
  #chosen(near, leaders) {
    const lead = new Float64Array(this.middles.length), best = leaders[0]?.[1] ?? 1;
    leaders.slice(0, LEADERS).forEach(([passage, score], rank) => (lead[this.groupOf[passage]] += score / best / (1 + rank / 5)));
    const worth = near.map((similarity, k) => similarity + LEAD * Math.min(lead[k], 1));
    const order = [...worth.keys()].sort((a, b) => worth[b] - worth[a] || a - b), chosen = [];
    for (let i = 0, sum = 0; i < order.length; i++) {
      sum += this.middles[order[i]].size;
      if (i && sum > FETCHED) break;
      chosen.push(order[i]);
    }
    return chosen;
  }

  // The codes of the passages of the nearest groups, by passage.
  // `leaders` are the best passages by words with their scores.
  async around(probe, leaders) {
    await this.load();
    const near = this.middles.map(({ signs, deviation }) => probe.bySigns(signs, deviation)), known = new Map();
    const groups = await Promise.all(this.#chosen(near, leaders).map((number) => this.#group(number)));
    for (const { passages, deviations, signs } of groups) {
      passages.forEach((passage, i) => known.set(passage, { signs: signs.subarray(i * this.bytes, (i + 1) * this.bytes), deviation: deviations[i] }));
    }
    return known;
  }

  // Similarity of a passage: by its two bits, by its signs, or by the middle of its group.
  similarity(probe, passage, known, fine) {
    const exact = fine.get(passage), code = known.get(passage) ?? this.middles[this.groupOf[passage]];
    return exact ? probe.byCells(exact) : probe.bySigns(code.signs, code.deviation);
  }
}
