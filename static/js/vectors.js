// Similarities of passages: the files `n` and `c` as static/src/near.rs writes them, and the codes beside texts.
import { Reader } from "./bytes.js";

// How much the best passages by words weigh in the choice of groups.
const LEADERS = 50;
const LEAD = 0.3;

// A query against codes. Sums for each value of each byte make a code cost an addition a byte.
export class Probe {
  constructor(vector, mean) {
    Object.assign(this, { vector, base: vector.reduce((sum, v, i) => sum + v * mean[i], 0) });
    this.bytes = Math.ceil(vector.length / 8);
    this.sums = new Float64Array(this.bytes * 256);
    for (let byte = 0; byte < this.bytes; byte++) {
      const values = Array.from({ length: 8 }, (_, bit) => vector[byte * 8 + bit] ?? 0), at = byte * 256;
      this.sums[at] = -values.reduce((sum, v) => sum + v, 0);
      // A value has one more positive sign than the value without its lowest bit.
      for (let value = 1; value < 256; value++) this.sums[at + value] = this.sums[at + (value & (value - 1))] + 2 * values[31 - Math.clz32(value & -value)];
    }
  }

  #sum(signs) {
    let sum = 0;
    for (let i = 0; i < signs.length; i++) sum += this.sums[i * 256 + signs[i]];
    return sum;
  }

  bySigns({ signs, size }) {
    return this.base + size * this.#sum(signs);
  }

  byValues(values) {
    let sum = 0;
    for (let i = 0; i < values.length; i++) sum += values[i] * this.vector[i];
    return this.base + sum;
  }
}

export class Vectors {
  #groups = new WeakMap(); // by data

  constructor(files, passages, dimension) {
    Object.assign(this, { files, passages, bytes: Math.ceil(dimension / 8) });
  }

  async load() {
    if (this.middles) return;
    const reader = new Reader(await this.files.get("n", 0)), count = reader.number(), middles = [];
    while (middles.length < count) middles.push({ count: reader.number(), size: reader.float(), signs: reader.raw(this.bytes) });
    const [low, middle, high] = [0, 1, 2].map(() => reader.raw(this.passages));
    this.groupOf = Uint32Array.from(low, (byte, i) => byte + 256 * middle[i] + 65536 * high[i]);
    this.middles = middles;
  }

  async #group(number) {
    const data = await this.files.get("c", number);
    if (!this.#groups.has(data)) {
      const reader = new Reader(data), passages = reader.ascending(), largest = reader.float(), shares = reader.raw(passages.length);
      const signs = reader.raw(passages.length * this.bytes);
      this.#groups.set(data, { passages, sizes: Float64Array.from(shares, (share) => (share / 255) * largest), signs });
    }
    return this.#groups.get(data);
  }

  // The groups to fetch: those near the query, and those of the best passages by words.
  #chosen(near, leaders, most) {
    const lead = new Float64Array(this.middles.length), best = leaders[0]?.[1] ?? 1;
    leaders.slice(0, LEADERS).forEach(([passage, score], rank) => (lead[this.groupOf[passage]] += score / best / (1 + rank / 5)));
    const worth = near.map((similarity, k) => similarity + LEAD * Math.min(lead[k], 1));
    const order = [...worth.keys()].sort((a, b) => worth[b] - worth[a] || a - b), chosen = [];
    for (let i = 0, sum = 0; i < order.length; i++) {
      sum += this.middles[order[i]].count;
      if (i && sum > most) break;
      chosen.push(order[i]);
    }
    return chosen;
  }

  // The codes of the passages of the nearest groups, by passage.
  // `leaders` are the best passages by words with their scores; `most` is the number of passages to fetch.
  async around(probe, leaders, most) {
    await this.load();
    const near = this.middles.map((middle) => probe.bySigns(middle)), known = new Map();
    await Promise.all(this.#chosen(near, leaders, most).map((number) => this.#add(number, known)));
    return known;
  }

  async #add(number, known) {
    const { passages, sizes, signs } = await this.#group(number);
    passages.forEach((passage, i) => known.set(passage, { signs: signs.subarray(i * this.bytes, (i + 1) * this.bytes), size: sizes[i] }));
  }

  // The signs of a passage; its group joins the known ones.
  async signs(passage, known) {
    if (!known.has(passage)) await this.#add(this.groupOf[passage], known);
    return known.get(passage).signs;
  }

  // Similarity of a passage: by its cells, by its signs, or by the middle of its group.
  similarity(probe, passage, known, fine) {
    const exact = fine.get(passage);
    return exact ? probe.byValues(exact) : probe.bySigns(known.get(passage) ?? this.middles[this.groupOf[passage]]);
  }
}
