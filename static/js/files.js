// Fetches data files, checks that each is the right one, and keeps the last of them: static/src/files.rs.
const CHECK = 4;
const KEPT = 4000;

// A file that is missing, cut, of another version, or a page of the host in its place.
export class BadFile extends Error {}

const PRIME = 0x01000193;

// FNV-1a of 32 bits of some bytes, after those that gave `before`.
export function hash(bytes, before = 0x811c9dc5) {
  let hash = before;
  for (let i = 0; i < bytes.length; i++) hash = Math.imul(hash ^ bytes[i], PRIME);
  return hash >>> 0;
}

const fourBytes = (number) => [0, 8, 16, 24].map((shift) => (number >>> shift) & 255);

export class Files {
  #known = new Map();

  constructor(base, folder, tag) {
    this.base = new URL(`${folder}/`, base).href;
    this.tag = tag;
    this.bytes = 0;
  }

  // The data of a file, after its lead of some bytes that are not compressed.
  get(kind, number, lead = 0, dictionary = null) {
    const name = `${kind}${number}.bin`;
    const known = this.#known.get(name) ?? this.#load(name, { kind, number, lead, dictionary });
    this.#known.delete(name);
    this.#known.set(name, known);
    if (this.#known.size > KEPT) this.#known.delete(this.#known.keys().next().value);
    return known;
  }

  async #load(name, of) {
    try {
      const response = await fetch(this.base + name);
      if (!response.ok) throw new BadFile(`${name} is missing`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      this.bytes += bytes.length;
      return await this.#unpacked(bytes, name, of);
    } catch (error) {
      // The next search tries again.
      this.#known.delete(name);
      throw error instanceof BadFile ? error : new BadFile(`${name}: ${error.message}`);
    }
  }

  async #unpacked(bytes, name, { kind, number, lead, dictionary }) {
    const rest = bytes.subarray(CHECK), place = hash([...fourBytes(this.tag), kind.charCodeAt(0), ...fourBytes(number)]);
    const isOurs = bytes.length >= CHECK + lead && fourBytes(hash(rest, place)).every((byte, i) => byte === bytes[i]);
    if (!isOurs) throw new BadFile(`${name} is another file, or it is damaged`);
    const first = dictionary?.length ? [stored(dictionary.length), dictionary] : [], skipped = first[1]?.length ?? 0;
    const { readable, writable } = new DecompressionStream("deflate-raw"), writer = writable.getWriter();
    // A fault shows when the data is read.
    for (const part of [...first, rest.subarray(lead)]) writer.write(part).catch(() => {});
    writer.close().catch(() => {});
    const data = new Uint8Array(await new Response(readable).arrayBuffer());
    if (!lead) return data.subarray(skipped);
    const joined = new Uint8Array(lead + data.length - skipped);
    joined.set(rest.subarray(0, lead));
    joined.set(data.subarray(skipped), lead);
    return joined;
  }
}

// The head of a stored block of DEFLATE: it puts a dictionary into the window.
const stored = (length) => Uint8Array.of(0, length, length >> 8, ~length, ~length >> 8);
