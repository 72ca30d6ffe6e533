// Words and postings: the files `w`, `x`, `p`, `y` and `d`, as static/src/words.rs writes them.
import { INSIDE } from "./analysis.js";
import { Reader, place } from "./bytes.js";
import { BadFile } from "./files.js";
import { english } from "./stem.js";

const strings = (reader, count, before) => Array.from({ length: count }, () => reader.stringAfter(before));

function parsed(data) {
  const reader = new Reader(data), words = new Map(), terms = new Map();
  for (let count = reader.number(), last = ""; count; count--) {
    last = reader.stringAfter(last);
    const passages = reader.number(), listed = reader.number(), of = strings(reader, listed >> 1, last);
    const word = { passages, terms: of.length ? of : [english(last)], compounds: [], parts: [] };
    if (listed & 1) {
      for (let left = reader.number(); left; left--) word.compounds.push([reader.stringAfter(last), reader.number() / 100]);
      word.parts = strings(reader, reader.number(), last);
    }
    words.set(last, word);
  }
  for (let count = reader.number(), last = "", inline = 0; count; count--) {
    last = reader.stringAfter(last);
    const passages = reader.number(), where = reader.number(), isFar = where & 1;
    if (isFar) terms.set(last, { passages, far: where >> 2, hasPlaces: Boolean(where & 2) });
    else terms.set(last, { passages, data: reader.raw(where >> 1), place: inline++ });
  }
  return { words, terms };
}

function postingsOf(data, count) {
  const reader = new Reader(data), passages = new Uint32Array(count), counts = new Uint32Array(count);
  for (let i = 0, last = 0; i < count; i++) {
    const number = reader.number();
    passages[i] = last += Math.floor(number / 2);
    counts[i] = number & 1 ? 1 : reader.number();
  }
  return { passages, counts };
}

function placesOf(reader, counts) {
  const ends = new Uint32Array(counts.length);
  let sum = 0;
  for (let i = 0; i < counts.length; i++) ends[i] = sum += counts[i];
  const places = new Uint32Array(sum);
  for (let i = 0, at = 0; i < counts.length; i++) for (let last = 0; at < ends[i]; at++) places[at] = last += reader.number();
  return { places, ends };
}

// The place of a number in ascending numbers; -1 if it is not there.
export function find(numbers, wanted) {
  let low = 0, high = numbers.length - 1;
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] === wanted) return middle;
    if (numbers[middle] < wanted) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}

export class Words {
  // `parsed` keeps the parsed files by their data, for the searches that share it.
  constructor(files, overview, parsed = new WeakMap()) {
    Object.assign(this, { files, overview, parsed, problems: new Set() });
  }

  // A missing file takes its words out of the search, and no others.
  async attempt(work, instead) {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      this.problems.add(error.message);
      return instead;
    }
  }

  async #file(text) {
    const number = place(this.overview.bounds, text), data = await this.files.get("w", number);
    if (!this.parsed.has(data)) this.parsed.set(data, { ...parsed(data), number, postings: new Map() });
    return this.parsed.get(data);
  }

  // Fetches what a query will ask of a word and its terms.
  prefetch({ folded, isWord }, terms) {
    this.word(folded);
    for (const term of terms) for (const one of isWord ? [term, term + INSIDE] : [term]) this.count(one);
  }

  // { passages, terms } of a word in its written form, folded; undefined if the index does not have it.
  word(folded) {
    return this.attempt(async () => (await this.#file(folded)).words.get(folded), { passages: Infinity, terms: [] });
  }

  // How many passages have a term.
  count(term) {
    return this.attempt(async () => (await this.#file(term)).terms.get(term)?.passages ?? 0, 0);
  }

  async isTerm(term) {
    return (await this.count(term)) > 0;
  }

  // The words of the files that have some terms: a look-up from a word in its written form to its terms.
  async around(terms) {
    const files = await Promise.all(terms.map((term) => this.attempt(() => this.#file(term), null)));
    return { get: (folded) => files.find((file) => file?.words.has(folded))?.words.get(folded).terms };
  }

  // { passages, counts } of a term; null if the index does not have it, or if its postings are long and not wanted.
  postings(term, isLongWanted = true) {
    return this.attempt(() => this.#postings(term, isLongWanted), null);
  }

  async #postings(term, isLongWanted) {
    const file = await this.#file(term), entry = file.terms.get(term);
    if (!entry || (entry.far !== undefined && !isLongWanted)) return null;
    if (!file.postings.has(term)) {
      const data = entry.data ?? (await this.files.get("x", entry.far));
      file.postings.set(term, postingsOf(data, entry.passages));
    }
    return file.postings.get(term);
  }

  // { places, ends }: the places of a term in its passages, one posting after the other; null if there are none.
  places(term) {
    return this.attempt(() => this.#places(term), null);
  }

  async #places(term) {
    const file = await this.#file(term), known = file.terms.get(term);
    if (!known || known.hasPlaces === false) return null;
    if (!known.places) {
      const [{ counts }, reader] = await Promise.all([this.#postings(term, true), this.#placeReader(file, known)]);
      known.places = reader.isAtEnd ? null : placesOf(reader, counts);
    }
    return known.places;
  }

  async #placeReader(file, { far, place: at }) {
    if (far !== undefined) return new Reader(await this.files.get("y", far));
    const reader = new Reader(await this.files.get("p", file.number));
    for (let left = at; left; left--) reader.raw(reader.number());
    return new Reader(reader.raw(reader.number()));
  }

  // Plain words that begin with a letter, with their numbers of passages.
  dictionary(letter) {
    return this.attempt(() => this.#dictionary(letter), []);
  }

  async #dictionary(letter) {
    const { letters } = this.overview, at = letters.indexOf(letter);
    const reader = new Reader(await this.files.get("d", at < 0 ? letters.length - 1 : at)), out = [];
    for (let count = reader.number(), word = ""; count; count--) {
      word = reader.stringAfter(word);
      out.push({ word, passages: reader.number() });
    }
    return out;
  }
}
