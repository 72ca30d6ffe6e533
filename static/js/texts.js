// The texts of passages, and the codes beside them: the files `t` and `z`, as static/src/texts.rs writes them.
import { Reader, decoded } from "./bytes.js";

export class Texts {
  #parsed = new WeakMap(); // by data

  constructor(files, overview, dimension) {
    Object.assign(this, { files, overview, bytes: Math.ceil(dimension / 8) });
  }

  async #file(passage) {
    const { textStarts: starts, passages: all } = this.overview, number = this.overview.textFile(passage), first = starts[number];
    const count = (starts[number + 1] ?? all) - first, lead = this.bytes ? 4 + count * (1 + 2 * this.bytes) : 0;
    const data = await this.files.get("t", number, lead, await this.files.get("z", 0));
    if (!this.#parsed.has(data)) {
      const [pages, passages] = JSON.parse(decoded(data.subarray(lead)));
      this.#parsed.set(data, { pages, passages, data, first, count });
    }
    return this.#parsed.get(data);
  }

  // Whether the texts of two passages are in one file.
  areTogether(a, b) {
    return this.overview.textFile(a) === this.overview.textFile(b);
  }

  async passage(passage) {
    const { pages, passages, first } = await this.#file(passage), [place, rest, headings, text] = passages[passage - first];
    const [source, address, title, lang, versions] = pages[place];
    return { source, url: rest && !/^[#?/]/.test(rest) ? rest : address + rest, title, headings, text, lang, versions };
  }

  // The code of a passage without its signs.
  async cells(passage) {
    const { data, count, first } = await this.#file(passage), at = passage - first, reader = new Reader(data), largest = reader.float(), shares = reader.raw(count);
    reader.raw(at * 2 * this.bytes);
    return { size: (shares[at] / 255) * largest, cells: [reader.raw(this.bytes), reader.raw(this.bytes)] };
  }
}
