// The vector of a query: its word pieces (BERT, uncased), and the sum of their rows in the lookup table, the files `v` and
// `r` as static/src/table.rs writes them.
import { Reader, isBefore, place } from "./bytes.js";
import { valuesOf } from "./codes.js";

const LONGEST = 100;
// Steps of the size of a row.
const STEPS = 65535;
const PUNCTUATION = /[\p{P}$+<=>^`|~]/u;
const IDEOGRAPH = /[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\u{20000}-\u{2a6df}\u{2a700}-\u{2ceaf}\u{2f800}-\u{2fa1f}]/u;

// The words of a text as the model's tokenizer sees them.
function basic(text) {
  const clean = text.replace(/[\p{Cc}\p{Cf}\ufffd]/gu, (c) => (/\s/.test(c) ? " " : ""));
  const lower = clean.normalize("NFD").replace(/\p{Mn}/gu, "").toLowerCase();
  return [...lower].map((c) => (PUNCTUATION.test(c) || IDEOGRAPH.test(c) ? ` ${c} ` : c)).join("").split(/\s+/).filter(Boolean);
}

class Rows {
  constructor(data, dimension) {
    const reader = new Reader(data);
    this.places = new Map(reader.strings().map((piece, i) => [piece, i]));
    const largest = reader.float(), fine = reader.raw(Math.ceil(this.places.size / 8)), bytes = Math.ceil(dimension / 8);
    // A row: its size, its signs and, if the pages have the piece, its cells.
    this.rows = Array.from(this.places, (_, i) => {
      const [low, high] = reader.raw(2), size = ((low + 256 * high) / STEPS) * largest, signs = reader.raw(bytes);
      return { size, signs, cells: (fine[i >> 3] >> (i & 7)) & 1 ? [reader.raw(bytes), reader.raw(bytes)] : null };
    });
  }

  // Adds the row of a piece to a vector.
  add(piece, vector) {
    valuesOf(this.rows[this.places.get(piece)]).forEach((value, i) => (vector[i] += value));
  }
}

export class Table {
  #rows = new WeakMap(); // by data

  constructor(files, dimension) {
    Object.assign(this, { files, dimension });
  }

  async #file(number) {
    const data = await this.files.get("r", number);
    if (!this.#rows.has(data)) this.#rows.set(data, new Rows(data, this.dimension));
    return this.#rows.get(data);
  }

  async #bounds() {
    if (!this.bounds) {
      const reader = new Reader(await this.files.get("v", 0)), firsts = reader.strings();
      this.bounds = { firsts, beginnings: firsts.map(() => reader.number()) };
    }
    return this.bounds;
  }

  // The longest piece at the beginning of `text`, and the rows that have it; null if there is none.
  async #longest(text, least) {
    const { firsts, beginnings } = await this.#bounds(), at = place(firsts, text), rows = await this.#file(at + 1);
    for (let end = text.length; end >= least && !isBefore(text.slice(0, end), firsts[at]); end--) {
      if (rows.places.has(text.slice(0, end))) return { piece: text.slice(0, end), rows };
    }
    // What comes before the file and begins the word begins the file's first piece too.
    for (let end = Math.min(firsts[at].length, 32); end >= least; end--) {
      const piece = firsts[at].slice(0, end), isPiece = Math.floor(beginnings[at] / 2 ** (end - 1)) & 1;
      if (isPiece && text.startsWith(piece)) return { piece, rows: await this.#file(place(firsts, piece) + 1) };
    }
    return null;
  }

  // The pieces of a word; none if a part of it is unknown.
  async #piecesOf(word, frequent) {
    if (frequent.places.has(word)) return [{ piece: word, rows: frequent }];
    if ([...word].length > LONGEST) return [];
    const pieces = [];
    for (let rest = word; rest; ) {
      const mark = pieces.length ? "##" : "", found = await this.#longest(mark + rest, mark.length + 1);
      if (!found) return [];
      pieces.push(found);
      rest = rest.slice(found.piece.length - mark.length);
    }
    return pieces;
  }

  // Whether a word is one piece: a common English word or a well-known name.
  async isPiece(word) {
    return (await this.#piecesOf(word, await this.#file(0))).length === 1;
  }

  // { vector, pieces }: the unit vector of a text in the rotated space, and the number of its pieces.
  async encode(text) {
    const [frequent] = await Promise.all([this.#file(0), this.#bounds()]);
    const pieces = (await Promise.all(basic(text).map((word) => this.#piecesOf(word, frequent)))).flat();
    const vector = new Float64Array(this.dimension);
    pieces.forEach(({ piece, rows }) => rows.add(piece, vector));
    return { vector: unit(vector), pieces: pieces.length };
  }
}

export function unit(vector) {
  const length = Math.sqrt(vector.reduce((sum, v) => sum + v * v, 0)) || 1;
  return vector.map((v) => v / length);
}
